"""Resets recorders in forked children, or both processes would report the same calls."""

from __future__ import annotations

import os
import weakref
from functools import cache
from typing import Protocol


class Resettable(Protocol):
    """What counts for one process."""

    def reset(self) -> None:
        """Begin from nothing; no other thread runs yet."""


_counting: weakref.WeakSet[Resettable] = weakref.WeakSet()


def reset_in_children(one: Resettable) -> None:
    """Have every child that this process forks reset it, as long as it exists."""
    _register()
    _counting.add(one)


@cache
def _register() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_reset)


def _reset() -> None:
    for one in list(_counting):
        one.reset()
