"""Of all that want a store one watches it, whatever happens to any of them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from store_exporter.probing.state import lease_tables
from store_exporter.probing.state.lease_tables import FILE_NAME, SqliteLeases, SqlLeases
from store_exporter.probing.state.leases import (
    BEAT_SECONDS,
    MISSED,
    VALID_SECONDS,
    Heartbeat,
    Labels,
    LeaseError,
    LeaseHolder,
)
from store_exporter.probing.state.postgresql_leases import PostgresqlLeases
from store_exporter.stores.model import Store
from tests.fakes.clock import Clock
from tests.servers import Postgresql
from tests.steps import counting

A: Labels = ("acme", "a.example", "woocommerce")
B: Labels = ("acme", "b.example", "woocommerce")
Z: Labels = ("zen", "z.example", "shopify")
Open = Callable[[], SqlLeases]


def several(make: Open) -> Iterator[Open]:
    tables: list[SqlLeases] = []

    def another() -> SqlLeases:
        tables.append(make())
        return tables[-1]

    yield another
    for table in tables:
        table.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the table once more, as another process would."""
    if request.param == "sqlite":
        yield from several(partial(SqliteLeases, tmp_path))
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    yield from several(partial(PostgresqlLeases, server.database(), server.password))


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Open]:
    """The same with SQLite alone."""
    yield from several(partial(SqliteLeases, tmp_path))


def beat(table: SqlLeases, *wanted: Labels, gone: dict[str, int] | None = None) -> Heartbeat:
    return table.beat(wanted, gone or {}, {})


def test_who_comes_first_has_a_store_and_who_comes_second_has_the_rest(opened: Open) -> None:
    first, second = opened(), opened()
    assert beat(first, A).held == {A}
    assert beat(second, A, B).held == {B}
    assert beat(first, A, B).held == {A}


def test_a_beat_of_many_stores_that_stay_is_no_more_work_than_one_of_few(opened: Open) -> None:
    def steps_of(count: int) -> int:
        wanted = frozenset(("acme", f"{number}.example", "woocommerce") for number in range(count))
        table = opened()
        table.beat(wanted, {}, {})
        with counting() as steps:
            assert table.beat(wanted, {}, {}).held == wanted
        table.leave()
        return steps.count

    assert steps_of(500) < steps_of(2) + 500


def test_what_is_not_wanted_any_more_is_free_for_others(opened: Open) -> None:
    first, second = opened(), opened()
    beat(first, A, B)
    beat(second, A, B)
    assert beat(first, B).held == {B}
    assert beat(second, A, B).held == {A}


def test_who_leaves_gives_everything_up(opened: Open) -> None:
    first, second = opened(), opened()
    beat(first, A, B)
    first.leave()
    found = beat(second, A, B)
    assert (found.held, found.others) == ({A, B}, {})


def test_who_ended_without_a_word_is_succeeded_at_the_next_beat(files: Open) -> None:
    first, second = files(), files()
    beat(first, A)
    first.close()
    assert beat(second, A).held == {A}


def test_a_process_that_was_killed_is_succeeded_at_the_next_beat(
    tmp_path: Path, files: Open
) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from store_exporter.probing.state.lease_tables import SqliteLeases\n"
        f"table = SqliteLeases(Path({str(tmp_path)!r}))\n"
        f"print(table.beat([{A!r}], {{}}, {{}}).held, flush=True)\n"
        "sys.stdin.read()"
    )
    table = files()
    argv = [sys.executable, "-c", program]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert b"a.example" in child.stdout.readline()
        assert beat(table, A).held == set()
        child.kill()
        child.wait()
    assert beat(table, A).held == {A}


def test_a_process_that_stands_still_while_it_beats_stops_nobody(
    tmp_path: Path, files: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_tables, "_BUSY_SECONDS", 0.1)
    monkeypatch.setattr(lease_tables, "_STUCK_SECONDS", 0.1)
    program = (
        "import sys; from pathlib import Path\n"
        "from store_exporter.probing.state.lease_tables import SqliteLeases\n"
        f"table = SqliteLeases(Path({str(tmp_path)!r}))\n"
        f"table.beat([{A!r}], {{}}, {{}})\n"
        "table.run(lambda: print('stands still', flush=True) or sys.stdin.readline())\n"
        f"print(table.beat([{A!r}], {{}}, {{}}).held, flush=True)\n"
        "sys.stdin.read()"
    )
    table = files()
    argv = [sys.executable, "-c", program]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == b"stands still\n"
        # It keeps what it holds until it has missed enough beats.
        counted = beat(table, A, B)
        assert (counted.held, len(counted.others)) == ({B}, 1)
        assert beat(table, A, B, gone=dict(counted.others)).held == {A, B}
        child.stdin.write(b"\n")
        child.stdin.flush()
        assert child.stdout.readline() == b"frozenset()\n"


