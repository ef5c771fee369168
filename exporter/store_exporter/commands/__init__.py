"""The sub-commands of the command line, one module each, and the table that names them."""

from __future__ import annotations

from keyword import iskeyword

COMMANDS = {
    "init": "ask for a store, check its key, and write the configuration",
    "serve": "watch stores and serve their metrics",
    "healthcheck": "check whether a running exporter is ready, for containers",
    "probe": "probe a store once and print what was found",
    "doctor": "check access to stores, and say what to do about problems",
    "run": "run one store operation and print its result",
    "state": "list the saved state of stores, move it to another store or delete it",
    "operations": "list the operations of each platform",
    "calls": "show the latest failures and the slowest operations of a store",
    "maintenance": "start or end maintenance of a store, during which no alerts are sent",
    "import": "convert an export of the old table of calls to samples for Prometheus",
    "alert-test": "send a test alert for an org, and say where it arrived or why not",
    "sizing": "compute what Prometheus needs for a number of stores and operations",
    "generate": "write dashboards, rules, alerts and runbooks",
    "grafana": "set up Grafana's organisations, datasources and dashboards",
    "completion": "print the completion script of a shell",
    "man": "print the manual page",
}
"""Sub-commands and what they do. Each is a module of this package with
`add_arguments(parser)` and `run(args) -> int`, the exit status."""


class CommandError(Exception):
    """A command failed; the command line prints the message and exits with the status.

    Args:
        message: what is wrong, for people. As it may quote other texts, passwords in addresses are
            masked and control characters escaped.
        status: 2 for a wrong command line.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        # Imported only for a command that fails: others start faster without it.
        from ..net.redactor import Redactor

        super().__init__(Redactor()(message))
        self.status = status


def module_of(command: str) -> str:
    """Return the name of a command's module; it has no hyphen and is no keyword."""
    name = command.replace("-", "_")
    return f"{__name__}.{name}_" if iskeyword(name) else f"{__name__}.{name}"
