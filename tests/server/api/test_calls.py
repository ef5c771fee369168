"""Recent calls over HTTP: from where they come, who reads them, and what they never say."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from aiohttp import web
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from store_exporter import StoreError, track
from store_exporter.calls.book import CallBook
from store_exporter.calls.call import Call
from store_exporter.metrics.recorder import Recorder
from store_exporter.probing.state.documents import MemoryDocuments
from store_exporter.probing.state.kept_calls import KeptCalls
from store_exporter.server.process.listen import listening
from store_exporter.stores.model import Store
from tests.operations.shop import Shop
from tests.server.support import ENVIRON, SECRETS, Running, configuration, exporting

DOMAIN, DOWN = "shop.example.com", "http://127.0.0.1:9"
PATH = "/api/v1/calls"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def text_of(url: str = DOWN, more: str = "") -> str:
    text = configuration(("acme", DOMAIN, url), ("zen", "zen.example", DOWN), more=more)
    report = "{token: env:ACME_TOKEN, scopes: [ingest, read]}"
    return text.replace("[env:ACME_TOKEN]", f"[{report}]")


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with exporting(tmp_path, text_of()) as running:
        yield running


def fail(recorder: Recorder, operation: str, error: Exception, domain: str = DOMAIN) -> None:
    labels: Shop = {"org": "acme", "domain": domain, "platform": "woocommerce"}
    with pytest.raises(type(error)), track(operation, recorder=recorder, **labels):
        raise error


async def report(running: Running, *calls: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {ENVIRON['ACME_TOKEN']}"}
    usual = {"operation": "get_cart", "domain": DOMAIN, "duration_seconds": 0.2}
    answer = await running.ask(
        "/api/v1/operations", "POST", json=[usual | call for call in calls], headers=headers
    )
    assert answer.status == 200, answer.text


async def test_calls_of_the_process_of_reports_and_of_probes_are_listed(running: Running) -> None:
    fail(running.exporter.recorder, "check_order", StoreError("timeout", "no answer", status=504))
    await report(
        running,
        {"http_status": 502, "message": "reset", "trace_id": TRACE},
        {"duration_seconds": 9.0},
        {"duration_seconds": 0.1},
    )
    await running.scheduler.run("liveness")
    found = (await running.api(PATH)).json
    rows = {
        (row["kind"], row["operation"]): (row["error_type"], row["fault"], row["status"])
        for row in found["calls"]
    }
    assert rows["operation", "check_order"] == ("timeout", "store", 504)
    assert rows["operation", "get_cart"] == ("server_error", "store", 502)
    assert any(kind == "probe" for kind, _ in rows)
    (reported,) = [row for row in found["calls"] if row["operation"] == "get_cart"]
    assert (reported["message"], reported["trace_id"]) == ("reset", TRACE)
    assert (reported["domain"], reported["platform"]) == (DOMAIN, "woocommerce")
    assert [row["duration_ms"] for row in found["slowest"]] == [9000.0]
    assert found["since"] <= found["calls"][0]["time"]
    page = (await running.ask("/")).text
    assert "server_error: reset" in page
    assert TRACE in page


async def test_a_batch_that_comes_twice_is_listed_once(running: Running) -> None:
    headers = {"Authorization": f"Bearer {ENVIRON['ACME_TOKEN']}", "Idempotency-Key": "one"}
    calls = [{"operation": "a", "domain": DOMAIN, "duration_seconds": 1, "error_type": "timeout"}]
    for _ in range(2):
        await running.ask("/api/v1/operations", "POST", json=calls, headers=headers)
    assert len((await running.api(PATH)).json["calls"]) == 1


async def test_the_list_can_be_narrowed(running: Running) -> None:
    await report(
        running,
        {"error_type": "timeout"},
        {"error_type": "out_of_stock", "operation": "add_to_cart"},
        {"error_type": "timeout", "operation": "check_order"},
    )
    for query, expected in (
        ("operation=get_cart", 1),
        ("error_type=timeout", 2),
        ("fault=customer", 1),
        ("kind=probe", 0),
        (f"domain={DOMAIN.upper()}", 3),
        ("limit=2", 2),
    ):
        found = (await running.api(f"{PATH}?{query}")).json
        assert len(found["calls"]) == expected, query
    for wrong in ("limit=0", "limit=1001", "limit=x", "kind=x", "fault=shop", "error_type=timeot"):
        answer = await running.api(f"{PATH}?{wrong}")
        assert (answer.status, answer.json["error"].split()[1:3]) == (400, ["must", "be"])


@pytest.mark.parametrize("domain", ["zen.example", "nowhere.example"])
async def test_a_store_of_another_org_is_like_one_that_does_not_exist(
    running: Running, domain: str
) -> None:
    fail(running.exporter.recorder, "get_cart", TimeoutError())
    answer = await running.api(f"{PATH}?domain={domain}")
    assert (answer.status, answer.json) == (404, {"error": "there is no store of this domain"})
    assert (await running.api(PATH, ENVIRON["ZEN_TOKEN"])).json["calls"] == []
    assert (await running.api(PATH, "nobody")).status == 401


async def test_a_token_that_only_reports_reads_nothing(tmp_path: Path) -> None:
    text = text_of().replace("[ingest, read]", "[ingest]")
    async with exporting(tmp_path, text) as running:
        assert (await running.api(PATH)).status == 403


async def test_a_reload_changes_how_many_are_kept(running: Running) -> None:
    await report(running, *[{"error_type": "timeout"}] * 3)
    running.file.write_text("calls: {failures: 1}\n" + running.file.read_text())
    assert (await running.ask("/-/reload", "POST")).status == 200
    assert len((await running.api(PATH)).json["calls"]) == 1


async def test_kept_calls_survive_a_restart_and_are_saved_masked(tmp_path: Path) -> None:
    documents = MemoryDocuments()
    text = text_of(more="calls: {keep: true}\n")
    async with exporting(tmp_path, text, documents=documents) as running:
        await report(running, {"error_type": "timeout", "message": "for jane@example.com"})
        before = (await running.api(PATH)).json
    assert "jane" not in str(vars(documents))
    async with exporting(tmp_path, text, documents=documents) as running:
        after = (await running.api(PATH)).json
    assert after["calls"] == before["calls"]
    assert after["calls"][0]["message"] == "for <hidden>"


async def test_the_calls_of_a_store_that_is_watched_again_are_not_listed_twice() -> None:
    store = Store("acme", DOMAIN, "woocommerce", f"https://{DOMAIN}")
    call = Call(1.0, "acme", DOMAIN, "woocommerce", "operation", "get_cart", 0.1, "timeout", "4711")
    book = CallBook(clock=lambda: 2.0)
    kept = KeptCalls(book, MemoryDocuments())
    kept.on = True
    kept.expect([store])
    book.add(call)
    await kept.stop()
    for watched in ([], [store], [store]):
        kept.expect(watched)
        await asyncio.gather(kept.restore(), kept.restore())
    assert book.read("acme") == [call]
    await kept.stop()


async def test_calls_are_not_saved_unless_requested(tmp_path: Path) -> None:
    documents = MemoryDocuments()
    async with exporting(tmp_path, text_of(), documents=documents) as running:
        await report(running, {"error_type": "timeout"})
    async with exporting(tmp_path, text_of(), documents=documents) as running:
        assert (await running.api(PATH)).json["calls"] == []


NAME = st.text("abcdefghijklmnopqrstuvwxyzäöüßéñ", min_size=6, max_size=20).map("zq".__add__)
NOISE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


ANSWER = st.fixed_dictionaries(
    {
        "first": NAME,
        "last": NAME,
        "phone": st.text("123456789", min_size=9, max_size=13),
        "secret": st.sampled_from(SECRETS),
    }
)


# Without shrinking, which would ask whole exporters for minutes before it tells what was found.
@given(
    ANSWER,
    st.lists(NOISE, min_size=3, max_size=3),
    st.sampled_from([200, 400, 401, 403, 404, 429, 500, 503]),
    st.sampled_from(["application/json", "text/html", "text/plain"]),
)
@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_no_response_of_a_store_reveals_a_secret_or_a_customer(
    hidden: dict[str, str], noise: list[str], status: int, kind: str
) -> None:
    first, last, phone = hidden["first"], hidden["last"], hidden["phone"]
    mail = f"{first}.{last}@mail.example"
    said = (
        f"{noise[0]} {mail} {quote(mail)} +{phone} {noise[1]} {hidden['secret']} "
        f"https://shop.example/account/{first}-{last}?name={first}&phone={phone} {noise[2]}"
    )
    entry = {"first_name": first, "last_name": last, "email": mail, "phone": phone}
    body = json.dumps({"code": said, "message": said, "data": {"billing": entry}, "name": said})
    body = f"<title>{said}</title><h1>{said}</h1>" if kind == "text/html" else body
    asyncio.run(_told(body, said, status, kind, forbidden=tuple(hidden.values())))


async def _told(
    body: str, said: str, status: int, kind: str, *, forbidden: tuple[str, ...]
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type=kind)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            listening(app, [("127.0.0.1", 0)]) as (url,),
            exporting(Path(folder), text_of(url)) as running,
        ):
            await running.scheduler.run()
            await _application(running, f"{url}/?name={forbidden[0]}&q={forbidden[1]}", said)
            await report(running, {"error_type": "exception", "message": said})
            answer_to = await running.api(f"{PATH}?limit=1000")
            calls = answer_to.json["calls"]
            assert len([call for call in calls if call["kind"] == "operation"]) == 3
            shown = answer_to.text + answer_to.body.decode("unicode_escape")
            shown += json.dumps(answer_to.json, ensure_ascii=False)
            for one in forbidden:
                assert one not in shown.lower()


async def _application(running: Running, url: str, said: str) -> None:
    """Ask the store as an application with httpx does, and fail with what it said."""
    labels: Shop = {"org": "acme", "domain": DOMAIN, "platform": "woocommerce"}
    recorder = running.exporter.recorder
    async with httpx.AsyncClient() as client:
        try:
            async with track("get_cart", recorder=recorder, **labels):
                (await client.get(url)).raise_for_status()
                raise ValueError(said)
        except (httpx.HTTPStatusError, ValueError):
            pass
    fail(recorder, "check_order", StoreError("invalid_response", said, status=500))
