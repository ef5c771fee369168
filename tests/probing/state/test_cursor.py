"""What collectors save is never published before it is durable, and never counted twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from store_exporter.contract import Collector, Report, Run
from store_exporter.errors import StoreError
from store_exporter.metrics.catalogue import business, exporter
from store_exporter.metrics.catalogue.values import StateErrorReason
from store_exporter.metrics.families import Sample
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Plan, Request, once
from store_exporter.probing.jobs import Job
from store_exporter.probing.runner import Runner
from store_exporter.probing.state import cursor as cursors
from store_exporter.probing.state.cursor import RunCursor
from store_exporter.probing.state.documents import MemoryDocuments, StoredDocuments
from store_exporter.probing.state.sqlite_state import SqliteState
from store_exporter.probing.state.storage import Key, Saved, StateUnavailableError
from store_exporter.stores.model import Schedule, Secret, Store
from tests.fakes.clock import Clock
from tests.probing.scripted import always

STORE = Store("acme", "shop.example.com", "woocommerce", "https://shop.example.com")


def test_a_run_sees_what_it_saved_and_nothing_that_it_changed_later() -> None:
    cursor = RunCursor(Saved('{"position":1}', 1))
    document = cursor.load()
    document["position"] = 2
    assert cursor.load() == {"position": 1}
    assert cursor.changed is None
    cursor.save(document)
    document["position"] = 3
    assert cursor.load() == {"position": 2}
    assert cursor.changed == '{"position":2}'


async def test_a_document_that_makes_no_sense_to_its_collector_is_a_loss_and_kept_aside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def check(_: Any, run: Run) -> Plan[Report]:
        yield from ()
        document = run.cursor.load()
        if document.get("version", 2) != 2:
            run.cursor.discard("it is of version 9")
        assert run.cursor.load().get("count", 0) < 9
        if failures:
            raise StoreError("timeout", "before anything is saved")
        run.cursor.save({"version": 2, "count": 1})
        return Report([Sample(business.ORDERS_PAID, 1)])

    documents, recorder = MemoryDocuments(), Recorder()
    key = Key.of(STORE, "orders")
    await documents.write(key, '{"version":9,"count":9}', 4)
    runner = Runner(recorder, always(), documents=documents)
    for failures in ([1], []):  # noqa: B007 - read by the check
        await run(runner, Collector("orders", check, "", requests=0))
    losses = {family.metric: dict(family.series) for family in recorder.families()}
    assert losses[exporter.STATE_LOSSES] == {(): 1}, "once, though the first run failed"
    assert "is lost: orders of shop.example.com" in caplog.text
    assert ": it is of version 9" in caplog.text
    aside = await documents.read(key._replace(collector="orders (damaged)"))
    assert aside is not None
    assert aside.document == '{"version":9,"count":9}'
    assert await documents.read(key) == Saved('{"version":2,"count":1}', 7)


@pytest.mark.parametrize("document", ["[1]", "null", "7"])
def test_what_is_no_object_counts_as_nothing(document: str) -> None:
    assert RunCursor(Saved(document, 1)).load() == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_is_no_json_is_refused_and_the_last_document_stays(value: Any) -> None:
    cursor = RunCursor(Saved('{"position":1}', 1))
    with pytest.raises((ValueError, TypeError)):
        cursor.save({"position": value})
    assert cursor.load() == {"position": 1}


def test_a_document_without_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "MAX_BYTES", 100)
    with pytest.raises(ValueError, match="more than 100"):
        RunCursor().save({"ballast": "x" * 100})


def counting(*, fail_after: int = 0, save: bool = True) -> Collector:
    """Count one more at each run, saved before it is reported."""

    def check(_: Any, run: Run) -> Plan[Report]:
        yield from ()
        document = run.cursor.load()
        count = document.get("count", 0) + 1
        if save:
            run.cursor.save({"count": count})
        if fail_after and count >= fail_after:
            raise StoreError("timeout", "half-way")
        return Report([Sample(business.ORDERS_PAID, count)])

    return Collector("orders", check, "", requests=0)


def published(recorder: Recorder) -> float | None:
    for family in recorder.families():
        if family.metric is business.ORDERS_PAID:
            for _, value in family.series:
                assert isinstance(value, float | int)
                return value
    return None


async def run(runner: Runner, collector: Collector) -> Any:
    return await runner.run(Job(STORE, collector, Schedule(60, 10)))


async def test_a_counter_goes_on_after_a_restart(state_folder: Path) -> None:
    for expected in (1, 2, 3):
        recorder = Recorder()
        documents = StoredDocuments(SqliteState(state_folder))
        await run(Runner(recorder, always(), documents=documents), counting())
        await documents.close()
        assert published(recorder) == expected


async def test_a_run_that_fails_half_way_keeps_what_it_saved() -> None:
    documents, recorder = MemoryDocuments(), Recorder()
    runner = Runner(recorder, always(), documents=documents)
    result = await run(runner, counting(fail_after=1))
    assert result.error_type == "timeout"
    assert published(recorder) is None
    await run(runner, counting())
    assert published(recorder) == 2


async def test_a_run_that_goes_on_for_long_is_kept_before_it_ends() -> None:
    clock = Clock()
    written: list[str] = []

    class Watching(MemoryDocuments):
        async def write(self, key: Key, document: str, revision: int | None = None) -> int:
            written.append(document)
            return await super().write(key, document, revision)

    def check(_: Any, run: Run) -> Plan[Report]:
        for count in range(1, 5):
            yield from once(Request("GET", f"{run.store.url}/"))
            run.cursor.save({"count": count})
            clock.advance(1.5)
        return Report()

    runner = Runner(Recorder(), always(), documents=Watching(), monotonic=clock.now)
    collector = Collector("orders", check, "", requests=0)
    # A process that dies again and again before a long first walk is over must get ahead, however
    # short its lives. It is hardly new in its second run.
    assert (await run(runner, collector)).ok
    assert written == ['{"count":1}', '{"count":2}', '{"count":3}', '{"count":4}']
    written.clear()
    assert (await run(runner, collector)).ok
    assert written == ['{"count":2}', '{"count":4}']


async def test_figures_are_not_published_before_their_document_is_durable() -> None:
    recorder = Recorder()
    seen: list[float | None] = []

    class Watching(MemoryDocuments):
        async def write(self, key: Key, document: str, revision: int | None = None) -> int:
            seen.append(published(recorder))
            return await super().write(key, document, revision)

    runner = Runner(recorder, always(), documents=Watching())
    await run(runner, counting())
    await run(runner, counting())
    assert seen == [None, 1]
    assert published(recorder) == 2


class Refusing(MemoryDocuments):
    """Documents that cannot be read or written."""

    def __init__(self, reading: StateErrorReason | None, writing: StateErrorReason | None) -> None:
        super().__init__()
        self.reading, self.writing = reading, writing

    async def read(self, key: Key) -> Saved | None:
        if self.reading is not None:
            raise StateUnavailableError(self.reading, "not now")
        return await super().read(key)

    async def write(self, key: Key, document: str, revision: int | None = None) -> int:
        if self.writing is not None:
            raise StateUnavailableError(self.writing, "not now")
        return await super().write(key, document, revision)


@pytest.mark.parametrize(
    ("reading", "writing", "reason"),
    [
        (StateErrorReason.UNAVAILABLE, None, StateErrorReason.UNAVAILABLE),
        (None, "full", StateErrorReason.FULL),
        (None, "unavailable", StateErrorReason.UNAVAILABLE),
        (None, StateErrorReason.CONFLICT, StateErrorReason.CONFLICT),
    ],
)
async def test_a_run_that_cannot_be_remembered_shows_nothing_and_blames_nobody(
    reading: StateErrorReason | None, writing: StateErrorReason | None, reason: str
) -> None:
    recorder, documents = Recorder(), Refusing(reading, writing)
    runner = Runner(recorder, always(), documents=documents)
    skipped = await run(runner, counting())
    assert (skipped.reason, skipped.message) == ("state", "not now")
    assert published(recorder) is None
    assert not runner.results.of(STORE.domain)
    counted = {family.metric: dict(family.series) for family in recorder.families()}
    assert counted[exporter.STATE_ERRORS][(reason,)] == 1
    assert counted[exporter.RUNS_SKIPPED][("state",)] == 1
    assert business.COLLECTOR_FAILURES not in counted
    documents.reading = documents.writing = None
    await run(runner, counting())
    assert published(recorder) == 1, "nothing is lost or counted twice"


async def test_a_collector_that_remembers_nothing_goes_on_without_the_state() -> None:
    def check(_: Any, run: Run) -> Plan[Report]:
        yield from ()
        return Report([Sample(business.PRODUCTS, 1, {"stock": "in"})])

    runner = Runner(Recorder(), always(), documents=Refusing(*[StateErrorReason.UNAVAILABLE] * 2))
    assert (await run(runner, Collector("products", check, "", requests=0))).ok


async def test_a_state_that_fails_for_a_moment_does_not_end_a_long_walk() -> None:
    clock = Clock()
    documents = Refusing(None, StateErrorReason.UNAVAILABLE)

    def check(_: Any, run: Run) -> Plan[Report]:
        for count in range(1, 5):
            yield from once(Request("GET", f"{run.store.url}/"))
            run.cursor.save({"count": count})
            clock.advance(3)
        documents.writing = None
        return Report()

    runner = Runner(Recorder(), always(), documents=documents, monotonic=clock.now)
    assert (await run(runner, Collector("orders", check, "", requests=0))).ok
    saved = await documents.read(Key.of(STORE, "orders"))
    assert saved is not None
    assert saved.document == '{"count":4}'


async def test_the_figures_of_another_tenant_are_never_gone_on_with(state_folder: Path) -> None:
    documents = StoredDocuments(SqliteState(state_folder))
    others = [
        replace(STORE, org="other"),
        replace(STORE, platform="shopify", credentials={"admin_token": Secret("shpat_0")}),
        replace(STORE, url="https://elsewhere.example.com"),
    ]
    seen: dict[tuple[str, ...], list[float | None]] = {}
    for store in [STORE, STORE, *others, STORE]:
        recorder = Recorder()
        runner = Runner(recorder, always(), documents=documents)
        await runner.run(Job(store, counting(), Schedule(60, 10)))
        seen.setdefault((*store.labels, store.url), []).append(published(recorder))
    await documents.close()
    assert list(seen.values()) == [[1, 2, 3], [1], [1], [1]]


async def test_a_run_that_saves_nothing_writes_nothing() -> None:
    class Untouched(MemoryDocuments):
        async def write(self, *_: object) -> int:
            raise AssertionError("nothing was saved")

    recorder = Recorder()
    result = await run(Runner(recorder, always(), documents=Untouched()), counting(save=False))
    assert result.ok
