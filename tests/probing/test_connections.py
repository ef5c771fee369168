"""Connections that serve many runs, over real TLS: whose they are, and when they are renewed."""

from __future__ import annotations

import asyncio
import gc
import math
from asyncio.sslproto import SSLProtocol
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.http import HttpResponseParser

from store_exporter.contract import Probe, Report, Run
from store_exporter.metrics.catalogue import health
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Plan, Request, once
from store_exporter.probing import connections, stalls
from store_exporter.probing.jobs import Job
from store_exporter.probing.runner import Runner
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Schedule, Store
from tests.fakes import bad_server
from tests.fakes.bad_server import Authority, Connection, serving
from tests.probing.bench import in_time
from tests.probing.conftest import StoreFactory

ANEW = ["resolve", "connect", "tls", "processing", "transfer"]
KEPT = ["processing", "transfer"]

Transports = Callable[[int], Transport]


@pytest.fixture
async def transports(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Transports]:
    """Makes what keeps so many connections, and none but those for longer than a request.

    None is renewed, as in every ten minutes one would be.
    """
    monkeypatch.setattr(connections, "RENEWED", math.inf)
    made: list[Transport] = []

    def make(lasting: int) -> Transport:
        made.append(Transport(keepalive=0.0, lasting=lasting))
        return made[-1]

    yield make
    for transport in made:
        await transport.close()


def liveness(store: Store, interval: float = 60.0, timeout: float = 10.0) -> Job:
    def check(_: Any, __: Run) -> Plan[Report]:
        response = yield from once(Request("GET", "/", idempotent=True))
        return Report((), [], f"HTTP {response.status}")

    probe = Probe("liveness", check, "Asks.", liveness=True)
    return Job(store, probe, Schedule(interval, timeout))


async def test_scheduled_liveness_probes_share_a_connection_and_say_so(
    authority: Authority, store: StoreFactory, transports: Transports
) -> None:
    recorder = Recorder()
    runner = Runner(recorder, transports(5))
    async with serving(bad_server.answer(), tls=authority.context("localhost")) as server:
        job = liveness(store(server.url.replace("127.0.0.1", "localhost")))
        first, second = await in_time(runner, job), await in_time(runner, job)
    assert list(first.phases) == ANEW
    assert list(second.phases) == KEPT
    assert server.connections == 1
    families = {family.metric.name: dict(family.series) for family in recorder.families()}
    assert len(families[health.TLS_EXPIRY.name]) == 1


async def test_the_expiry_of_a_certificate_is_shown_for_as_long_as_its_connection_is_kept(
    authority: Authority, store: StoreFactory, transports: Transports
) -> None:
    now = [1000.0]
    recorder = Recorder(monotonic=lambda: now[0])
    runner = Runner(recorder, transports(5))
    async with serving(bad_server.answer(), tls=authority.context("localhost")) as server:
        job = liveness(store(server.url.replace("127.0.0.1", "localhost")))
        for _ in range(5):
            await in_time(runner, job)
            now[0] += job.ttl - 1
    names = {family.metric.name for family in recorder.families()}
    assert health.TLS_EXPIRY.name in names
    assert server.connections == 1