def test_who_stands_still_is_succeeded_and_finds_itself_without_anything(opened: Open) -> None:
    first, second = opened(), opened()
    beat(first, A)
    counted = beat(second, A).others
    assert beat(second, A, gone=dict(counted)).held == {A}
    assert beat(first, A).held == set()


def test_who_beats_after_all_is_not_succeeded(opened: Open) -> None:
    first, second = opened(), opened()
    beat(first, A)
    counted = beat(second, A).others
    beat(first, A)
    assert beat(second, A, gone=dict(counted)).held == set()
    assert beat(first, A).held == {A}


def test_others_read_what_a_holder_saves_about_an_orgs_stores(opened: Open) -> None:
    first, second = opened(), opened()
    first.beat([A, B, Z], {}, {A: "fine", Z: "secret of zen"})
    assert second.reports("acme") == {A: "fine"}
    second.beat([], {}, {A: "not mine to tell"})
    assert second.reports("acme") == {A: "fine"}
    first.beat([B], {}, {})
    assert second.reports("acme") == {}


def test_many_processes_that_come_at_once_share_without_overlap(opened: Open) -> None:
    stores = [("acme", f"{number}.example", "woocommerce") for number in range(50)]
    tables = [opened() for _ in range(4)]

    async def at_once() -> list[Heartbeat]:
        return await asyncio.gather(*(asyncio.to_thread(beat, each, *stores) for each in tables))

    held = [store for found in asyncio.run(at_once()) for store in found.held]
    assert sorted(held) == sorted(stores)


def test_a_damaged_file_is_replaced_and_everybody_goes_on(tmp_path: Path, files: Open) -> None:
    first, second = files(), files()
    beat(first, A)
    for suffix in ("-wal", "-shm"):
        (tmp_path / (FILE_NAME + suffix)).unlink(missing_ok=True)
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 1000)
    held = [beat(second, A).held, beat(first, A).held, beat(second, A).held]
    assert held == [{A}, set(), {A}]


def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "holders").write_text("in the way")
    with pytest.raises(LeaseError, match="holders"):
        SqliteLeases(tmp_path)


def store(labels: Labels) -> Store:
    org, domain, platform = labels
    return Store(org, domain, platform, f"https://{domain}")


class Process:
    """A lease holder whose beats a test asks for."""

    def __init__(self, lease_holder: LeaseHolder, clock: Clock) -> None:
        self.lease_holder = lease_holder
        self.clock = clock
        self.changes: list[frozenset[Labels]] = []
        self.asked = 0

    def changed(self) -> None:
        self.changes.append(self.lease_holder.held)

    async def reports(self) -> dict[Labels, str]:
        """Tell that all it holds is fine."""
        self.asked += 1
        return dict.fromkeys(self.lease_holder.held, "fine")

    async def beat(self, seconds: float = BEAT_SECONDS) -> None:
        """Let some time pass, and beat."""
        self.clock.advance(seconds)
        await self.lease_holder.beat(self.changed, self.reports)


@asynccontextmanager
async def processes(opened: Open, *wanted: list[Labels]) -> AsyncIterator[list[Process]]:
    """Keepers that want these, each with a clock of its own, which is far from the others'."""
    found: list[Process] = []
    for number, stores in enumerate(wanted):
        clock = Clock(1e6 * number)
        lease_holder = LeaseHolder(opened(), monotonic=clock.now)
        lease_holder.want([store(labels) for labels in stores])
        found.append(Process(lease_holder, clock))
    yield found
    for process in found:
        await process.lease_holder.close()


async def test_what_others_may_tell_is_written_once_there_are_others(opened: Open) -> None:
    async with processes(opened, [A], [A]) as (first, second):
        for _ in range(3):
            await first.beat()
        assert first.asked == 0
        await second.beat()
        assert await second.lease_holder.reports("acme") == {}
        for _ in range(2):
            await first.beat()
        assert first.asked == 1
        assert await second.lease_holder.reports("acme") == {A: "fine"}


async def test_a_standby_takes_over_when_the_holder_missed_enough_beats(opened: Open) -> None:
    async with processes(opened, [A], [A]) as (first, second):
        await first.beat()
        for _ in range(MISSED):
            await second.beat()
            assert second.lease_holder.held == set()
        await second.beat()
        assert second.lease_holder.held == {A}
        assert second.changes == [{A}]


