"""Events of stores: noticed from what runs find, told, shown as a metric, and saved."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store_exporter.contract import Report, Run
from store_exporter.events.event import Event, EventKind
from store_exporter.events.page import Facts
from store_exporter.metrics.catalogue import health
from store_exporter.metrics.catalogue.values import StateErrorReason
from store_exporter.metrics.families import HistogramValue
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Plan, Request, once
from store_exporter.probing import changes as changing
from store_exporter.probing.changes import SHOWN_EVENTS, SHOWN_SECONDS, Changes
from store_exporter.probing.state.documents import Documents, MemoryDocuments, StoredDocuments
from store_exporter.probing.state.sqlite_state import SqliteState
from store_exporter.probing.state.storage import EVENTS, Key, Saved, StateUnavailableError, Write
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Store
from tests.fakes import bad_server
from tests.fakes.bad_server import Authority, serving
from tests.fakes.clock import START, Clock
from tests.fakes.documents import Slow as SlowDocuments
from tests.probing.bench import Bench, Jobs

SHOP = Store("acme", "shop.example", "woocommerce", "https://shop.example")


class World:
    """Changes over documents, with a clock that stands still."""

    def __init__(self, documents: Documents | None = None) -> None:
        self.clock = Clock()
        self.recorder = Recorder(clock=self.clock.now, monotonic=self.clock.now)
        self.documents = documents or MemoryDocuments()
        self.changes = Changes(self.recorder, self.documents, now=self.clock.now)

    async def find(self, facts: Facts, store: Store = SHOP) -> None:
        self.changes.notice(store, facts)
        await self.changes.settle()

    def shown(self) -> dict[tuple[str, ...], float | HistogramValue]:
        found = [one for one in self.recorder.families() if one.metric is health.EVENT]
        return dict(found[0].series) if found else {}


class Unavailable(MemoryDocuments):
    """Documents that cannot be used for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = self.writing = True

    async def read(self, key: Key) -> Saved | None:
        if not self.reading:
            raise StateUnavailableError(StateErrorReason.UNAVAILABLE, "not now")
        return await super().read(key)

    async def write(self, key: Key, document: str, revision: int | None = None) -> int:
        if not self.writing:
            raise StateUnavailableError(StateErrorReason.UNAVAILABLE, "not now")
        return await super().write(key, document, revision)


class Slow(MemoryDocuments):
    """Documents for which others get their turn meanwhile."""

    async def read(self, key: Key) -> Saved | None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return await super().read(key)


class FailingOnce(MemoryDocuments):
    """Documents of which the first write fails, after others got their turn."""

    failed = False

    async def write(self, key: Key, document: str, revision: int | None = None) -> int:
        await asyncio.sleep(0)
        if not self.failed:
            self.failed = True
            raise StateUnavailableError(StateErrorReason.FULL, "the disk is full")
        return await super().write(key, document, revision)


@asynccontextmanager
async def saved(folder: Path) -> AsyncIterator[Documents]:
    documents = StoredDocuments(SqliteState(folder))
    try:
        yield documents
    finally:
        await documents.close()


def stores(count: int) -> list[Store]:
    return [replace(SHOP, domain=f"shop{n}.example") for n in range(count)]


def stripe(version: str) -> Facts:
    return {EventKind.PLUGIN: {"Stripe": version}}


def deploy(version: str, domain: str = "", at: float = START, key: str = "") -> Event:
    platform = "woocommerce" if domain else ""
    return Event(at, "acme", domain, platform, EventKind.DEPLOY, "shop", after=version, key=key)


async def test_a_change_is_a_series_with_its_time_for_a_day() -> None:
    world = World()
    await world.find(stripe("8.0"))
    assert world.shown() == {}
    await world.find(stripe("8.1"))
    labels = ("acme", "shop.example", "woocommerce", "plugin", "Stripe", "8.0", "8.1")
    assert world.shown() == {labels: START}
    await world.find(stripe("8.1"))
    world.clock.advance(SHOWN_SECONDS - 1)
    assert world.shown() == {labels: START}
    world.clock.advance(1)
    assert world.shown() == {}


