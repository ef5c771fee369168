"""Events over HTTP: an org tells what it deployed, and reads what changed at its own stores."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from store_exporter.events.event import EventKind
from store_exporter.metrics.catalogue.values import StateErrorReason
from store_exporter.net.redactor import Redactor
from store_exporter.probing.state.documents import MemoryDocuments
from store_exporter.probing.state.lease_tables import SqliteLeases
from store_exporter.probing.state.leases import LeaseHolder
from store_exporter.probing.state.storage import Key, StateUnavailableError
from tests.server.support import ENVIRON, Answer, Running, configuration, exporting, no_reports

DOWN = "http://127.0.0.1:9"
ACME, ZEN = ENVIRON["ACME_TOKEN"], ENVIRON["ZEN_TOKEN"]
PIPELINE = "token-of-pipeline-0123456789"
DOMAIN = "shop.example.com"
PATH = "/api/v1/events"
MARK = {
    "domain": DOMAIN,
    "application": "checkout",
    "version": "2026.11.3",
    "link": "https://ci.example/builds/7",
}


PLACE = "/var/lib/store-exporter/state.db"


class Documents(MemoryDocuments):
    """Documents that take their time, and cannot be saved while `full`."""

    full = False

    async def write(self, key: Key, document: str, revision: int | None = None) -> int:
        await asyncio.sleep(0.001)
        if self.full:
            raise StateUnavailableError(StateErrorReason.FULL, f"the disk of {PLACE} is full")
        return await super().write(key, document, revision)


@pytest.fixture
def documents() -> Documents:
    return Documents()


@pytest.fixture
async def running(tmp_path: Path, documents: Documents) -> AsyncIterator[Running]:
    text = configuration(("acme", DOMAIN, DOWN), ("zen", "zen.example", DOWN)).replace(
        "env:ACME_TOKEN", "env:ACME_TOKEN, {token: env:PIPELINE, scopes: [events]}"
    )
    environ = ENVIRON | {"PIPELINE": PIPELINE}
    async with exporting(
        tmp_path, text, environ=environ, documents=documents, redact=Redactor()
    ) as running:
        yield running


async def tell(running: Running, token: str = PIPELINE, key: str = "", **mark: Any) -> Answer:
    headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
    return await running.ask(PATH, "POST", headers=headers, json=mark)


async def listed(running: Running, token: str = ACME, **params: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"}
    answer = await running.ask(PATH, headers=headers, params=params)
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json["events"]
    return found


async def test_a_deploy_mark_is_taken_listed_and_a_series(running: Running) -> None:
    answer = await tell(running, **MARK)
    assert answer.status == 200
    (event,) = await listed(running)
    assert answer.json == {**event, "duplicate": False}
    assert event == {
        "time": event["time"],
        "domain": DOMAIN,
        "platform": "woocommerce",
        "kind": "deploy",
        "component": "checkout",
        "before": None,
        "after": "2026.11.3",
        "link": "https://ci.example/builds/7",
    }
    told = datetime.now(UTC) - datetime.fromisoformat(event["time"])
    assert timedelta(0) <= told < timedelta(minutes=2)
    assert (
        f'store_event_timestamp_seconds{{org="acme",domain="{DOMAIN}",platform="woocommerce",'
        'kind="deploy",component="checkout",before="",after="2026.11.3"}'
    ) in (await running.ask("/metrics")).text


async def test_a_mark_without_a_domain_is_about_all_stores_of_the_org(running: Running) -> None:
    assert (await tell(running)).json["domain"] is None
    assert (await tell(running, application="api", version="2")).status == 200
    assert [one["component"] for one in await listed(running, domain=DOMAIN)] == ["api", None]
    assert await listed(running, ZEN) == []


async def test_what_is_sent_again_with_its_key_or_its_time_is_taken_once(running: Running) -> None:
    assert not (await tell(running, key="build-7", **MARK)).json["duplicate"]
    assert (await tell(running, key="build-7", **MARK)).json["duplicate"]
    other = await tell(running, key="build-7", **{**MARK, "version": "8"})
    assert (other.status, other.json) == (
        422,
        {"error": "another event was sent with this Idempotency-Key"},
    )
    at = datetime.now(UTC).isoformat()
    for _ in range(2):
        assert (await tell(running, time=at, **{**MARK, "version": "9"})).status == 200
    assert [(one["before"], one["after"]) for one in await listed(running)] == [
        ("2026.11.3", "9"),
        (None, "2026.11.3"),
    ]


async def test_the_list_is_narrowed_by_kind_and_time_and_cut(running: Running) -> None:
    (shop,) = running.exporter.inventory.of("acme")
    for version in ("8.0", "8.1"):
        running.exporter.changes.notice(shop, {EventKind.PLUGIN: {"Stripe": version}})
        await running.exporter.changes.settle()
    now = datetime.now(UTC)
    for hours in (3, 2):
        await tell(running, time=(now - timedelta(hours=hours)).timestamp(), **MARK)
    everything = await listed(running)
    assert [one["kind"] for one in everything] == ["plugin", "deploy", "deploy"]
    assert await listed(running, kind="plugin") == everything[:1]
    between = (now - timedelta(hours=2.5)).isoformat()
    assert await listed(running, until=between) == everything[2:]
    assert await listed(running, **{"from": between}) == everything[:2]
    assert await listed(running, **{"from": str(now.timestamp() - 9000)}) == everything[:2]
    assert await listed(running, limit="1") == everything[:1]


@pytest.mark.parametrize("domain", ["zen.example", "nowhere.example", 7])
async def test_a_store_of_another_org_is_like_one_that_does_not_exist(
    running: Running, domain: Any
) -> None:
    answer = await tell(running, **{**MARK, "domain": domain})
    assert (answer.status, answer.json) == (404, {"error": "there is no store of this domain"})
    headers = {"Authorization": f"Bearer {ACME}"}
    asked = await running.ask(f"{PATH}?domain={domain}", headers=headers)
    assert asked.status == 404


async def test_tokens_do_what_their_scopes_say_and_nothing_else(running: Running) -> None:
    assert (await tell(running, ACME, **MARK)).status == 403
    assert (await tell(running, "nobody", **MARK)).status == 401
    headers = {"Authorization": f"Bearer {PIPELINE}"}
    assert (await running.ask(PATH, headers=headers)).status == 403
    assert await listed(running) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "x" * 81}, "version must be one line"),
        ({"version": 7}, "version must be one line"),
        ({"application": "two\nlines"}, "application must be one line"),
        ({"link": "javascript:alert(1)"}, "link must be an http or https address"),
        ({"link": "https://user:secret@ci.example/"}, "link must be an http or https address"),
        ({"link": "https://[ci"}, "link must be an http or https address"),
        ({"link": "https://ci.example/" + "x" * 500}, "link must be an http or https address"),
        ({"time": "yesterday"}, "time must be Unix time"),
        ({"time": "2026-11-26T10:00:00"}, "with a time zone"),
        ({"time": 1}, "time must be within the last seven days"),
        ({"time": 1e300}, "time must be within the last seven days"),
        ({"org": "zen"}, "none but: domain, application, version, link, time"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_remembered(
    running: Running, change: dict[str, Any], message: str
) -> None:
    answer = await tell(running, **{**MARK, **change})
    assert answer.status == 400
    assert message in answer.json["error"]
    assert await listed(running) == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("kind=weather", "kind must be one of: deploy,"),
        ("from=noon", "from must be Unix time"),
        ("limit=0", "limit must be a whole number"),
        ("from=2&until=1", "from must be before until"),
        ("from=1&until=1", "from must be before until"),
    ],
)
async def test_a_wrong_parameter_is_reported(running: Running, query: str, message: str) -> None:
    answer = await running.api(f"{PATH}?{query}")
    assert answer.status == 400
    assert message in answer.json["error"]


async def test_an_org_reports_at_most_sixty_events_an_hour(running: Running) -> None:
    ready = await asyncio.gather(*(tell(running, version=str(number)) for number in range(50)))
    assert {answer.status for answer in ready} == {200}
    answers = await asyncio.gather(*(tell(running, version=f"2.{number}") for number in range(20)))
    assert sorted(answer.status for answer in answers) == [200] * 10 + [429] * 10
    refused = next(answer for answer in answers if answer.status == 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 3600


async def test_a_clock_that_jumps_lends_an_org_no_events_and_takes_none_away(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await asyncio.gather(*(tell(running, version=str(number)) for number in range(60)))
    assert {answer.status for answer in told} == {200}
    for jump in (7200, -86_400):
        clock = SimpleNamespace(time=lambda jump=jump: time.time() + jump, monotonic=time.monotonic)
        monkeypatch.setattr("store_exporter.server.api.events.time", clock)
        refused = await tell(running, version="later")
        assert refused.status == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 3600


async def test_a_secret_in_a_mark_is_hidden(running: Running) -> None:
    secret = ENVIRON["SECRET"]
    answer = await tell(running, version=secret, link=f"https://ci.example/?key={secret}")
    assert answer.status == 200
    assert secret not in answer.text
    assert secret not in (await running.ask("/metrics")).text


async def test_what_cannot_be_saved_is_refused(
    running: Running, documents: Documents, caplog: pytest.LogCaptureFixture
) -> None:
    documents.full = True
    with caplog.at_level(logging.WARNING):
        answer = await tell(running, **MARK)
    assert answer.status == 503
    assert answer.json["error"].startswith("nothing was remembered")
    assert PLACE not in answer.text, "what the state is belongs to the operator"
    assert PLACE in caplog.text
    documents.full = False
    assert await listed(running) == []


async def test_an_exporter_that_does_not_watch_the_store_sends_to_the_one_that_does(
    running: Running, tmp_path: Path
) -> None:
    own, other = LeaseHolder(SqliteLeases(tmp_path)), LeaseHolder(SqliteLeases(tmp_path))
    alone, running.exporter.watching.lease_holder = running.exporter.watching.lease_holder, own
    other.want(running.exporter.inventory.of("acme"))
    try:
        await other.start(lambda: None, no_reports)
        await own.start(lambda: None, no_reports)
        assert (await tell(running, **MARK)).status == 421
        # What is about all stores any exporter takes.
        assert (await tell(running, version="1")).status == 200
    finally:
        running.exporter.watching.lease_holder = alone
        await own.stop()
        await other.stop()
        await own.close()
        await other.close()
