"""The command line: finds a command in a table and imports only that one."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from platform import python_version

from ._version import __version__
from .commands import COMMANDS, module_of
from .extras import missing


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; 2 when the command line is wrong."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="store-exporter",
        description="Watch online stores and the operations run against them.",
        allow_abbrev=False,
    )
    version = f"store-exporter {__version__} (Python {python_version()})"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    subparsers = {
        name: commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        for name, text in COMMANDS.items()
    }
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    if chosen not in COMMANDS or arguments[0] != chosen:
        # Ends the program for --help, --version and whatever is wrong.
        parser.parse_args(arguments)
        parser.error("the command comes first")
    try:
        command = import_module(module_of(chosen))
        subparsers[chosen].add_argument("--version", action="version", version=version)
        command.add_arguments(subparsers[chosen])
        # Intermixed, so that options may stand before, between and after the other arguments.
        status: int = command.run(subparsers[chosen].parse_intermixed_args(arguments[1:]))
        sys.stdout.flush()
    except ModuleNotFoundError as error:
        advice = missing(error, f"store-exporter {chosen}")
        if advice is None:
            raise
        print(advice, file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read this has gone, as `head` does; at the end Python would try once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
