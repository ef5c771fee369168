"""Each request of a client is a span below its operation's, and tells nothing that is secret."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from store_demo.stores.base import DemoStore, Role, open_store
from store_exporter import Recorder, StoreError
from store_exporter.net.retry import Policy
from store_exporter.platforms.kit.client.http_spans import HttpSpan
from store_exporter.platforms.woocommerce import AsyncWooCommerce, WooCommerce
from tests.fakes.spans import kept

__all__ = ["kept"]

ONCE = Policy(attempts=1)


@pytest.fixture
def shop() -> DemoStore:
    return open_store(Role("acme", "shop.example.com", "woocommerce", "EUR"), seed=5)


def options(recorder: Recorder | None = None) -> dict[str, Any]:
    return {"org": "acme", "recorder": recorder or Recorder(), "policy": ONCE}


def check(spans: tuple[ReadableSpan, ...], url: str, shop: DemoStore) -> None:
    """Check one operation and the requests below it."""
    *requests, operation = spans
    assert requests
    port = int(url.rpartition(":")[2])
    for span in requests:
        told = dict(span.attributes or {})
        assert span.kind is trace.SpanKind.CLIENT
        assert span.parent is not None
        assert operation.context is not None
        assert span.parent.span_id == operation.context.span_id
        assert span.name == told["http.request.method"] == "GET"
        assert (told["server.address"], told["server.port"]) == ("127.0.0.1", port)
        assert told["http.response.status_code"] == 200
        path, _, query = str(told["url.full"]).partition("?")
        assert path.startswith(f"{url}/wp-json/")
        assert all(part.endswith("=REDACTED") for part in query.split("&") if part)
    text = "".join(span.to_json() for span in spans)
    for secret in (*shop.credentials.values(), "jane@example.com"):
        assert secret not in text


async def test_a_blocking_clients_requests_are_spans(
    shop: DemoStore, kept: InMemorySpanExporter
) -> None:
    async with shop.serve() as url:

        def search() -> None:
            with WooCommerce(url, *shop.credentials.values(), **options()) as store:
                store.search_products("jane@example.com", limit=3)

        await asyncio.to_thread(search)
    check(kept.get_finished_spans(), url, shop)


async def test_an_asynchronous_clients_requests_are_spans(
    shop: DemoStore, kept: InMemorySpanExporter
) -> None:
    async with (
        shop.serve() as url,
        AsyncWooCommerce(url, *shop.credentials.values(), **options()) as store,
    ):
        await store.search_products("jane@example.com", limit=3)
    check(kept.get_finished_spans(), url, shop)


async def test_a_refused_connection_and_a_status_are_errors(
    shop: DemoStore, kept: InMemorySpanExporter
) -> None:
    async with AsyncWooCommerce("http://127.0.0.1:9", "ck_1", "cs_1", **options()) as store:
        with pytest.raises(StoreError):
            await store.check_stock("SKU-010")
    async with (
        shop.serve() as url,
        AsyncWooCommerce(url, "ck_wrong", "cs_wrong", **options()) as store,
    ):
        with pytest.raises(StoreError):
            await store.check_stock("SKU-010")
    refused, _, unauthorized, operation = kept.get_finished_spans()
    assert dict(refused.attributes or {})["error.type"] == "connection"
    told = dict(unauthorized.attributes or {})
    assert (told["http.response.status_code"], told["error.type"]) == (401, "401")
    assert unauthorized.status.status_code is trace.StatusCode.ERROR
    assert dict(operation.attributes or {})["error.type"] == "unauthorized"


async def test_a_request_outside_of_a_traced_operation_has_no_span(
    shop: DemoStore, kept: InMemorySpanExporter
) -> None:
    recorder = Recorder()
    recorder.spans = False
    async with (
        shop.serve() as url,
        AsyncWooCommerce(url, *shop.credentials.values(), **options(recorder)) as store,
    ):
        await store.search_products("lamp", limit=3)
    assert kept.get_finished_spans() == ()


def test_an_address_that_repeats_a_key_is_reported_without_it(kept: InMemorySpanExporter) -> None:
    key = "ck_" + "0a1b2c3d4e" * 4
    basic = b64encode(f"{key}:cs_{'f' * 40}".encode()).decode()
    repeated = quote(f"Host: x | Authorization: Basic {basic} | /a?oauth_consumer_key={key}&b=1")
    with trace.get_tracer("test").start_as_current_span("operation"):
        for url in (f"/{key}/x", f"/x?{repeated}", f"/x?{key}=1", f"/{basic}", f"/x?{basic}"):
            HttpSpan("GET", f"https://shop.example.com{url}").responded(200)
        HttpSpan("GET", "https://shop.example.com/wp-json/wc/v3?per_page=1&meta[a]=2").responded(
            200
        )
    told = [str((span.attributes or {}).get("url.full")) for span in kept.get_finished_spans()]
    assert told[:3] == [
        "https://shop.example.com/REDACTED/x",
        "https://shop.example.com/x?REDACTED=REDACTED",
        "https://shop.example.com/x?REDACTED=REDACTED",
    ]
    assert all(word not in "".join(told) for word in (key, basic))
    assert told[5].endswith("/wp-json/wc/v3?per_page=REDACTED&meta%5Ba%5D=REDACTED")


@pytest.mark.parametrize("part", ["_", "a", "0", "_a", "a" * 23 + "_", "+", "a" * 39 + "-"])
def test_a_path_costs_time_in_proportion_to_its_length(
    kept: InMemorySpanExporter, part: str
) -> None:
    with trace.get_tracer("test").start_as_current_span("operation"):
        HttpSpan("GET", f"https://shop.example.com/{part * (200_000 // len(part))}").responded(200)
    assert len(kept.get_finished_spans()) == 2
