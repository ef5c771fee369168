"""The arguments of every command as data, for completion and for the manual page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from .. import COMMANDS, module_of


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command.

    Attributes:
        flags: its names, such as `--log.level`; none for a positional one.
        metavar: the placeholder of its value; "" where it takes none.
        choices: the only values that it takes, if these are known.
    """

    flags: tuple[str, ...]
    metavar: str
    choices: tuple[str, ...]
    text: str


def commands() -> Iterator[tuple[str, str, list[Argument]]]:
    """Yield each command's name, what it does, and its arguments.

    Those of a command whose extra is not installed are unknown, and left out.
    """
    for name, text in COMMANDS.items():
        parser = argparse.ArgumentParser(prog=f"store-exporter {name}")
        try:
            import_module(module_of(name)).add_arguments(parser)
        except ModuleNotFoundError:
            parser = argparse.ArgumentParser(prog=f"store-exporter {name}")
        yield name, text, [_argument(parser, action) for action in parser._actions]  # noqa: SLF001


def _argument(parser: argparse.ArgumentParser, action: argparse.Action) -> Argument:
    takes = action.nargs != 0
    choices = tuple(map(str, action.choices or ())) if takes else ()
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if choices and not isinstance(action.metavar, str):
        metavar = "|".join(choices)
    # argparse has no public way to fill in a default, nor to list its arguments.
    text = parser._get_formatter()._expand_help(action) if action.help else ""  # noqa: SLF001
    return Argument(tuple(action.option_strings), metavar if takes else "", choices, text)
