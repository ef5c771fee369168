"""Parts of Go templates, of which Alertmanager makes messages."""

from __future__ import annotations

from collections.abc import Iterable


def value(expression: str) -> str:
    """What an expression comes to."""
    return f"{{{{ {expression} }}}}"


def when(condition: str, then: str, otherwise: str = "") -> str:
    """One part if a condition holds, else another."""
    return _block("if", condition, then, otherwise)


def given(expression: str, then: str, otherwise: str = "") -> str:
    """A part in which `.` is what an expression comes to; another where that is empty."""
    return _block("with", expression, then, otherwise)


def each(expression: str, part: str) -> str:
    """A part for each item of a list, in which that is `.`."""
    return _block("range", expression, part)


def choice(cases: Iterable[tuple[str, str]], otherwise: str = "") -> str:
    """The part of the first condition that holds, else another."""
    joined = "{{ else if ".join(f"{condition} }}}}{part}" for condition, part in cases)
    return f"{{{{ if {joined}{_end(otherwise)}"


def call(name: str, argument: str = ".") -> str:
    """What a named template makes of an argument."""
    return value(f'template "{name}" {argument}')


def define(name: str, part: str) -> str:
    """A named template, in a line."""
    return _block("define", f'"{name}"', part) + "\n"


def _block(kind: str, expression: str, part: str, otherwise: str = "") -> str:
    return f"{{{{ {kind} {expression} }}}}{part}{_end(otherwise)}"


def _end(otherwise: str) -> str:
    other = f"{{{{ else }}}}{otherwise}" if otherwise else ""
    return f"{other}{{{{ end }}}}"
