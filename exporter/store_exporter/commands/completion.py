"""`store-exporter completion`: what a shell needs to complete commands, flags and their values."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping

from .support.parsers import Argument, commands

_BASH = r"""
_store_exporter() {
    local current=$2 flag=$3 command=${COMP_WORDS[1]} flags= values=
    # Bash makes words of their own of = and what follows it.
    if [[ $current == = ]]; then
        current=
    elif [[ $flag == = ]]; then
        flag=${COMP_WORDS[COMP_CWORD-2]}
    fi
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "%(commands)s" -- "$current"))
        return
    fi
    case $command in
%(flags)s
    esac
    case "$command $flag" in
%(values)s
    esac
    if [[ -n $values ]]; then
        COMPREPLY=($(compgen -W "$values" -- "$current"))
    elif [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$current"))
    else
        compopt -o default 2>/dev/null
    fi
}
complete -F _store_exporter store-exporter
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("shell", choices=tuple(_WRITERS), help="whose completion to print")


def run(args: argparse.Namespace) -> int:
    """Print the shell's script."""
    print("\n".join(_WRITERS[args.shell]()))
    return 0


def _bash() -> Iterator[str]:
    known = {name: arguments for name, _, arguments in commands()}
    yield "# Completion of store-exporter for bash."
    yield (
        _BASH.strip()
        .replace("%(commands)s", " ".join(["--help", "--version", *known]))
        .replace("%(flags)s", "\n".join(_flags(known)))
        .replace("%(values)s", "\n".join(_values(known)))
    )


def _flags(known: Mapping[str, list[Argument]]) -> Iterator[str]:
    for name, arguments in known.items():
        flags = " ".join(flag for argument in arguments for flag in argument.flags)
        yield f"        {name}) flags='{flags}' ;;"


def _values(known: Mapping[str, list[Argument]]) -> Iterator[str]:
    for name, arguments in known.items():
        for argument in arguments:
            for flag in argument.flags if argument.choices else ():
                yield f"        '{name} {flag}') values='{' '.join(argument.choices)}' ;;"
            if argument.choices and not argument.flags:
                yield f"        '{name} {name}') values='{' '.join(argument.choices)}' ;;"


def _zsh() -> Iterator[str]:
    yield "#compdef store-exporter"
    yield "autoload -U +X bashcompinit && bashcompinit"
    yield from _bash()


def _fish() -> Iterator[str]:
    yield "# Completion of store-exporter for fish."
    for name, text, arguments in commands():
        begins = f"complete -c store-exporter -n __fish_use_subcommand -f -a {name}"
        yield f"{begins} -d {_quoted(text)}"
        here = f"complete -c store-exporter -n '__fish_seen_subcommand_from {name}'"
        for argument in arguments:
            values = f" -x -a {_quoted(' '.join(argument.choices))}" if argument.choices else ""
            needs = " -r" if argument.metavar and not values else ""
            for flag in argument.flags:
                kind = "-l" if flag.startswith("--") else "-s"
                meaning = _quoted(argument.text)
                yield f"{here} {kind} {flag.lstrip('-')}{needs}{values} -d {meaning}"
            if not argument.flags and values:
                yield f"{here}{values}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


_WRITERS: Mapping[str, Callable[[], Iterator[str]]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