async def test_a_store_has_a_bounded_number_of_series_and_they_are_its_latest() -> None:
    world = World()
    for number in range(60):
        await world.changes.report(deploy(str(number), SHOP.domain, START - 60 + number), SHOP)
    assert len(world.shown()) == SHOWN_EVENTS
    assert {labels[-1] for labels in world.shown()} == {str(n) for n in range(40, 60)}


async def test_what_is_seen_of_many_stores_for_the_first_time_is_saved_together(
    tmp_path: Path,
) -> None:
    saves: list[int] = []

    class Counted(SqliteState):
        def put(self, writes: Iterable[Write]) -> list[int | None]:
            revisions = super().put(writes)
            saves.append(len(revisions))
            return revisions

    documents = StoredDocuments(Counted(tmp_path))
    changes = World(documents).changes
    for store in stores(500):
        changes.notice(store, stripe("8.0"))
    await changes.settle()
    await documents.close()
    assert sum(saves) == 500
    assert len(saves) <= 50, "each one is a wait for the disk"


async def test_noticing_a_store_costs_the_same_however_many_wait() -> None:
    def seconds(waiting: int) -> float:
        """Return the processor time of noticing what is known, the least of some."""
        one, *others = stores(waiting)
        changes.notice(one, stripe("8.0"))
        for store in others:
            changes.notice(store, stripe("8.0"))
        taken = []
        for _ in range(50):
            began = time.process_time()
            changes.notice(one, stripe("8.0"))
            taken.append(time.process_time() - began)
        return min(taken)

    changes = World().changes
    for store in stores(1):
        changes.notice(store, stripe("8.0"))
    await changes.settle()
    few = seconds(2)
    assert seconds(20_000) < 10 * few
    await changes.settle()


async def test_what_changes_while_no_exporter_runs_is_noticed_by_the_next(tmp_path: Path) -> None:
    async with saved(tmp_path) as documents:
        await World(documents).find(stripe("8.0"))
    async with saved(tmp_path) as documents:
        world = World(documents)
        await world.find(stripe("8.1"))
        ((*_, before, after),) = world.shown()
        assert (before, after) == ("8.0", "8.1")
    async with saved(tmp_path) as documents:
        world = World(documents)
        await world.find(stripe("8.1"))
        (event,) = await world.changes.of("acme", [SHOP])
        assert event.component == "Stripe"


async def test_the_next_exporter_shows_what_changed_before_for_the_rest_of_its_day() -> None:
    before = World()
    await before.find({EventKind.PLUGIN: {"Stripe": "8.0"}})
    await before.find({EventKind.PLUGIN: {"Stripe": "8.1"}})
    await before.changes.report(deploy("2.4", at=before.clock.now()), None)
    shown = before.shown()
    assert len(shown) == 2

    # Its store is down, so that no run finds anything.
    after = World(before.documents)
    after.clock.advance(SHOWN_SECONDS - 60)
    after.changes.expect(SHOP)
    await after.changes.settle()
    assert after.shown() == shown
    after.clock.advance(61)
    assert after.shown() == {}


async def test_what_is_read_late_pushes_out_nothing_newer() -> None:
    before = World()
    for number in range(SHOWN_EVENTS):
        await before.changes.report(deploy(f"{number}", SHOP.domain), SHOP)
    after = World(before.documents)
    after.clock.advance(60)
    await after.changes.report(deploy("newest", SHOP.domain, after.clock.now()), SHOP)
    after.changes.expect(SHOP)
    await after.changes.settle()
    assert len(after.shown()) == SHOWN_EVENTS
    assert any("newest" in labels for labels in after.shown())


async def test_a_domain_that_moves_to_another_org_begins_anew() -> None:
    world = World()
    await world.find(stripe("8.0"))
    moved = replace(SHOP, org="zen")
    await world.find(stripe("9.0"), moved)
    assert await world.changes.of("zen", [moved]) == []


