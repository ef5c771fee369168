"""The command line: finds a command in a table and imports only that one."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from importlib import import_module
from itertools import takewhile

from ._version import __version__
from .commands import COMMANDS, CommandError, module_of
from .extras import missing

_INTERRUPTED = 130
"""Exit status of a program that Ctrl-C ended, as shells have it."""
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""Errors of what the output leads to, such as a file on a full disk."""
_LACKS = ("can't start new thread", "failed to map segment")
"""What Python and the system's loader say when there is no memory for a thread or a library."""
_CHECKS = "doctor checks stores, and serve --config.check the configuration"
_ELSEWHERE = {"check": _CHECKS, "config": _CHECKS, "validate": _CHECKS}
"""What is commonly looked for under another name."""
_OBJECTS = 200_000
"""How many come between two searches for garbage, instead of Python's usual 700."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 2 for a wrong command line, 130 after Ctrl-C.

    Args:
        argv: the command and what follows it; by default those of this process, which has nothing
            else to do and ends with the command.
    """
    if argv is not None:
        return _run_within_limits(list(argv))
    if sys.argv[1:2] == ["serve"]:
        # A SIGHUP requests a reload, and must not end it meanwhile; `serve` handles it later.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    _open_streams()
    # Modules and configurations stay. To look through them for garbage while they are made, and
    # once more when the process ends, takes a quarter of a command's time.
    gc.set_threshold(_OBJECTS)
    try:
        return _run_within_limits(sys.argv[1:])
    except KeyboardInterrupt:
        # The terminal shows ^C on the current line.
        print(file=sys.stderr)
        return _INTERRUPTED
    finally:
        gc.freeze()


def _open_streams() -> None:
    """Open the standard streams that whoever started this process has closed; they lead nowhere.

    Connections would get their numbers otherwise, and Python has None for them.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _run_within_limits(arguments: list[str]) -> int:
    try:
        return _run(arguments)
    except (MemoryError, RuntimeError, ImportError) as error:
        if not isinstance(error, MemoryError) and not any(lack in str(error) for lack in _LACKS):
            raise
        limits = "ulimit -v, ulimit -u or the container limit them"
        print(f"too little memory, or too few threads: {limits}", file=sys.stderr)
        return 1


def _run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="store-exporter",
        description="Watch online stores and the operations run against them.",
        allow_abbrev=False,
    )
    version = f"store-exporter {__version__} (Python {sys.version.split()[0]})"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    subparsers = {
        name: commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        for name, text in COMMANDS.items()
    }
    chosen = arguments[0] if arguments else ""
    if chosen not in COMMANDS:
        if chosen in ("-h", "--help", "--version"):
            parser.parse_args([chosen])  # ends the program
        parser.error(_not_a_command(chosen))
    try:
        command = import_module(module_of(chosen))
        subparsers[chosen].add_argument("--version", action="version", version=version)
        command.add_arguments(subparsers[chosen])
        _refuse_unknown_options(subparsers[chosen], arguments[1:])
        # Intermixed, so that options may stand before, between and after the other arguments.
        status: int = command.run(subparsers[chosen].parse_intermixed_args(arguments[1:]))
        sys.stdout.flush()
    except ModuleNotFoundError as error:
        advice = missing(error, f"store-exporter {chosen}")
        if advice is None:
            raise
        print(advice, file=sys.stderr)
        return 2
    except CommandError as error:
        print(error, file=sys.stderr)
        return error.status
    except BrokenPipeError:
        # Whoever read this has gone, as `head` does.
        _discard_output()
        return 1
    except OSError as error:
        if error.errno not in _UNWRITABLE or error.filename is not None:
            raise
        _discard_output()
        print(f"the output cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    return status


def _discard_output() -> None:
    """Let what is still to be written lead nowhere: at the end Python would try once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _not_a_command(word: str) -> str:
    if not word:
        return "a command is needed; store-exporter --help lists them"
    if word.startswith("-"):
        return f"the command comes first, and {word} after it; store-exporter --help lists commands"
    if word in _ELSEWHERE:
        return f"there is no command {word}; {_ELSEWHERE[word]}"
    meant = _meant(word, COMMANDS) or "; store-exporter --help lists them"
    return f"there is no command {word}{meant}"


def _refuse_unknown_options(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """End the program if an option is misspelt, before argparse reports what is then missing."""
    # argparse has no public way to list the options of a parser.
    known = [flag for action in parser._actions for flag in action.option_strings]  # noqa: SLF001
    for word in takewhile(lambda word: word != "--", words):
        name = word.partition("=")[0]
        # What has a space in it is a sentence, as argparse sees it.
        if name.startswith("--") and " " not in name and name not in known:
            parser.error(f"there is no option {name}{_meant(name, known)}")


def _meant(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
