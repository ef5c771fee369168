"""`POST /api/v1/operations` over HTTP: what is counted, what is refused, and in which words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from store_exporter.ingest.body import MAX_BYTES, MAX_CALLS
from store_exporter.server import bodies
from tests.ingest.support import (
    CART,
    DURATION,
    ERRORS,
    OTHER_SHOP,
    PATH,
    SHOP,
    TOKEN,
    TOTAL,
    call,
    post,
    reporting,
    shown,
    taking,
)
from tests.server.support import ENVIRON, Running


async def test_calls_are_counted_as_those_that_track_measures(running: Running) -> None:
    answer = await post(
        running,
        [call(), call(seconds=1, error_type="timeout"), call(seconds=3, error_type="timeout")],
    )
    assert (answer.status, answer.json) == (
        200,
        {"accepted": 3, "refused": [], "unknown_error_classes": [], "duplicate": False},
    )
    found = await shown(running)
    assert found[TOTAL, *CART] == 3
    assert found[ERRORS, *CART, "timeout", "store"] == 2
    assert found[f"{DURATION}_count", *CART] == 3
    assert found[f"{DURATION}_sum", *CART] == pytest.approx(4.2)
    assert found["store_operations_in_progress", *CART] == 0
    analytics = (await running.api("/api/v1/analytics")).json
    assert analytics["stats"]["total_operations"] == 3
    assert analytics["stats"]["errors_by_type"] == {"timeout": 2}


async def test_each_call_that_cannot_be_counted_is_named_with_its_field_and_reason(
    running: Running,
) -> None:
    answer = await post(
        running,
        [
            call(),
            call(domain="nowhere.example"),
            call(duration_seconds=182),
            call(duration_seconds=-1),
            call(duration_ms=1),
            "get_cart",
        ],
    )
    assert answer.status == 200
    assert answer.json["accepted"] == 2
    assert answer.json["refused"] == [
        {"index": 1, "field": "domain", "error": "there is no store of this domain"},
        {
            "index": 3,
            "field": "duration_seconds",
            "error": "must be from 0 to 3600 seconds; is it in milliseconds?",
        },
        {
            "index": 4,
            "field": "",
            "error": "has an unknown field; did you mean duration_seconds?",
        },
        {"index": 5, "field": "", "error": "must be an object"},
    ]
    assert (await shown(running))[TOTAL, *CART] == 2


async def test_when_no_call_can_be_counted_the_response_is_an_error(running: Running) -> None:
    answer = await post(running, [call(domain=OTHER_SHOP)], key="one")
    assert answer.status == 400
    assert answer.json["error"] == "none of the calls can be counted"
    assert answer.json["refused"][0]["error"] == "there is no store of this domain"
    # The key is still free for the batch as it should be.
    assert (await post(running, [call()], key="one")).json["duplicate"] is False


async def test_lines_of_json_are_read_one_by_one(running: Running) -> None:
    body = b"\n".join([json.dumps(call()).encode(), b"{no json", b"", b'{"operation": "\xff"}'])
    answer = await post(running, body, Content_Type="application/x-ndjson; charset=utf-8")
    assert answer.json["accepted"] == 1
    assert [(r["index"], r["error"]) for r in answer.json["refused"]] == [
        (1, "the line is not JSON in UTF-8"),
        (2, "the line is not JSON in UTF-8"),
    ]


async def test_a_packed_body_is_the_same_as_a_plain_one(running: Running) -> None:
    answer = await post(running, [call()] * 1000, Content_Encoding="gzip")
    assert answer.json["accepted"] == 1000


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        (b"", {}, 400, "the body is not JSON in UTF-8"),
        (b"[" * 100_000, {}, 400, "the body is not JSON in UTF-8"),
        (b"[1" + b"0" * 5000 + b"]", {}, 400, "the body is not JSON in UTF-8"),
        (b"{}", {}, 400, "the body must be an array of calls"),
        (b"[]", {}, 400, "the body contains no calls"),
        (b"\n \n", {"Content_Type": "application/x-ndjson"}, 400, "the body contains no calls"),
        (b"[{}]", {"Content_Type": "text/plain"}, 415,
         "the content type must be application/json or application/x-ndjson"),
        (b"[{}]", {"Content_Encoding": "br"}, 415, "the content encoding must be gzip or identity"),
        (b"[{}]", {"Content_Encoding": "gzip"}, 400, "the body is not gzip"),
        (json.dumps([{}] * (MAX_CALLS + 1)).encode(), {}, 413,
         "a batch may have at most 1000 calls; send it in parts"),
        (b" " * (MAX_BYTES + 1), {}, 413,
         "the body is larger than 1048576 bytes; send it in parts"),
        (b"[{}]", {"Idempotency_Key": "a b"}, 400,
         "Idempotency-Key must be 1 to 255 printable ASCII characters without spaces"),
        (b"[{}]", {"Idempotency_Key": "x" * 256}, 400,
         "Idempotency-Key must be 1 to 255 printable ASCII characters without spaces"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
async def test_a_bad_body_is_refused_as_a_whole(
    running: Running, body: bytes, headers: dict[str, str], status: int, error: str
) -> None:
    answer = await post(running, body, **headers)
    assert (answer.status, answer.json) == (status, {"error": error})


async def test_a_bomb_of_gzip_is_not_unpacked(running: Running) -> None:
    answer = await post(running, [" " * 50_000_000], Content_Encoding="gzip")
    assert answer.status == 413


@pytest.mark.parametrize(
    ("token", "status"),
    [("token-of-nobody-0123456789", 401), (ENVIRON["ZEN_TOKEN"], 403)],
)
async def test_only_a_token_that_may_ingest_is_let_in(
    running: Running, token: str, status: int
) -> None:
    answer = await post(running, [call()], token=token)
    assert answer.status == status
    assert await shown(running) == {}


async def test_only_a_post_reports(running: Running) -> None:
    answer = await running.ask(PATH, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_domains_of_no_store_are_taken_where_the_configuration_says_so(
    tmp_path: Path,
) -> None:
    async with taking(tmp_path, reporting(org=", unknown_domains: accept")) as running:
        calls = [
            call(domain="new.example", platform="shopify"),
            # As one that does not exist: nothing tells that it is another org's.
            call(domain=OTHER_SHOP, platform="shopify"),
            call(domain="new.example"),
            call(domain="https://new.example", platform="shopify"),
            call(platform="shopify"),
        ]
        answer = await post(running, calls)
        found = await shown(running)
    assert [(r["index"], r["field"]) for r in answer.json["refused"]] == [
        (2, "platform"), (3, "domain"), (4, "platform"),
    ]  # fmt: skip
    assert {key[1:4] for key in found} == {
        ("acme", "new.example", "shopify"), ("acme", OTHER_SHOP, "shopify"),
    }  # fmt: skip


async def test_errors_become_those_of_the_closed_list(tmp_path: Path) -> None:
    text = reporting(more="error_classes: {SoldOutError: out_of_stock, timeout: dns}\n")
    async with taking(tmp_path, text) as running:
        expected: list[tuple[dict[str, Any], str]] = [
            ({"error_class": "ETIMEDOUT"}, "timeout"),
            ({"error_class": "sold-out error"}, "out_of_stock"),
            ({"error_class": "Timeout"}, "dns"),
            ({"error_class": "ERR_BAD_REQUEST", "http_status": 403}, "forbidden"),
            ({"error_class": "SoldOutError", "http_status": 500}, "out_of_stock"),
            ({"http_status": 503}, "server_error"),
            ({"error_class": "NobodyKnowsError"}, "exception"),
        ]
        calls = [call(**fields) for fields, _ in expected]
        answer = await post(running, [*calls, call(http_status=200)])
        found = await shown(running)
    assert answer.json["unknown_error_classes"] == ["NobodyKnowsError"]
    types = sorted(key[5] for key in found if key[0] == ERRORS)
    assert types == sorted({error_type for _, error_type in expected})
    assert found[ERRORS, *CART, "out_of_stock", "customer"] == 2
    assert found[TOTAL, *CART] == 8


async def test_the_limit_of_operation_names_applies_to_each_org_separately(tmp_path: Path) -> None:
    text = reporting().replace("[env:ZEN_TOKEN]", "[{token: env:ZEN_TOKEN, scopes: [ingest]}]")
    async with taking(tmp_path, text) as running:
        await post(running, [call(f"own_{number}") for number in range(500)])
        zen = {"operation": "wrap_gift", "domain": OTHER_SHOP, "duration_seconds": 1}
        await post(running, [zen], token=ENVIRON["ZEN_TOKEN"])
        found = await shown(running)
    totals = {key[1:]: value for key, value in found.items() if key[0] == TOTAL}
    assert totals["zen", OTHER_SHOP, "woocommerce", "wrap_gift"] == 1
    assert totals["acme", SHOP, "woocommerce", "other"] == 400
    assert sum(totals.values()) == 501


async def test_a_body_that_comes_too_slowly_is_given_up(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.Event().wait()

    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    answer = await running.ask(PATH, "POST", data=slow(), headers=headers)
    assert (answer.status, answer.json["error"]) == (
        408, "the body did not arrive within 0 seconds",
    )  # fmt: skip


async def test_requests_beyond_the_limit_get_a_time_to_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MAX_BODIES_OF_ORG", 1)
    may_end = asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        yield json.dumps([call()]).encode()
        await may_end.wait()

    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    async with taking(tmp_path) as running:
        first = asyncio.create_task(running.ask(PATH, "POST", data=waiting(), headers=headers))
        async with asyncio.timeout(60):
            answer = await post(running, [call(domain="x")])
            while answer.status != 429:
                answer = await post(running, [call(domain="x")])
        may_end.set()
        assert (await first).status == 200
        assert answer.json == {"error": "too many requests of this org at the same time"}
        assert answer.headers["Retry-After"] == "1"
        assert (await shown(running))[TOTAL, *CART] == 1


async def test_others_have_their_turn_while_a_batch_is_dealt_with(running: Running) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    calls: list[Any] = [call(f"own_{number % 90}", seconds=number) for number in range(1000)]
    assert (await post(running, calls)).json["accepted"] == 1000
    counting.cancel()
    # Five slices of calls, two of series, and two waits for the file, at the very least.
    assert turns > 9


async def test_a_flood_of_batches_holds_up_nobody_else(running: Running) -> None:
    calls: list[Any] = [call(f"own_{number % 90}", seconds=number) for number in range(1000)]
    body, most, others_are_done = json.dumps(calls).encode(), 50, asyncio.Event()

    async def send() -> int:
        """Send batches one after another, as long as the others wait; return how many."""
        for sent in range(most):
            if others_are_done.is_set():
                return sent
            assert (await post(running, body)).status == 200
        return most

    flood = [asyncio.create_task(send()) for _ in range(20)]
    await asyncio.sleep(0)
    others = await asyncio.gather(*map(running.api, ("/-/healthy", "/api/v1/health", "/metrics")))
    others_are_done.set()
    sent = await asyncio.gather(*flood)
    assert max(sent) < most
    assert {answer.status for answer in others} == {200}
    assert (await shown(running))[TOTAL, *CART[:3], "own_1"] == sum(sent) * 12