async def test_what_a_run_finds_does_not_wait_for_the_state() -> None:
    documents = Unavailable()
    documents.reading = False
    world = World(documents)
    await world.find(stripe("8.0"))
    documents.reading = True
    await world.find(stripe("8.1"))
    # The first was never compared, so that the second is seen for the first time.
    assert world.shown() == {}
    documents.writing = False
    await world.find(stripe("8.2"))
    assert len(world.shown()) == 1
    documents.writing = True
    # Saved as soon as anything is found again, though it is nothing new.
    await world.find(stripe("8.2"))
    after = World(documents)
    await after.find(stripe("8.2"))
    assert len(await after.changes.of("acme", [SHOP])) == 1


async def test_a_store_that_is_forgotten_while_it_is_compared_stays_forgotten() -> None:
    world = World(Slow())
    await world.find(stripe("8.0"))
    world.changes.forget(SHOP)
    world.changes.notice(SHOP, stripe("8.1"))
    await asyncio.sleep(0)
    world.changes.forget(SHOP)
    await world.changes.settle()
    assert world.shown() == {}
    await world.find(stripe("8.2"))
    assert [labels[-2:] for labels in world.shown()] == [("8.0", "8.2")]


async def test_an_event_of_all_stores_is_known_to_every_process_that_shares_the_state() -> None:
    documents = MemoryDocuments()
    one, two = World(documents), World(documents)
    assert (await one.changes.report(deploy("1", key="a"), None))[1]
    again, is_new = await two.changes.report(deploy("1", key="a"), None)
    assert (again.after, is_new) == ("1", False)
    second, _ = await two.changes.report(deploy("2", key="b"), None)
    assert second.before == "1"
    assert [event.after for event in await one.changes.of("acme", [SHOP])] == ["2", "1"]
    assert list(one.shown()) == [("acme", "", "", "deploy", "shop", "", "1")]
    assert await one.changes.of("zen", []) == []


async def test_two_processes_that_record_changes_at_the_same_time_lose_nothing(
    tmp_path: Path,
) -> None:
    async with saved(tmp_path) as first, saved(tmp_path) as second:
        one, two = World(first), World(second)
        await asyncio.gather(
            one.changes.report(deploy("1"), None), two.changes.report(deploy("2"), None)
        )
        assert {event.after for event in await one.changes.of("acme", [])} == {"1", "2"}


async def test_many_changes_reported_at_the_same_time_are_all_recorded(tmp_path: Path) -> None:
    async with saved(tmp_path) as documents:
        changes = World(documents).changes
        for store, domain in ((SHOP, SHOP.domain), (None, "")):
            told = [changes.report(deploy(str(n), domain), store) for n in range(30)]
            assert [is_new for _, is_new in await asyncio.gather(*told)] == [True] * 30
        assert len(await changes.of("acme", [SHOP])) == 60


@pytest.mark.parametrize("store", [SHOP, None])
async def test_what_is_sent_again_while_it_cannot_be_saved_is_not_said_to_be_known(
    store: Store | None,
) -> None:
    world = World(FailingOnce())
    event = deploy("1", SHOP.domain if store else "", key="a")
    first, second = await asyncio.gather(
        world.changes.report(event, store),
        world.changes.report(event, store),
        return_exceptions=True,
    )
    assert isinstance(first, StateUnavailableError)
    assert second == (event, True)
    assert await world.changes.of("acme", [SHOP]) == [event]


async def test_what_cannot_be_saved_is_not_remembered() -> None:
    documents = Unavailable()
    world = World(documents)
    documents.writing = False
    for store, domain in ((SHOP, SHOP.domain), (None, "")):
        with pytest.raises(StateUnavailableError):
            await world.changes.report(deploy("1", domain), store)
    assert await world.changes.of("acme", [SHOP]) == []
    assert world.shown() == {}


async def test_damaged_events_count_as_nothing(caplog: pytest.LogCaptureFixture) -> None:
    documents = MemoryDocuments()
    await documents.write(Key.of(SHOP, EVENTS), '{"facts": 1}')
    world = World(documents)
    await world.find(stripe("8.0"))
    assert "the saved events of shop.example cannot be understood" in caplog.text
    await world.find(stripe("8.1"))
    assert len(world.shown()) == 1


