"""The store under test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .target import Choice, Target, choices, opened


@pytest.fixture(scope="module", params=choices(), ids=lambda choice: choice.name)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A store that answers; each platform's own simulated one unless the environment names one."""
    choice: Choice = request.param
    with opened(choice) as found:
        yield found
