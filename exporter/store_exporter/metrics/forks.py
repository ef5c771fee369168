"""Resets recorders in forked children; otherwise both processes would report the same calls."""

from __future__ import annotations

import os
import weakref
from functools import cache
from typing import Protocol


class Resettable(Protocol):
    """An object whose counts belong to one process."""

    def reset(self) -> None:
        """Drop all counts; no other thread runs yet."""


_counting: weakref.WeakSet[Resettable] = weakref.WeakSet()


def reset_in_children(one: Resettable) -> None:
    """Reset the object in every child that this process forks, for as long as the object exists."""
    _register()
    _counting.add(one)


@cache
def _register() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_reset)


def _reset() -> None:
    for one in list(_counting):
        one.reset()
