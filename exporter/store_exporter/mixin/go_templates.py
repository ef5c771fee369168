"""Parts of Go templates, of which alerts and Alertmanager's messages are made."""

from __future__ import annotations

from collections.abc import Iterable

NOTHING = '{{ "" }}'
"""An empty text in place of Alertmanager's own. The Prometheus operator drops a setting that is
empty, and Alertmanager would send its default, which has addresses that orgs must not see."""


def value(expression: str) -> str:
    """The value of an expression."""
    return f"{{{{ {expression} }}}}"


def when(condition: str, then: str, otherwise: str = "") -> str:
    """One part if a condition holds, else another."""
    return _block("if", condition, then, otherwise)


def given(expression: str, then: str, otherwise: str = "") -> str:
    """A part in which `.` is the value of an expression; another part if that value is empty."""
    return _block("with", expression, then, otherwise)


def each(expression: str, part: str) -> str:
    """A part for each item of a list, in which `.` is the item."""
    return _block("range", expression, part)


def choice(cases: Iterable[tuple[str, str]], otherwise: str = "") -> str:
    """The part of the first condition that holds, else another."""
    joined = "{{ else if ".join(f"{condition} }}}}{part}" for condition, part in cases)
    return f"{{{{ if {joined}{_end(otherwise)}"


def call(name: str, argument: str = ".") -> str:
    """A call of a named template with an argument."""
    return value(f'template "{name}" {argument}')


def define(name: str, part: str) -> str:
    """The definition of a named template, in one line."""
    return _block("define", f'"{name}"', part) + "\n"


def _block(kind: str, expression: str, part: str, otherwise: str = "") -> str:
    return f"{{{{ {kind} {expression} }}}}{part}{_end(otherwise)}"


def _end(otherwise: str) -> str:
    other = f"{{{{ else }}}}{otherwise}" if otherwise else ""
    return f"{other}{{{{ end }}}}"
