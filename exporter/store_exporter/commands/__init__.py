"""The sub-commands of the command line, one module each, and the table that names them."""

from __future__ import annotations

from keyword import iskeyword

COMMANDS = {
    "init": "ask for a store, check its key, and write the configuration",
    "serve": "watch stores and serve their metrics",
    "healthcheck": "ask a running exporter whether it is ready, for containers",
    "probe": "probe stores once and print what was found",
    "doctor": "find out what is wrong with a store's access, and what to do",
    "run": "run one store operation and print its result",
    "state": "list what is kept of stores, move it to another store or forget it",
    "operations": "list the operations of each platform",
    "calls": "show the latest failures and the slowest operations of a store",
    "maintenance": "begin or end maintenance of a store, in which nobody is alerted",
    "import": "turn an export of the old table of calls into samples for Prometheus",
    "alert-test": "send a test alert of an org, and say where it arrived or why not",
    "sizing": "compute what Prometheus needs for so many stores and operations",
    "generate": "write dashboards, rules, alerts and runbooks",
    "grafana": "set up Grafana's organisations, datasources and dashboards",
    "completion": "print what a shell needs to complete commands and flags",
    "man": "print the manual page",
}
"""Sub-commands and what they do. Each is a module of this package with
`add_arguments(parser)` and `run(args) -> int`, the exit status."""


class CommandError(Exception):
    """A command cannot do its work; the command line prints why and ends with the status.

    Args:
        message: what is wrong, for a person.
        status: 2 for a wrong command line.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def module_of(command: str) -> str:
    """Return the name of a command's module, which may be neither hyphenated nor a keyword."""
    name = command.replace("-", "_")
    return f"{__name__}.{name}_" if iskeyword(name) else f"{__name__}.{name}"