async def test_a_beat_gives_the_holder_its_whole_time_again_and_no_more(opened: Open) -> None:
    async with processes(opened, [A], [A]) as (first, second):
        await first.beat()
        for _ in range(MISSED - 1):
            await second.beat()
        await first.beat()
        for _ in range(MISSED):
            await second.beat()
            assert second.lease_holder.held == set()
        await second.beat()
        assert second.lease_holder.held == {A}


async def test_a_holder_shows_nothing_before_anybody_can_have_succeeded_it(opened: Open) -> None:
    async with processes(opened, [A], [A]) as (first, second):
        for process in (first, second, first):
            await process.beat()
        first.clock.advance(VALID_SECONDS)
        assert not first.lease_holder.lapsed
        first.clock.advance(0.001)
        assert first.lease_holder.lapsed
    assert VALID_SECONDS < (MISSED - 1) * BEAT_SECONDS


async def test_stores_that_were_not_shown_during_a_slow_beat_are_watched_anew(
    files: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with processes(files, [A], [A]) as (first, second):
        for process in (first, second, first):
            await process.beat()
        table = first.lease_holder.table
        beat = table.beat

        def slowly(*given: Any) -> Heartbeat:
            first.clock.advance(VALID_SECONDS - BEAT_SECONDS + 0.001)
            # Who looks now is shown nothing of them.
            assert first.lease_holder.lapsed
            return beat(*given)

        monkeypatch.setattr(table, "beat", slowly)
        await first.beat()
        assert not first.lease_holder.lapsed
        assert first.changes == [{A}, set(), {A}]


async def test_a_holder_that_stood_still_gives_up_what_it_held_before_it_looks(
    opened: Open,
) -> None:
    async with processes(opened, [A], [A]) as (first, second):
        for process in (first, second, first):
            await process.beat()
        await first.beat(VALID_SECONDS + 1)
        # Nobody has taken it, so it comes back; what was shown before is forgotten all the same.
        assert first.changes == [{A}, set(), {A}]


async def test_looks_that_come_fast_leave_a_holder_its_time(opened: Open) -> None:
    async with processes(opened, [A], [A, B]) as (first, second):
        await first.beat()
        for _ in range(3 * MISSED):
            await second.beat(0.1)
        assert second.lease_holder.held == {B}


async def test_who_is_alone_goes_on_while_the_leases_cannot_be_read(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with processes(opened, [A]) as (only,):
        await only.beat()
        monkeypatch.setattr(only.lease_holder.table, "run", unavailable)
        await only.beat(1000)
        assert only.lease_holder.held == {A}
        assert not only.lease_holder.lapsed
        assert only.changes == [{A}]


async def test_who_is_not_alone_shows_nothing_while_the_leases_cannot_be_read(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with processes(opened, [A], [A]) as (first, second):
        for process in (first, second, first):
            await process.beat()
        monkeypatch.setattr(first.lease_holder.table, "run", unavailable)
        await first.beat()
        assert first.lease_holder.held == {A}
        await first.beat(VALID_SECONDS)
        assert first.lease_holder.held == set()


def unavailable(_work: object) -> None:
    raise LeaseError("it cannot be done now")


async def test_the_end_of_a_process_frees_its_stores_at_once(opened: Open) -> None:
    async with processes(opened, [A], [A]) as (first, second):
        await first.lease_holder.start(first.changed, first.reports)
        assert first.lease_holder.held == {A}
        await first.lease_holder.stop()
        await second.beat()
        assert second.lease_holder.held == {A}


def test_a_lock_that_is_left_behind_is_cleared_away(tmp_path: Path, files: Open) -> None:
    first, second = files(), files()
    beat(first, A)
    os.close(first._lock)  # type: ignore[attr-defined]
    first._lock = -1  # type: ignore[attr-defined]
    beat(second, A)
    assert [path.name for path in (tmp_path / "holders").iterdir()] == [second.id]


@pytest.mark.real
def test_a_database_that_was_away_is_used_again(postgresql: Postgresql) -> None:
    url = postgresql.database()
    table = PostgresqlLeases(url, postgresql.password)
    assert beat(table, A).held == {A}
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    postgresql.query(ended, url=url)
    assert beat(table, A).held == {A}
    postgresql.query("DROP TABLE exporter_holders, exporter_leases", url=url)
    with pytest.raises(LeaseError, match="exporter_holders"):
        beat(table, A)
    assert beat(table, A).held == {A}
    table.close()


@pytest.mark.real
def test_a_database_that_cannot_be_reached_is_an_error(postgresql: Postgresql) -> None:
    table = PostgresqlLeases(postgresql.database(), "not the password")
    with pytest.raises(LeaseError, match="password authentication failed"):
        beat(table, A)
