"""A database that goes away, comes back or refuses costs time and never a figure."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from store_exporter.metrics.recorder import Recorder
from store_exporter.probing.results.outcomes import Skipped
from store_exporter.probing.runner import Runner
from store_exporter.probing.state import postgresql_state
from store_exporter.probing.state.documents import StoredDocuments
from store_exporter.probing.state.postgresql_state import LONGEST_PAUSE, PostgresqlState
from store_exporter.probing.state.storage import (
    Key,
    Saved,
    StateUnavailableError,
    StorageEvents,
    Write,
)
from tests import servers
from tests.fakes.clock import Clock
from tests.probing.scripted import always
from tests.probing.state.test_cursor import counting, published, run
from tests.servers import Postgresql

pytestmark = pytest.mark.real
KEY = Key("acme", "woocommerce", "shop.example.com", "https://shop.example.com", "orders")
Open = Callable[..., PostgresqlState]


@pytest.fixture
def url(postgresql: Postgresql) -> str:
    return postgresql.database()


@pytest.fixture
def opened(postgresql: Postgresql, url: str) -> Iterator[Open]:
    made: list[PostgresqlState] = []

    def another(at: str = url, password: str = postgresql.password, **more: Any) -> PostgresqlState:
        made.append(PostgresqlState(at, password, **more))
        return made[-1]

    yield another
    for state in made:
        state.close()


def test_many_processes_make_the_tables_at_once(opened: Open) -> None:
    states = [opened() for _ in range(8)]
    failures: list[Exception] = []

    def use(state: PostgresqlState, number: int) -> None:
        try:
            key = KEY._replace(domain=f"shop{number}.example.com")
            assert state.put([Write(key, "{}", 0)]) == [1]
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=use, args=(s, n)) for n, s in enumerate(states)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(states[0].entries()) == 8


def test_a_process_that_stands_still_while_it_saves_keeps_nobody_from_saving(
    opened: Open, url: str
) -> None:
    limit = "options=-c%20idle_in_transaction_session_timeout%3D1s"
    one, other = opened(f"{url}{'&' if '?' in url else '?'}{limit}"), opened()
    one.put([Write(KEY, '"before"', 0)])
    stands, goes_on = threading.Event(), threading.Event()

    def save() -> list[int | None]:
        if stands.is_set():
            # The attempt after the one that the server ended.
            return [one._put(Write(KEY, '"late"', 1))]
        one.execute("UPDATE exporter_documents SET revision = 99")
        stands.set()
        goes_on.wait(30)
        return []

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(one.run, save)
        assert stands.wait(30)
        servers.eventually(lambda: saved(other, Write(KEY, '"after"', 1)))
        goes_on.set()
        assert late.result() == [None]
    assert one.get(KEY) == other.get(KEY) == Saved('"after"', 2)


def saved(state: PostgresqlState, write: Write) -> bool:
    """Try to save a document."""
    try:
        return state.put([write]) == [2]
    except StateUnavailableError:
        return False


def test_two_that_save_the_same_documents_in_opposite_orders_do_not_wait_for_ever(
    opened: Open,
) -> None:
    one, other = opened(), opened()
    keys = [KEY._replace(domain=f"shop{n}.example.com") for n in range(200)]

    def save(state: PostgresqlState, ordered: list[Key]) -> None:
        for _ in range(10):
            state.put([Write(key, "{}") for key in ordered])

    threads = [
        threading.Thread(target=save, args=(one, keys)),
        threading.Thread(target=save, args=(other, keys[::-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(one.entries()) == 200


def test_connections_that_end_are_made_again_unnoticed(
    postgresql: Postgresql, url: str, opened: Open
) -> None:
    state = opened()
    state.put([Write(KEY, "{}", 0)])
    for revision in (1, 2):
        postgresql.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()",
            url=url,
        )
        assert state.put([Write(KEY, "{}", revision)]) == [revision + 1]


def test_a_server_that_is_down_is_tried_less_and_less_often_and_used_when_it_is_back() -> None:
    clock = Clock()
    with servers.postgresql() as server:
        state = PostgresqlState(server.url, server.password, monotonic=clock.now)
        state.put([Write(KEY, "{}", 0)])
        server.stop()
        attempts = 0
        connect = state._connect

        def counted() -> Any:
            nonlocal attempts
            attempts += 1
            return connect()

        state._connect = counted  # type: ignore[method-assign]
        for _ in range(300):
            with pytest.raises(StateUnavailableError, match="cannot be used for the state"):
                state.get(KEY)
            clock.advance(1)
        assert attempts < 16
        server.start()
        clock.advance(LONGEST_PAUSE)
        assert state.get(KEY) == Saved("{}", 1)
        state.close()


async def test_figures_go_on_where_they_were_when_the_database_is_back() -> None:
    clock = Clock()
    with servers.postgresql() as server:
        state = PostgresqlState(server.url, server.password, monotonic=clock.now)
        documents, recorder = StoredDocuments(state), Recorder()
        runner = Runner(recorder, always(), documents=documents)
        for _ in range(3):
            await run(runner, counting())
        await asyncio.to_thread(server.stop)
        for _ in range(3):
            skipped = await run(runner, counting())
            assert isinstance(skipped, Skipped)
            assert skipped.reason == "state"
            assert "PostgreSQL" in skipped.message
            assert published(recorder) == 3, "what was shown is still there"
            clock.advance(40)
        await asyncio.to_thread(server.start)
        clock.advance(LONGEST_PAUSE)
        assert (await run(runner, counting())).ok
        assert published(recorder) == 4
        await documents.close()


async def test_the_event_loop_waits_for_no_database(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that answers nothing takes as long as a connection may take, beside the loop."""
    monkeypatch.setattr(postgresql_state, "CONNECT_SECONDS", 2)
    # Of TEST-NET-1, or refused at once where there is no route: the loop runs on either way.
    documents = StoredDocuments(opened("postgresql://nobody@192.0.2.1/none"))
    longest, turns = 0.0, 0
    loop = asyncio.get_running_loop()
    reading = asyncio.create_task(documents.read(KEY))
    while not reading.done():
        before = loop.time()
        await asyncio.sleep(0.01)
        longest, turns = max(longest, loop.time() - before), turns + 1
    with pytest.raises(StateUnavailableError):
        await reading
    # A busy machine stalls too, but not for all of the time.
    assert turns > 5 or longest < 1.0
    await documents.close()


