"""State in SQLite files, and the losses that it reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store_exporter.probing.state.sqlite_state import (
    SqliteState,
)
from store_exporter.probing.state.storage import (
    StorageEvents,
)
from tests.fakes.clock import Clock
from tests.probing.state.saving import Open


@pytest.fixture
def lost() -> list[int]:
    return []


@pytest.fixture
def opened(state_folder: Path, lost: list[int]) -> Iterator[Open]:
    made: list[SqliteState] = []

    def another(**options: Any) -> SqliteState:
        events = StorageEvents(lambda: lost.append(1))
        made.append(SqliteState(state_folder, **{"events": events, "now": Clock().now, **options}))
        return made[-1]

    yield another
    for state in made:
        state.close()
