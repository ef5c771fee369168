"""Runs plans that send no requests."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


def result(plan: Generator[Any, Any, T]) -> T:
    """Return what a plan without requests returns."""
    with pytest.raises(StopIteration) as end:
        next(plan)
    value: T = end.value.value
    return value