def test_a_wrong_password_is_reported_without_it(opened: Open) -> None:
    state = opened(password="correct-horse-battery")
    with pytest.raises(StateUnavailableError, match="password authentication failed") as error:
        state.get(KEY)
    assert "correct-horse" not in str(error.value)


def test_the_grants_of_the_documentation_are_enough(
    postgresql: Postgresql, url: str, opened: Open
) -> None:
    postgresql.query("DROP ROLE IF EXISTS little")
    postgresql.query(f"CREATE ROLE little LOGIN PASSWORD '{postgresql.password}'")
    postgresql.query("CREATE SCHEMA little AUTHORIZATION little", url=url)
    as_little = url.replace("exporter@", "little@") + "&options=-csearch_path%3Dlittle"
    state = opened(as_little)
    assert state.put([Write(KEY, "{}", 0)]) == [1]
    state.close()
    postgresql.query("ALTER SCHEMA little OWNER TO exporter", url=url)
    postgresql.query("GRANT USAGE ON SCHEMA little TO little", url=url)
    assert opened(as_little).get(KEY) == Saved("{}", 1)


def test_a_user_who_may_not_create_tables_is_reported(
    postgresql: Postgresql, url: str, opened: Open
) -> None:
    postgresql.query("DROP ROLE IF EXISTS poor")
    postgresql.query(f"CREATE ROLE poor LOGIN PASSWORD '{postgresql.password}'")
    with pytest.raises(StateUnavailableError, match="permission denied for schema public"):
        opened(url.replace("exporter@", "poor@")).get(KEY)


def test_tables_that_are_gone_are_a_loss_and_made_again(
    postgresql: Postgresql, url: str, opened: Open
) -> None:
    lost: list[int] = []
    state = opened(events=StorageEvents(lambda: lost.append(1)))
    state.put([Write(KEY, "{}", 0)])
    postgresql.query("DROP TABLE exporter_documents", url=url)
    assert state.put([Write(KEY, '"new"', 0)]) == [1]
    assert state.get(KEY) == Saved('"new"', 1)
    assert lost == [1]


def test_tables_of_another_version_are_left_alone(
    postgresql: Postgresql, url: str, opened: Open
) -> None:
    opened().put([Write(KEY, "{}", 0)])
    postgresql.query("UPDATE exporter_notes SET value = 9 WHERE name = 'version'", url=url)
    with pytest.raises(StateUnavailableError, match="of version 9 and not 2"):
        opened().get(KEY)


def test_a_server_that_takes_no_writes_is_left_for_one_that_does(
    postgresql: Postgresql, url: str, opened: Open
) -> None:
    """As after a failover: the address names several, and one of them is a standby."""
    state = opened()
    state.put([Write(KEY, "{}", 0)])
    name = url.partition("?")[0].rpartition("/")[2]
    postgresql.query(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    state._drop()
    with pytest.raises(StateUnavailableError, match="read-only"):
        state.put([Write(KEY, "{}", 1)])
    postgresql.query(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    state._again = 0
    assert state.put([Write(KEY, "{}", 1)]) == [2]


def test_a_full_disk_of_the_server_is_a_full_disk(postgresql: Postgresql, opened: Open) -> None:
    state = opened()
    state.put([Write(KEY, "{}", 0)])

    def fail() -> None:
        state.execute("DO $$BEGIN RAISE disk_full; END$$")

    with pytest.raises(StateUnavailableError) as error:
        state.run(fail)
    assert error.value.reason == "full"
