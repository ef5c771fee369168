"""`store-exporter man`: the manual page, written from the arguments of every command."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from .._version import __version__
from .support.parsers import Argument, commands


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare nothing: there is one page."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Print the page in the format of man(7)."""
    del args
    print("\n".join(_page()))
    return 0


def _page() -> Iterator[str]:
    yield f'.TH STORE\\-EXPORTER 1 "" "store\\-exporter {__version__}"'
    yield ".SH NAME"
    yield "store\\-exporter \\- watch online stores and the operations run against them"
    yield from (".SH SYNOPSIS", ".B store\\-exporter", ".I COMMAND", "[\\fIARGUMENTS\\fR]")
    yield ".SH COMMANDS"
    for name, text, arguments in commands():
        yield f".SS {_roff(name)}"
        yield f"{_roff(text[0].upper() + text[1:])}."
        for argument in arguments:
            yield ".TP"
            yield _head(argument)
            yield _roff(argument.text) or "\\&"
    yield ".SH EXIT STATUS"
    yield "0 when all is well, 1 when something is not, 2 when the command line is wrong."


def _head(argument: Argument) -> str:
    value = f"\\fI{_roff(argument.metavar)}\\fR"
    if not argument.flags:
        return value
    flags = ", ".join(f"\\fB{_roff(flag)}\\fR" for flag in argument.flags)
    return f"{flags} {value}" if argument.metavar else flags


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
