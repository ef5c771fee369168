"""Whatever a saved document says, whole by its checksum: it is taken, or told and left."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store_exporter.discovery.owners_file import OwnersFile
from store_exporter.legible import is_line
from store_exporter.metrics.recorder import Recorder
from store_exporter.probing.budget import Budget, Priority
from store_exporter.probing.maintenance import Maintenance
from store_exporter.probing.state.budgets import Budgets
from store_exporter.probing.state.documents import MemoryDocuments
from store_exporter.probing.state.storage import BUDGET, Key, Saved
from store_exporter.server.process.pushing import SavedStates
from store_exporter.server.status import window_document
from store_exporter.stores.model import Store
from tests.fuzz import EXAMPLES

STORE = Store("acme", "shop.example.com", "woocommerce", "https://shop.example.com", {})
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

numbers = st.floats() | st.integers() | st.sampled_from([2**63, -1, 1e308, 10**30])
scalars = st.none() | st.booleans() | numbers | st.text(max_size=8)
anything: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
DEEP = "[" * 2_000


def documents(*keys: str) -> st.SearchStrategy[str]:
    """Texts of JSON, most of them nearly what is expected."""
    near = st.fixed_dictionaries({}, optional=dict.fromkeys(keys, anything))
    numeric = st.fixed_dictionaries(dict.fromkeys(keys, numbers))
    return (anything | near | numeric).map(json.dumps) | st.text(max_size=20) | st.just(DEEP)


def saying(document: str, caplog: pytest.LogCaptureFixture) -> MemoryDocuments:
    class Saying(MemoryDocuments):
        async def read(self, _: Key) -> Saved | None:
            return Saved(document, 1)

    caplog.clear()
    return Saying()


@fuzzed
@given(documents("from", "to", "reason"))
def test_any_saved_maintenance_can_be_shown(
    caplog: pytest.LogCaptureFixture, document: str
) -> None:
    async def look() -> None:
        maintenance = Maintenance(Recorder(), saying(document, caplog), now=lambda: 1e9)
        maintenance.expect([STORE])
        maintenance.start()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        following = maintenance._following
        assert following is not None
        assert not following.done()
        for window in maintenance.windows(STORE):
            assert json.dumps(window_document(window))
            assert is_line(window.reason)
            assert window.end - window.start < 8 * 86_400
        await maintenance.stop()

    asyncio.run(look())


@fuzzed
@given(documents("left", "asked", "failing", "failures", "at"))
def test_any_saved_budget_leaves_one_that_works(
    caplog: pytest.LogCaptureFixture, document: str
) -> None:
    async def use() -> None:
        budget = Budget(3600, monotonic=lambda: 0.0)
        assert await Budgets(saying(document, caplog), now=lambda: 1e9).restore(
            Key.of(STORE, BUDGET), budget
        )
        budget.spend(Priority.LIVENESS)
        budget.refused(None)
        assert json.dumps(budget.remembered(1e9), allow_nan=False)

    asyncio.run(use())


rows = st.lists(
    st.tuples(st.text(max_size=5), st.lists(anything, max_size=2) | anything, anything, anything),
    max_size=3,
)


@fuzzed
@given(rows.map(json.dumps) | documents())
def test_any_saved_push_is_read_or_lost(caplog: pytest.LogCaptureFixture, document: str) -> None:
    class State:
        def get(self, _: Key) -> Saved:
            return Saved(document, 1)

    lost: list[int] = []
    caplog.set_level(logging.CRITICAL)
    found = SavedStates(State(), lambda: lost.append(1)).load(STORE.labels)  # type: ignore[arg-type]
    assert not (found and lost)


@fuzzed
@given(documents("acme", "zen"))
def test_any_file_of_owners_is_read_or_lost(tmp_path: Path, document: str) -> None:
    path = tmp_path / "owners.json"
    path.write_text(document, "utf-8", "surrogatepass")
    found = OwnersFile(tmp_path).known
    assert all(isinstance(name, str) for pair in found.items() for name in pair)
