"""Whatever keeps the state: documents belong to a tenant's store, and no damage goes unnoticed."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from store_exporter.probing.state.postgresql_state import PostgresqlState
from store_exporter.probing.state.sql_state import SqlState
from store_exporter.probing.state.sql_sweep import BELIEVED_SECONDS
from store_exporter.probing.state.sqlite_state import REPORTED_SECONDS, SqliteState
from store_exporter.probing.state.storage import (
    DAMAGED,
    KEPT_SECONDS,
    UNUSED_SECONDS,
    Key,
    Saved,
    StateError,
    StateUnavailableError,
    StorageEvents,
    StoreIdentity,
    Write,
)
from tests.fakes.clock import Clock
from tests.servers import Postgresql

KEY = Key("acme", "woocommerce", "shop.example.com", "https://shop.example.com", "orders")
OTHER = KEY._replace(domain="other.example.com", address="https://other.example.com")
DAY = 86_400
SET = "UPDATE exporter_documents SET {}"


class Bench(NamedTuple):
    """One kind of state, and what it told."""

    open: Callable[..., SqlState]
    code: str
    lost: list[int]
    left_behind: list[int]
    clock: Clock


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def bench(request: pytest.FixtureRequest, state_folder: Path) -> Iterator[Bench]:
    lost: list[int] = []
    left: list[int] = []
    clock = Clock()
    given: dict[str, Any] = {
        "events": StorageEvents(lambda: lost.append(1), left.append),
        "now": clock.now,
    }
    made: list[SqlState] = []
    place: tuple[Any, ...]
    kind: type[SqliteState | PostgresqlState]
    if request.param == "sqlite":
        kind, place = SqliteState, (state_folder,)
        code = (
            "import pathlib\nfrom store_exporter.probing.state.sqlite_state import SqliteState\n"
            f"state = SqliteState(pathlib.Path({str(state_folder)!r}))\n"
        )
    else:
        server: Postgresql = request.getfixturevalue("postgresql")
        kind, place = PostgresqlState, (server.database(), server.password)
        code = (
            "from store_exporter.probing.state.postgresql_state import PostgresqlState\n"
            f"state = PostgresqlState{place!r}\n"
        )

    def opened(**options: Any) -> SqlState:
        made.append(kind(*place, **{**given, **options}))
        return made[-1]

    yield Bench(opened, code, lost, left, clock)
    for state in made:
        state.close()


def alter(state: SqlState, statement: str, *values: object) -> None:
    state.run(lambda: state.execute(statement, values))


def test_a_document_is_there_after_a_restart(bench: Bench) -> None:
    state = bench.open()
    assert state.get(KEY) is None
    assert state.put([Write(KEY, '{"position":1}', 0)]) == [1]
    assert state.put([Write(KEY, '{"position":2}', 1)]) == [2]
    state.close()
    assert bench.open().get(KEY) == Saved('{"position":2}', 2)
    assert bench.lost == []


@pytest.mark.parametrize("field", ["org", "platform", "domain", "address", "collector"])
def test_nobody_else_gets_a_document(field: str, bench: Bench) -> None:
    state = bench.open()
    state.put([Write(KEY, "{}", 0)])
    assert state.get(KEY._replace(**{field: "another"})) is None


def test_who_is_late_changes_nothing(bench: Bench) -> None:
    """Of two processes that watch a store for a while, one is refused, so that none falls back."""
    one, other = bench.open(), bench.open()
    assert one.put([Write(KEY, '"one"', 0)]) == [1]
    assert other.put([Write(KEY, '"other"', 0), Write(OTHER, "{}", 0)]) == [None, 1]
    assert one.put([Write(KEY, '"one again"', 1)]) == [2]
    assert other.put([Write(KEY, '"other"', 1)]) == [None]
    assert other.get(KEY) == Saved('"one again"', 2)
    assert other.put([Write(KEY, '"other"', 2)]) == [3]


def test_what_is_replaced_whatever_is_there_has_no_revision(bench: Bench) -> None:
    one, other = bench.open(), bench.open()
    assert [one.put([Write(KEY, '"one"')]), other.put([Write(KEY, '"other"')])] == [[0], [0]]
    assert one.get(KEY) == Saved('"other"', 0)


def test_a_thousand_documents_are_saved_at_once(bench: Bench) -> None:
    state = bench.open()
    keys = [KEY._replace(domain=f"shop{n}.example.com") for n in range(1000)]
    assert state.put(Write(key, json.dumps(key.domain), 0) for key in keys) == [1] * 1000
    assert all(state.get(key) == Saved(json.dumps(key.domain), 1) for key in keys)


def test_a_store_that_begins_anew_beside_other_state_of_its_domain_is_reported(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    state = bench.open()
    state.put([Write(KEY, "{}", 0), Write(OTHER, "{}", 0)])
    assert "has other state" not in caplog.text
    state.put([Write(KEY._replace(org="other"), "{}", 0)])
    assert "orders of shop.example.com of other (woocommerce at https://shop" in caplog.text
    assert "the domain has other state, which is kept: shop.example.com of acme" in caplog.text


def test_a_store_is_moved_with_everything_that_is_kept_of_it(bench: Bench) -> None:
    state, new = bench.open(), KEY.identity._replace(org="other")
    state.put([Write(KEY, '"orders"', 0), Write(KEY._replace(collector="more"), '"more"', 0)])
    assert state.move(KEY.identity, new) == 2
    assert state.get(KEY) is None
    moved = state.get(Key(*new, "orders"))
    assert moved is not None
    assert moved.document == '"orders"'
    # A run that has read either of them before is refused.
    assert state.put([Write(Key(*new, "orders"), "{}", n) for n in (0, 1)]) == [None, None]
    assert state.put([Write(Key(*new, "orders"), "{}", moved.revision)]) != [None]


def test_a_move_replaces_nothing_unless_replacing_is_requested(bench: Bench) -> None:
    state = bench.open()
    state.put([Write(KEY, '"mine"', 0), Write(OTHER, '"theirs"', 0)])
    with pytest.raises(StateError, match=r"other.example.com of acme .* has state already"):
        state.move(KEY.identity, OTHER.identity)
    with pytest.raises(StateError, match="there is no state of"):
        state.move(StoreIdentity("no", "body", "here", ""), OTHER.identity)
    assert state.get(OTHER) == Saved('"theirs"', 1)
    state.move(KEY.identity, OTHER.identity, replace=True)
    assert [(entry.key, entry.size) for entry in state.entries()] == [(OTHER, 6)]


def test_what_is_forgotten_is_gone(bench: Bench) -> None:
    state = bench.open()
    state.put([Write(KEY, "{}", 0), Write(OTHER, "{}", 0)])
    assert [state.forget(KEY.identity), state.forget(KEY.identity)] == [1, 0]
    assert [entry.key for entry in state.entries()] == [OTHER]


def test_a_command_has_the_state_alone_or_not_at_all(bench: Bench) -> None:
    exporter = bench.open()
    exporter.put([Write(KEY, "{}", 0)])
    with pytest.raises(StateError, match="in use; end the exporters"):
        bench.open(alone=True).entries()
    exporter.close()
    command = bench.open(alone=True)
    assert len(command.entries()) == 1


def test_a_state_that_is_closed_says_so(bench: Bench) -> None:
    state = bench.open()
    state.close()
    with pytest.raises(StateUnavailableError, match="closed"):
        state.get(KEY)
    assert bench.lost == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("document", b'{"position":3}'),
        ("document", b"\xff\xfe"),
        ("revision", 7),
        ("used", 1),
        ("checksum", b"0123456789abcdef"),
        ("org", "acne"),
        ("address", "https://shop.example.con"),
        ("collector", "orderr"),
    ],
)
def test_whatever_of_a_document_is_altered_is_reported_and_kept_aside(
    column: str, value: object, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    state = bench.open()
    state.put([Write(KEY, '{"position":2}', 0), Write(OTHER, "{}", 0)])
    alter(state, SET.format(f"{column} = ? WHERE domain = ?"), value, KEY.domain)
    state.close()
    state = bench.open()
    assert [state.get(KEY), state.get(OTHER)] == [None, Saved("{}", 1)]
    assert bench.lost == [1]
    assert "is damaged; it is kept as" in caplog.text
    assert state.put([Write(KEY, '{"position":1}', 0)]) == [1]
    kept = [entry.key for entry in state.entries() if entry.key.collector.endswith(DAMAGED)]
    assert len(kept) == 1
    state.close()
    bench.clock.advance(REPORTED_SECONDS)
    assert bench.open().get(KEY) == Saved('{"position":1}', 1)
    assert bench.lost == [1], "what was set aside is damaged no more"


def test_a_checksum_that_nobody_reads_by_is_put_right(bench: Bench) -> None:
    state = bench.open()
    state.put([Write(KEY, "{}", 0)])
    alter(state, SET.format("key_checksum = ?"), b"x")
    state.close()
    for _ in range(2):
        state = bench.open()
        assert state.get(KEY) == Saved("{}", 1)
        state.close()
    assert bench.lost == []


def test_damage_upon_damage_keeps_the_last_only(bench: Bench) -> None:
    state = bench.open()
    for revision in range(3):
        assert state.put([Write(KEY, f'"{revision}"', 0)]) == [1]
        alter(state, SET.format("revision = 9 WHERE collector = ?"), "orders")
        assert state.get(KEY) is None
    assert [entry.key.collector for entry in state.entries()] == ["orders" + DAMAGED]
    assert bench.lost == [1, 1, 1]


def used_daily(bench: Bench, days: int, *keys: Key) -> None:
    state = bench.open()
    for _ in range(days):
        for key in keys:
            state.get(key)
        bench.clock.advance(DAY)
    state.get(keys[0])
    state.close()


def test_stores_that_are_long_gone_are_forgotten_and_others_are_not(bench: Bench) -> None:
    state = bench.open()
    state.put([Write(KEY, "{}", 0), Write(OTHER, "{}", 0)])
    used_daily(bench, KEPT_SECONDS // DAY, KEY)
    assert [entry.key for entry in bench.open().entries()] == [OTHER, KEY]
    used_daily(bench, 2, KEY)
    # Read daily and never saved: a store without orders keeps its counters.
    assert [entry.key for entry in bench.open().entries()] == [KEY]
    assert bench.lost == []


def test_state_left_behind_is_reported_after_two_days(bench: Bench) -> None:
    state = bench.open()
    left = [OTHER, OTHER._replace(collector="sales"), OTHER._replace(org="b")]
    # A budget that stores share, what is pushed of a store, and an org's changes.
    shared = [OTHER._replace(org="", platform=""), OTHER._replace(address="")]
    shared.append(Key("acme", "", "(acme)", "", "(changes)"))
    state.put([Write(key, "{}", 0) for key in (KEY, *left, *shared)])
    used_daily(bench, UNUSED_SECONDS // DAY + 1, KEY)
    assert bench.left_behind[0] == 0
    assert bench.left_behind[-1] == 2


def test_a_clock_that_is_put_back_a_little_is_believed(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    state = bench.open()
    state.put([Write(KEY, "{}", 0), Write(OTHER, "{}", 0)])
    used_daily(bench, KEPT_SECONDS // DAY, KEY)
    bench.clock.advance(-3600)
    used_daily(bench, 2, KEY)
    assert "the clock jumped" not in caplog.text
    assert [entry.key for entry in bench.open().entries()] == [KEY]


@pytest.mark.parametrize("jump", [91 * DAY, -91 * DAY])
def test_a_clock_that_jumps_deletes_nothing_until_it_was_believed(
    jump: float, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    state = bench.open()
    state.put([Write(KEY, "{}", 0), Write(OTHER, "{}", 0)])
    used_daily(bench, 10, KEY, OTHER)
    bench.clock.advance(jump)
    used_daily(bench, BELIEVED_SECONDS // DAY - 1, KEY)
    assert "the clock jumped by" in caplog.text
    assert [entry.key for entry in bench.open().entries()] == [OTHER, KEY]
    # It was a mistake, and is put right.
    bench.clock.advance(-jump)
    used_daily(bench, BELIEVED_SECONDS // DAY + 2, KEY)
    assert [entry.key for entry in bench.open().entries()] == [OTHER, KEY]


def test_what_a_wrong_clock_dated_ahead_is_dated_anew_by_its_next_use(bench: Bench) -> None:
    state = bench.open()
    state.put([Write(KEY, "{}", 0), Write(OTHER, "{}", 0)])
    for jump in (200 * DAY, -200 * DAY):
        bench.clock.advance(jump)
        state.get(KEY)
    used_daily(bench, KEPT_SECONDS // DAY + 2, OTHER)
    assert [entry.key for entry in bench.open().entries()] == [OTHER]


CRASH = """
number = 0
from store_exporter.probing.state.storage import *
key = Key("acme", "woocommerce", "shop.example.com", "https://shop.example.com", "orders")
found = state.get(key)
revision = found.revision if found else 0
while True:
    number = revision + 1
    document = '{"counter": %d, "position": %d, "ballast": "%s"}' % (number, number, "x" * 20000)
    [revision] = state.put([Write(key, document, revision)])
    print(number, flush=True)
"""


def test_a_kill_in_the_middle_leaves_the_last_or_the_next_document_whole(bench: Bench) -> None:
    for lines in (1, 5, 20):
        with subprocess.Popen(
            [sys.executable, "-c", bench.code + CRASH], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(lines):
                line = process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            said = [line, *process.stdout.readlines()]
        promised = max(int(number) for number in said if number.strip())
        saved = bench.open().get(KEY)
        assert saved is not None
        found = json.loads(saved.document)
        assert found["counter"] == found["position"] == saved.revision
        assert found["counter"] in (promised, promised + 1), "what was promised is there"
    assert bench.lost == []


def test_the_log_shows_no_password(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    state = bench.open()
    state.put([Write(KEY, "{}", 0)])
    state.close()
    assert "wrong-horse" not in caplog.text + repr(state)
