"""What was added to series is saved, and they go on from it, whenever the process ends."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_exporter.ingest.intake import Effect, Intake
from store_exporter.ingest.ledger import MOST_ADDED, MarkKey, ReportLedger
from store_exporter.ingest.ledger_file import FILE_NAME
from store_exporter.metrics.addition import Addition, Totals
from store_exporter.metrics.guard import Labels
from store_exporter.metrics.recorder import Recorder
from tests.fakes.clock import Clock
from tests.ingest.support import CART, SHOP

STOCK = ("acme", SHOP, "woocommerce", "check_stock")
OTHER = ("acme", "other.example.com", "woocommerce", "check_stock")
SERIES = (CART, STOCK, OTHER)

seconds = st.floats(0, 3600, allow_subnormal=False)
additions = st.one_of(
    st.lists(seconds, min_size=1, max_size=30).map(lambda some: Addition(len(some), {}, some)),
    st.tuples(seconds, st.sampled_from(["timeout", "dns"])).map(
        lambda failed: Addition(1, {failed[1]: 1}, [failed[0]])
    ),
    st.tuples(seconds, st.integers(1, 10**12)).map(
        lambda of: Addition(of[1], {}, [], [of], of[0] * of[1])
    ),
)
batches = st.lists(
    st.dictionaries(st.sampled_from(SERIES), additions, min_size=1), min_size=1, max_size=40
)


def opened(folder: Path, recorder: Recorder, lost: list[int] | None = None) -> ReportLedger:
    empty = recorder.no_durations()
    lost = [] if lost is None else lost
    return ReportLedger(folder, holder="test", empty=empty, lost=lambda: lost.append(1))


def intake_of(folder: Path, recorder: Recorder) -> Intake:
    intake = Intake(recorder, partial(opened, folder, recorder))
    intake.restore()
    return intake


async def count(intake: Intake, added: Mapping[Labels, Addition]) -> None:
    async def decide(_: Mapping[MarkKey, str]) -> Effect:
        return Effect(dict(added))

    await intake.count((), decide)


def totals(recorder: Recorder) -> dict[Labels, Totals]:
    # Copies, because another thread may add series meanwhile.
    return {
        handle.labels: recorder.totals(handle)
        for handles in dict(recorder.stores).values()
        for handle in dict(handles).values()
    }


def copied(folder: Path, place: Path) -> Path:
    """Return what a process leaves that is killed now."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for file in folder.iterdir():
        if file.is_file() and not file.name.endswith("-shm"):
            shutil.copy(file, place)
    return place


