"""The page of recent calls, to which dashboards lead whoever runs the exporter."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store_exporter.calls.call import Call
from tests.server.support import ENVIRON, Running, configuration, exporting

DOMAIN, DOWN = "shop.example.com", "http://127.0.0.1:9"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    text = configuration(("acme", DOMAIN, DOWN), ("zen", "zen.example", DOWN))
    async with exporting(tmp_path, text) as running:
        yield running


def failed(running: Running, operation: str, domain: str = DOMAIN, **more: str) -> None:
    calls = running.exporter.calls
    org = "acme" if domain == DOMAIN else "zen"
    fields = {"error_type": "server_error", "message": "HTTP 502", **more}
    labels = (org, domain, "woocommerce")
    calls.add(Call(calls.since, *labels, "operation", operation, 0.812, status=502, **fields))


async def test_it_shows_the_calls_of_all_orgs_and_what_they_said(running: Running) -> None:
    failed(running, "get_cart", trace_id=TRACE)
    failed(running, "check_order", "zen.example")
    page = (await running.ask("/calls")).text
    for told in ("get_cart", "check_order", "zen.example", "812 ms", "server_error: HTTP 502"):
        assert told in page
    assert f"HTTP 502 · trace {TRACE}" in page


async def test_the_slowest_calls_follow_the_slowest_first_though_they_succeeded(
    running: Running,
) -> None:
    calls = running.exporter.calls
    for operation, seconds in (("get_cart", 3.0), ("check_order", 7.5)):
        calls.add(Call(calls.since, "acme", DOMAIN, "woocommerce", "operation", operation, seconds))
    page = (await running.ask("/calls")).text
    failures, _, slowest = page.partition("Slowest calls")
    assert "get_cart" not in failures
    assert slowest.index("7500 ms") < slowest.index("3000 ms") < slowest.rindex("succeeded")
    assert "Slowest calls" not in (await running.ask("/calls?operation=add_to_cart")).text


async def test_it_is_narrowed_by_store_operation_error_type_and_trace(running: Running) -> None:
    failed(running, "get_cart", trace_id=TRACE)
    failed(running, "check_order", error_type="timeout")
    failed(running, "add_to_cart", "zen.example")
    for query, shown in (
        (f"domain={DOMAIN}", {"get_cart", "check_order"}),
        ("domain=ZEN.example", {"add_to_cart"}),
        ("operation=get_cart", {"get_cart"}),
        ("error_type=timeout", {"check_order"}),
        (f"trace_id={TRACE}", {"get_cart"}),
        (f"domain={DOMAIN}&error_type=timeout&operation=get_cart", set()),
    ):
        page = (await running.ask(f"/calls?{query}")).text
        rows = page.partition("<tbody>")[2]
        assert {n for n in ("get_cart", "check_order", "add_to_cart") if n in rows} == shown, query


async def test_unknown_values_are_shown_as_unknown(running: Running) -> None:
    failed(running, "get_cart")
    for query, known in (("trace_id=1", False), ("operation=check_order", False), ("", True)):
        page = (await running.ask(f"/calls?{query}")).text
        assert ("No such call is remembered here" in page) is not known


async def test_what_a_request_and_a_call_say_is_text_and_shows_no_secret(running: Running) -> None:
    secret = ENVIRON["SECRET"]
    failed(running, "get_cart", message=f"<b>{secret}</b> jane@example.com")
    page = (await running.ask("/calls?domain=")).text
    assert "&lt;b&gt;" in page
    assert secret not in page
    assert "jane@example.com" not in page
    asked = (await running.ask("/calls", params={"operation": f"<script>{secret}"})).text
    assert "<script" not in asked
    assert secret not in asked


async def test_a_message_that_utf_8_cannot_hold_breaks_no_page(running: Running) -> None:
    half = json.loads(r'"cut \ud83d here"')  # what JavaScript leaves where it cuts an emoji
    failed(running, "get_cart", message=half)
    for path in ("/", "/calls"):
        answer = await running.ask(path)
        assert answer.status == 200
        assert r"cut \ud83d here" in answer.text
    found = json.loads((await running.api("/api/v1/calls")).text)["calls"]
    assert [call["message"] for call in found] == [r"cut \ud83d here"]


async def test_an_org_that_reads_much_at_once_must_wait_and_delays_nobody(
    running: Running,
) -> None:
    for number in range(20):
        failed(running, "get_cart", message=f"name=Jane a.b@example.com {number} " * 30)
    paths = ["/api/v1/calls?limit=1000"] * 40
    answers = await asyncio.gather(*map(running.api, paths))
    assert {answer.status for answer in answers} == {200, 429}
    other = {"Authorization": f"Bearer {ENVIRON['ZEN_TOKEN']}"}
    reading = asyncio.gather(*map(running.api, paths))
    assert (await running.ask("/api/v1/calls", headers=other)).status == 200
    await reading