async def test_secrets_in_what_a_store_says_are_hidden() -> None:
    recorder, documents = Recorder(), MemoryDocuments()
    changes = Changes(recorder, documents, redact=lambda text: text.replace("cs_1", "***"))
    for version in ("1", "cs_1"):
        changes.notice(SHOP, stripe(version))
        await changes.settle()
    (event,) = await changes.of("acme", [SHOP])
    assert event.after == "***"
    saved_text = (await documents.read(Key.of(SHOP, EVENTS)) or Saved("", 0)).document
    assert "cs_1" not in saved_text


def finding(facts: Facts) -> object:
    def check(_: object, __: Run) -> Plan[Report]:
        yield from once(Request("GET", "/"))
        return Report(facts=facts)

    return check


async def test_what_a_store_says_is_no_markup_where_grafana_shows_it() -> None:
    world = World()
    await world.find({EventKind.PLUGIN: {}})
    await world.find(
        {EventKind.PLUGIN: {"<img src=//evil.example/x>": "<a href=//evil.example>1.0</a>"}}
    )
    labels = health.EVENT.labels
    (series,) = world.shown()
    assert (
        dict(zip(labels, series, strict=True))["after"]
        == "\u2039a href=//evil.example\u203a1.0\u2039/a\u203a"
    )
    assert not {"<", ">"} & set("".join(series))
    (event,) = await world.changes.of("acme", [SHOP])
    assert event.component == "<img src=//evil.example/x>"


async def test_what_a_run_reports_becomes_an_event(job: Jobs) -> None:
    bench = Bench()
    for version in ("8.0", "8.1"):
        await bench.run(job(finding(stripe(version))))
        await bench.runner.changes.settle()
    (labels,) = bench.series(health.EVENT)
    assert labels[3:] == ("plugin", "Stripe", "8.0", "8.1")


async def test_another_certificate_is_an_event_with_both_of_its_ends(
    job: Jobs,
    authority: Authority,
    transport: Transport,
) -> None:
    documents = MemoryDocuments()
    context = authority.context(not_after=datetime(2035, 1, 2, tzinfo=UTC))
    async with serving(bad_server.answer(), tls=context) as server:
        watched = job(url=server.url, liveness=True)
        before = Bench(transport, documents=documents)
        await before.run(watched)
        await before.runner.changes.settle()
        renewed = authority.ca.issue_cert("127.0.0.1", not_after=datetime(2035, 4, 2, tzinfo=UTC))
        renewed.configure_cert(context)
        fresh = Transport()
        try:
            after = Bench(fresh, documents=documents)
            await after.run(watched)
            await after.runner.changes.settle()
        finally:
            await fresh.close()
    assert before.series(health.EVENT) == {}
    (labels,) = after.series(health.EVENT)
    assert labels[3:] == ("certificate", "expires", "2035-01-02", "2035-04-02")


async def test_an_unknown_kind_fails_the_run(job: Jobs) -> None:
    bench = Bench()
    result = await bench.run(job(finding({"weather": {"sky": "blue"}})))  # type: ignore[dict-item]
    assert (result.ok, result.error_type) == (False, "exception")


async def test_events_of_many_stores_are_read_together_while_they_are_not_known_yet() -> None:
    documents = SlowDocuments()
    world = World(documents)
    stores = [replace(SHOP, domain=f"s{number}.example") for number in range(150)]
    for store in stores[::50]:
        await world.find({EventKind.PLUGIN: {"Stripe": "8.0"}}, store)
        await world.find({EventKind.PLUGIN: {"Stripe": "8.1"}}, store)
    documents.seconds = 0.1
    after = World(documents)
    found = await after.changes.of("acme", stores)
    assert {event.domain for event in found} == {store.domain for store in stores[::50]}
    assert documents.most == 100


async def test_a_state_that_never_responds_does_not_delay_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changing, "_END_SECONDS", 0.1)
    documents = SlowDocuments()
    documents.seconds = 3600
    world = World(documents)
    world.changes.expect(SHOP)
    async with asyncio.timeout(60):
        await world.changes.close()
