"""The store under test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .target import Choice, Target, choices, opened

PATIENCE = 900
"""Seconds for a check of a real store, which may have thousands of orders and one processor."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the checks of a real store more time than those of a simulated one."""
    real = any(choice.url is not None for choice in choices())
    for item in items if real else ():
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(PATIENCE))


@pytest.fixture(scope="module", params=choices(), ids=lambda choice: choice.name)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A store that answers; each platform's own simulated one unless the environment names one."""
    choice: Choice = request.param
    with opened(choice) as found:
        yield found