def assert_gone_on_from(before: Mapping[Labels, Totals], after: Mapping[Labels, Totals]) -> None:
    assert before.keys() == after.keys()
    for labels, one in before.items():
        other = after[labels]
        assert (one.finished, one.errors) == (other.finished, other.errors)
        assert one.created == other.created
        assert one.errors_created.keys() == other.errors_created.keys()
        assert one.histogram.cells.tolist() == other.histogram.cells.tolist()
        assert one.histogram.native() == other.histogram.native()
        # It must not fall; and it must not be another either.
        assert one.histogram.sum <= other.histogram.sum
        assert one.histogram.sum == pytest.approx(other.histogram.sum, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(lives=st.lists(batches, min_size=1, max_size=2))
def test_a_process_goes_on_from_where_the_one_before_was_killed(
    tmp_path_factory: pytest.TempPathFactory, lives: list[list[dict[Labels, Addition]]]
) -> None:
    base = tmp_path_factory.getbasetemp() / "killed-and-again"
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir()

    async def live(folder: Path, life: list[dict[Labels, Addition]]) -> Path:
        recorder = Recorder()
        intake = intake_of(folder, recorder)
        for number, batch in enumerate(life):
            await count(intake, batch)
            if number % 3 == 0:
                totals(recorder)  # somebody looks
        shown = totals(recorder)
        killed = copied(folder, base / f"killed-{folder.name}")
        await intake.close()
        for left in (killed, folder):
            again = Recorder()
            file = opened(copied(left, base / "look"), again)
            for found in file.load():
                again.restore(found.labels, found.totals, scraped=found.seen)
            file.close()
            assert_gone_on_from(shown, totals(again))
        return killed

    folder = base / "first"
    folder.mkdir()
    for life in lives:
        folder = asyncio.run(live(folder, life))


async def test_a_series_that_begins_anew_does_not_get_back_what_was_added_before(
    tmp_path: Path,
) -> None:
    recorder = Recorder()
    intake = intake_of(tmp_path, recorder)
    for _ in range(3):
        await count(intake, {CART: Addition(1, {}, [0.2]), OTHER: Addition(1, {}, [0.2])})
    recorder.forget(CART[:3])
    intake.forget([OTHER[:3]])
    await count(intake, {CART: Addition(1, {}, [0.5])})
    killed = copied(tmp_path, tmp_path / "killed")
    again = Recorder()
    file = opened(killed, again)
    found = {series.labels: series.totals.finished for series in file.load()}
    file.close()
    await intake.close()
    assert found == {CART: 1}


async def test_since_when_failures_of_a_type_are_counted_is_saved(tmp_path: Path) -> None:
    clock = Clock(1000.0)
    recorder = Recorder(clock=clock.now)
    intake = Intake(recorder, partial(opened, tmp_path, recorder), clock=clock.now)
    intake.restore()
    for errors in ({}, {"timeout": 1}, {"timeout": 2}):
        await count(intake, {CART: Addition(2, dict(errors), [0.2, 0.2])})
        clock.advance(60)
    file = opened(copied(tmp_path, tmp_path / "killed"), Recorder())
    (found,) = file.load()
    file.close()
    await intake.close()
    assert found.totals.errors == {"timeout": 3}
    assert (found.totals.created, found.totals.errors_created) == (1000.0, {"timeout": 1060.0})


async def test_what_was_added_is_kept_for_some_saves_and_then_in_the_totals(tmp_path: Path) -> None:
    recorder = Recorder()
    intake = intake_of(tmp_path, recorder)
    kept = []
    for number in range(4 * MOST_ADDED):
        await count(intake, {CART if number % 2 else STOCK: Addition(1, {}, [0.2])})
        ledger = intake._ledger
        assert ledger is not None
        rows = ledger._database.execute("SELECT count(*) FROM added").fetchone()
        kept.append(rows[0])
    await intake.close()
    assert max(kept) <= MOST_ADDED
    assert kept[MOST_ADDED] > MOST_ADDED // 2


async def test_where_what_was_added_cannot_be_read_series_begin_anew(tmp_path: Path) -> None:
    recorder, lost = Recorder(), list[int]()
    intake = intake_of(tmp_path, recorder)
    for _ in range(2):
        await count(intake, {CART: Addition(1, {}, [0.2])})
    killed = copied(tmp_path, tmp_path / "killed")
    await intake.close()
    file = opened(killed, Recorder(), lost)
    file._database.execute("UPDATE added SET additions = '[[1]]'")
    assert file.load() == []
    file.close()
    assert lost == [1]
    assert (killed / FILE_NAME).exists()


async def test_looks_of_other_threads_change_nothing_of_what_is_saved(tmp_path: Path) -> None:
    recorder, ended = Recorder(), Event()
    intake = intake_of(tmp_path, recorder)

    def look() -> None:
        while not ended.is_set():
            totals(recorder)

    looking = Thread(target=look)
    looking.start()
    try:
        for number in range(100):
            added = {labels: Addition(3, {}, [0.1, 0.2, number]) for labels in SERIES}
            await count(intake, added)
    finally:
        ended.set()
        looking.join()
    shown = totals(recorder)
    killed = copied(tmp_path, tmp_path / "killed")
    await intake.close()
    again = Recorder()
    file = opened(killed, again)
    for found in file.load():
        again.restore(found.labels, found.totals, scraped=found.seen)
    file.close()
    assert shown[CART].finished == 300
    assert_gone_on_from(shown, totals(again))
