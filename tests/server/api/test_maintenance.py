"""Maintenance over HTTP: an org's own stores, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from store_exporter.probing.state.lease_tables import SqliteLeases
from store_exporter.probing.state.leases import LeaseHolder
from tests.server.support import ENVIRON, Answer, Running, configuration, exporting, no_reports

DOWN = "http://127.0.0.1:9"
ACME, ZEN = ENVIRON["ACME_TOKEN"], ENVIRON["ZEN_TOKEN"]
WORKS = "token-of-works-0123456789"
DOMAIN = "shop.example.com"
PATH = "/api/v1/maintenance"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    text = configuration(("acme", DOMAIN, DOWN), ("zen", "zen.example", DOWN)).replace(
        "env:ACME_TOKEN", "env:ACME_TOKEN, {token: env:WORKS, scopes: [maintenance, read]}"
    )
    async with exporting(tmp_path, text, environ=ENVIRON | {"WORKS": WORKS}) as running:
        yield running


async def ask(running: Running, method: str, token: str = WORKS, **options: Any) -> Answer:
    headers = {"Authorization": f"Bearer {token}"}
    return await running.ask(PATH, method, headers=headers, **options)


BODY = {"domain": DOMAIN, "for": "2h", "reason": "plugins are updated"}


async def test_maintenance_is_begun_listed_shown_and_ended(running: Running) -> None:
    begun = await ask(running, "POST", json=BODY)
    assert (begun.status, begun.json["domain"]) == (200, DOMAIN)
    (listed,) = (await ask(running, "GET", ACME)).json["maintenance"]
    assert listed == {**begun.json, "source": "api"}
    (check,) = (await running.api("/api/v1/health")).json["health_checks"]
    assert check["maintenance"] == {key: listed[key] for key in ("from", "to", "reason")}
    assert f"in maintenance until {listed['to'][:10]}" in (await running.ask("/")).text
    assert 'store_maintenance{org="acme"' in (await running.ask("/metrics")).text
    ended = await ask(running, "DELETE", params={"domain": DOMAIN})
    assert (ended.status, ended.json) == (200, {"domain": DOMAIN, "maintenance": []})
    (check,) = (await running.api("/api/v1/health")).json["health_checks"]
    assert check["maintenance"] is None


async def test_a_reload_leaves_it_as_it_is(running: Running) -> None:
    await ask(running, "POST", json=BODY)
    assert (await running.ask("/-/reload", "POST")).status == 200
    assert len((await ask(running, "GET")).json["maintenance"]) == 1


async def test_that_of_the_configuration_is_listed_and_stays(running: Running) -> None:
    text = running.file.read_text().replace(
        f"  - domain: {DOMAIN}\n",
        f"  - domain: {DOMAIN}\n    maintenance:\n"
        "      - {from: 2026-01-01T00:00:00+01:00, to: 2026-01-02T00:00:00Z, reason: long over}\n"
        "      - {from: 2099-01-01T02:00:00+01:00, to: 2099-01-01T04:00:00+01:00, reason: move}\n",
    )
    running.file.write_text(text)
    assert (await running.ask("/-/reload", "POST")).status == 200
    assert (await ask(running, "GET")).json["maintenance"] == [
        {
            "domain": DOMAIN,
            "from": "2099-01-01T01:00:00+00:00",
            "to": "2099-01-01T03:00:00+00:00",
            "reason": "move",
            "source": "configuration",
        }
    ]
    answer = await ask(running, "DELETE", params={"domain": DOMAIN})
    assert (answer.status, answer.json["error"]) == (
        409,
        "no maintenance was started for this store",
    )


@pytest.mark.parametrize("domain", ["zen.example", "nowhere.example", ""])
async def test_a_store_of_another_org_is_like_one_that_does_not_exist(
    running: Running, domain: str
) -> None:
    answers = [await ask(running, "POST", json={**BODY, "domain": domain})]
    if domain:
        answers.append(await ask(running, "DELETE", params={"domain": domain}))
    for answer in answers:
        assert (answer.status, answer.json) == (404, {"error": "there is no store of this domain"})
    await ask(running, "POST", json=BODY)
    assert (await ask(running, "GET", ZEN)).json == {"maintenance": []}
    if domain:
        assert (await ask(running, "GET", params={"domain": domain})).status == 404


async def test_a_token_that_only_reads_begins_and_ends_nothing(running: Running) -> None:
    assert (await ask(running, "POST", ACME, json=BODY)).status == 403
    assert (await ask(running, "DELETE", ACME, params={"domain": DOMAIN})).status == 403
    assert (await ask(running, "POST", "nobody", json=BODY)).status == 401
    assert (await ask(running, "GET")).json == {"maintenance": []}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"for": "8d"}, "for must be at most 7d"),
        ({"for": "2 hours"}, "for is not a duration"),
        ({"for": 7200}, "each of them a string"),
        ({"reason": ""}, "reason must be one line"),
        ({"reason": "x" * 201}, "reason must be one line"),
        ({"reason": "two\nlines"}, "reason must be one line"),
        ({"reason": "evil\u202egnp"}, "reason must be one line"),
        ({"org": "zen"}, "an object with domain, for and reason"),
    ],
)
async def test_what_is_wrong_is_said_and_begins_nothing(
    running: Running, change: dict[str, Any], message: str
) -> None:
    answer = await ask(running, "POST", json={**BODY, **change})
    assert answer.status == 400
    assert message in answer.json["error"]
    assert (await ask(running, "GET")).json == {"maintenance": []}


async def test_a_body_that_is_no_json_is_refused(running: Running) -> None:
    for data in (b"", b"{", b"[]", b'"text"', b"\xff"):
        assert (await ask(running, "POST", data=data)).status == 400


async def test_an_exporter_that_does_not_watch_the_store_sends_to_the_one_that_does(
    running: Running, tmp_path: Path
) -> None:
    await ask(running, "POST", json=BODY)
    running.exporter.maintenance.expect([])
    own = LeaseHolder(SqliteLeases(tmp_path))
    other = LeaseHolder(SqliteLeases(tmp_path))
    running.exporter.watching.lease_holder = own
    other.want(running.exporter.inventory.of("acme"))
    try:
        await other.start(lambda: None, no_reports)
        own.want(running.exporter.inventory.of("acme"))
        await own.start(lambda: None, no_reports)
        assert len((await ask(running, "GET")).json["maintenance"]) == 1
        for answer in (
            await ask(running, "POST", json=BODY),
            await ask(running, "DELETE", params={"domain": DOMAIN}),
        ):
            assert answer.status == 421
            assert "another exporter watches this store" in answer.json["error"]
    finally:
        await other.stop()
        await other.close()


async def test_an_end_without_a_domain_says_where_it_is_to_stand(running: Running) -> None:
    answer = await ask(running, "DELETE")
    assert (answer.status, answer.json) == (
        400,
        {"error": "domain is missing in the query: ?domain=shop.example.com"},
    )