async def test_a_connection_is_renewed_after_its_time(
    authority: Authority,
    store: StoreFactory,
    transports: Transports,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runner = Runner(Recorder(), transports(5))
    async with serving(bad_server.answer(), tls=authority.context("localhost")) as server:
        job = liveness(store(server.url.replace("127.0.0.1", "localhost")))
        await in_time(runner, job)
        monkeypatch.setattr(connections, "RENEWED", 1e-6)
        renewed = await in_time(runner, job)
    assert renewed.ok
    assert list(renewed.phases) == ANEW
    assert server.connections == 2


async def test_no_more_connections_are_kept_than_there_may_be(
    authority: Authority, store: StoreFactory, transports: Transports
) -> None:
    runner = Runner(Recorder(), transports(1))
    async with serving(bad_server.answer(), tls=authority.context("localhost", "127.0.0.1")) as one:
        url = one.url.replace("127.0.0.1", "localhost")
        jobs = [
            liveness(store(url, domain="one.example.com")),
            liveness(store(one.url, domain="two.example.com")),
        ]
        for job in jobs:
            await in_time(runner, job)
        phases = [list((await in_time(runner, job)).phases) for job in jobs]
    assert phases == [KEPT, ANEW[1:]]  # an address has nothing to resolve


async def test_whoever_waits_for_a_run_sees_all_its_phases(
    authority: Authority, store: StoreFactory, transports: Transports
) -> None:
    runner = Runner(Recorder(), transports(5))
    async with serving(bad_server.answer(), tls=authority.context("localhost")) as server:
        job = liveness(store(server.url.replace("127.0.0.1", "localhost")))
        await in_time(runner, job)
        shown = await runner.run_anyway(job)
        again = await in_time(runner, job)
    assert list(shown.phases) == ANEW
    assert list(again.phases) == KEPT


async def test_a_connection_is_not_kept_where_the_next_run_comes_too_late(
    store: StoreFactory, transports: Transports
) -> None:
    runner = Runner(Recorder(), transports(5))
    async with serving(bad_server.answer()) as server:
        job = liveness(store(server.url), interval=300.0)
        for _ in range(2):
            await in_time(runner, job)
    assert server.connections == 2


async def test_a_server_that_keeps_connections_for_a_few_seconds_is_not_made_to_hold_them(
    store: StoreFactory, transports: Transports
) -> None:
    runner = Runner(Recorder(), transports(5))
    told = {"Keep-Alive": "timeout=5, max=100", "Connection": "Keep-Alive"}
    async with serving(bad_server.answer(headers=told)) as server:
        job = liveness(store(server.url))
        for _ in range(3):
            await in_time(runner, job)
    assert server.connections == 3


async def test_a_kept_connection_that_the_server_has_closed_is_no_failure(
    store: StoreFactory, transports: Transports
) -> None:
    async def answer_once(connection: Connection) -> None:
        await bad_server.answer()(connection)
        connection.writer.close()

    runner = Runner(Recorder(), transports(5))
    async with serving(answer_once) as server:
        job = liveness(store(server.url))
        results = [await in_time(runner, job) for _ in range(3)]
    assert [result.ok for result in results] == [True, True, True]
    assert server.connections == 3


async def closing_at_the_second_request(connection: Connection) -> None:
    if connection.sent:
        connection.writer.close()
        return
    await bad_server.answer()(connection)


async def test_a_server_that_ends_kept_connections_without_a_word_is_remembered(
    store: StoreFactory, transports: Transports
) -> None:
    runner = Runner(Recorder(), transports(5))
    async with serving(closing_at_the_second_request) as server:
        job = liveness(store(server.url))
        results = [await in_time(runner, job) for _ in range(8)]
    assert all(result.ok for result in results)
    # The first connection that is kept may end by chance, and a second one in a row does not.
    assert [result.requests for result in results] == [1, 2, 1, 2, 1, 1, 1, 1]


async def test_a_server_that_was_restarted_now_and_then_keeps_its_connections(
    store: StoreFactory, transports: Transports
) -> None:
    async def restarted_at_times(connection: Connection) -> None:
        if connection.sent and len(server.heads) % 5 == 0:
            connection.writer.close()
            return
        await bad_server.answer()(connection)

    runner = Runner(Recorder(), transports(5))
    async with serving(restarted_at_times) as server:
        job = liveness(store(server.url))
        results = [await in_time(runner, job) for _ in range(12)]
    assert all(result.ok for result in results)
    assert [result.requests for result in results].count(2) == 2
    assert [list(result.phases) for result in results].count(KEPT) == 7


async def test_what_a_server_sends_unrequested_is_not_taken_for_the_next_response(
    store: StoreFactory, transports: Transports
) -> None:
    idle: list[Connection] = []

    async def answer_and_remember(connection: Connection) -> None:
        await bad_server.answer()(connection)
        idle.append(connection)

    runner = Runner(Recorder(), transports(5))
    async with serving(answer_and_remember) as server:
        job = liveness(store(server.url))
        assert (await in_time(runner, job)).ok
        # As HAProxy does before it closes an idle connection, which may take a while longer.
        await idle[0].send(bad_server.head(408, {"Content-Length": "0"}, "Request Time-out"))
        for _ in range(10):
            await asyncio.sleep(0)
        result = await in_time(runner, job)
    assert result.ok
    assert server.connections == 2


async def test_a_kept_connection_holds_nothing_of_the_last_response(
    store: StoreFactory, transports: Transports
) -> None:
    def parsers() -> set[int]:
        gc.collect()
        return {id(one) for one in gc.get_objects() if isinstance(one, HttpResponseParser)}

    runner, before = Runner(Recorder(), transports(5)), parsers()
    async with serving(bad_server.answer()) as server:
        job = liveness(store(server.url))
        for _ in range(2):
            assert (await in_time(runner, job)).ok
        assert parsers() <= before
    assert server.connections == 1


async def test_a_kept_connection_holds_no_buffer_and_no_decoded_certificate(
    authority: Authority, store: StoreFactory, transports: Transports
) -> None:
    def open_clients() -> list[Any]:
        found: list[Any] = [one for one in gc.get_objects() if isinstance(one, SSLProtocol)]
        return [one for one in found if one._transport is not None and not one._server_side]

    runner, before = Runner(Recorder(), transports(5)), open_clients()
    async with serving(bad_server.answer(), tls=authority.context("localhost")) as server:
        job = liveness(store(server.url.replace("127.0.0.1", "localhost")))
        for _ in range(2):
            assert (await in_time(runner, job)).ok
            [kept] = [one for one in open_clients() if one not in before]
            assert len(kept._ssl_buffer) == 0
            assert not kept._app_transport.get_extra_info("peercert")
    assert server.connections == 1


async def test_a_kept_connection_that_was_lost_is_no_failure_and_the_last_one_that_is_kept(
    store: StoreFactory, transports: Transports
) -> None:
    async def answer_first(connection: Connection) -> None:
        # A firewall that forgets idle connections drops what comes over them without a word.
        if connection.sent:
            await bad_server.hang(connection)
        await bad_server.answer()(connection)

    runner = Runner(Recorder(), transports(5))
    async with serving(answer_first) as server:
        job = liveness(store(server.url), timeout=2.0)
        results = [await in_time(runner, job) for _ in range(4)]
    assert [result.ok for result in results] == [True, True, True, True]
    assert max(result.duration for result in results) < 2.0
    assert server.connections == 4


async def test_kept_connections_that_the_server_has_ended_all_at_once_are_no_failure(
    store: StoreFactory, transports: Transports
) -> None:
    """As those of several stores on one host are, of which one takes another's."""
    both = asyncio.Barrier(2)

    async def answer_first(connection: Connection) -> None:
        if connection.sent:
            connection.writer.close()
            return
        if server.connections <= 2:
            await both.wait()
        await bad_server.answer()(connection)

    runner = Runner(Recorder(), transports(5))
    async with serving(answer_first) as server:
        one, other = (liveness(store(server.url, domain=name)) for name in ("one", "other"))
        await asyncio.gather(in_time(runner, one), in_time(runner, other))
        result = await in_time(runner, one)
    assert result.ok, result.message
    assert server.connections == 3


async def test_a_server_that_responds_once_over_each_connection_is_never_down(
    store: StoreFactory,
) -> None:
    """Though it announces to keep them, and another run has just left one behind."""

    async def answer_first(connection: Connection) -> None:
        if connection.sent:
            connection.writer.close()
            return
        await bad_server.answer()(connection)

    transport = Transport(keepalive=60.0, lasting=5)
    runner = Runner(Recorder(), transport)
    async with serving(answer_first) as server:
        scheduled, other = (liveness(store(server.url, domain=name)) for name in ("one", "other"))
        results = []
        for _ in range(3):
            results += [await in_time(runner, scheduled), await runner.run_anyway(other)]
    await transport.close()
    assert [result.ok for result in results] == [True] * 6


async def test_a_store_that_hangs_fails_also_where_its_connection_was_kept(
    store: StoreFactory, transports: Transports, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine would be blamed for it.
    monkeypatch.setattr(stalls, "_NOTABLE", math.inf)
    answers = 0

    async def answer_one(connection: Connection) -> None:
        nonlocal answers
        answers += 1
        if answers > 1:
            await bad_server.hang(connection)
        await bad_server.answer()(connection)

    runner = Runner(Recorder(), transports(5))
    async with serving(answer_one) as server:
        one = store(server.url)
        results = [await in_time(runner, liveness(one))]
        results += [await in_time(runner, liveness(one, timeout=1.5)) for _ in range(2)]
    assert [result.error_type for result in results] == [None, "timeout", "timeout"]
    assert server.connections == 3


async def test_a_kept_connection_to_where_a_store_may_not_be_any_more_is_not_used(
    store: StoreFactory, transports: Transports
) -> None:
    runner = Runner(Recorder(), transports(5))
    async with serving(bad_server.answer()) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        found = store(url, networks=("127.0.0.0/8",))
        assert (await in_time(runner, liveness(found))).ok
        refused = await in_time(runner, liveness(replace(found, networks=())))
    assert refused.error_type == "dns"
    assert len(server.heads) == 1
