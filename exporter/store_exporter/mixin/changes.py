"""What changed at stores: one source for marks and tables of dashboards, and for messages."""

from __future__ import annotations

from collections.abc import Iterable

from ..metrics.catalogue import health
from . import promql
from .promql import select

BY = ("org", "domain", "kind", "component", "before", "after")
"""An event, whichever process tells it."""


def matchers(variables: Iterable[str]) -> tuple[str, ...]:
    """The events of what is chosen, and those of all stores of an org, which have no domain."""
    nothing = ("domain", "platform")
    return tuple(
        f'{name}=~"${name}|"' if name in nothing else f'{name}=~"${name}"' for name in variables
    )


def shown(*chosen: str) -> str:
    """The time of each event that is a series now."""
    return promql.aggregate("max", BY, select(health.EVENT, *chosen))


def within(window: str, *chosen: str) -> str:
    """The time of each event that was a series within a window, which may be a day older."""
    found = promql.over(select(health.EVENT, *chosen), window)
    return promql.aggregate("max", BY, f"last_over_time({found})")
