"""The first requests after a start find what was saved, and after the end nothing begins."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from store_exporter.config import load
from store_exporter.server import exporter as server
from store_exporter.server import watching
from store_exporter.server.app import create_app
from store_exporter.server.assembly import assembled
from store_exporter.server.process.listen import listening
from tests.fakes.documents import Slow
from tests.server.support import ENVIRON, configuration, exporting

TOKEN = "token-of-all-0123456789abcdef"
ALL = ENVIRON | {"ALL": TOKEN}
TOKENS = "[{token: env:ALL, scopes: [read, maintenance, ingest]}]"
FOUND = "found.example"
DOWN = "http://127.0.0.1:9"
"""Nobody listens there."""


class Source:
    """A source of stores that takes its time, and may fail."""

    def __init__(self) -> None:
        self.seconds = 0.3
        self.status = 200

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_get("/", self._respond)
        async with listening(app, [("127.0.0.1", 0)]) as (url,):
            yield url

    async def _respond(self, _: web.Request) -> web.Response:
        await asyncio.sleep(self.seconds)
        return web.json_response([{"targets": [FOUND]}], status=self.status)


class Asking:
    """Sends requests with a token for everything."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def get(self, path: str) -> Any:
        async with self._session.get(self._url + path) as response:
            return response.status, await response.json()

    async def status(self, path: str) -> int:
        async with self._session.get(self._url + path) as response:
            return response.status

    async def report(self, **call: Any) -> int:
        calls = [{"operation": "get_cart", "duration_seconds": 0.1, **call}]
        async with self._session.post(f"{self._url}/api/v1/operations", json=calls) as response:
            return response.status

    async def counted(self) -> list[int]:
        _, found = await self.get("/api/v1/analytics")
        return [one["total_operations"] for one in found["metrics"]]


@asynccontextmanager
async def started(folder: Path, source: str) -> AsyncIterator[Asking]:
    """Serve an exporter whose only stores are those of a source, from its first moment on."""
    file = folder / "store-exporter.yml"
    file.write_text(
        f"orgs: [{{org: acme, domains: [example], api_tokens: {TOKENS}}}]\n"
        f"discovery:\n  - org: acme\n    platform: woocommerce\n    http: {{url: '{source}'}}\n"
        "    store: {credentials: {consumer_key: env:KEY, consumer_secret: env:SECRET}}\n"
    )
    async with (
        assembled(partial(load, file, environ=ALL)) as exporter,
        listening(create_app(exporter), [("127.0.0.1", 0)]) as (url,),
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session,
    ):
        yield Asking(session, url)


async def test_stores_of_a_source_are_known_to_the_first_request(tmp_path: Path) -> None:
    async with Source().served() as place, started(tmp_path, place) as ask:
        (_, targets), (_, health) = await ask.get("/sd"), await ask.get("/api/v1/health")
        assert [group["targets"] for group in targets] == [[FOUND]]
        assert [check["domain"] for check in health["health_checks"]] == [FOUND]
        assert await ask.report(domain=FOUND) == 200


async def test_nothing_is_lost_while_a_source_does_not_respond_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source()
    async with source.served() as place:
        async with started(tmp_path, place) as ask:
            assert await ask.report(domain=FOUND) == 200
        source.status = 503
        async with started(tmp_path, place) as ask:
            # The platform is that of the earlier calls.
            assert await ask.report(domain=FOUND) == 200
            assert await ask.counted() == [2]
            assert await ask.report(domain="stranger.example") == 400
            status, said = await ask.get(f"/api/v1/health?domain={FOUND}")
            assert (status, "has not responded yet" in said["error"]) == (503, True)
            assert (await ask.get("/api/v1/health?domain=stranger.example"))[0] == 404
            # Prometheus keeps the targets that it had.
            assert await ask.status("/sd") == 503
            _, health = await ask.get("/api/v1/health")
            assert (health["complete"], health["overall_status"]) == (False, "unknown")
            assert "a source of stores has not responded yet" in health["warnings"][0]
        source.status, source.seconds = 200, 60
        monkeypatch.setattr(server, "_SOURCES_SECONDS", 0.1)
        # One that takes longer than the start waits for it.
        async with started(tmp_path, place) as ask:
            assert await ask.report(domain=FOUND, platform="woocommerce") == 200
            assert await ask.counted() == [3]


async def test_a_slow_state_is_read_before_anything_is_shown_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = Slow()
    stores = [("acme", f"s{number}.example", DOWN) for number in range(150)]
    text = configuration(*stores, more="calls: {keep: true}\n").replace("[env:ACME_TOKEN]", TOKENS)
    run = partial(exporting, tmp_path, text, environ=ALL, documents=documents)
    async with run() as running:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        begun = {"domain": "s7.example", "for": "2h", "reason": "plugins"}
        await running.ask("/api/v1/maintenance", "POST", headers=headers, data=json.dumps(begun))
        await running.scheduler.run("liveness")
        calls = (await running.api("/api/v1/calls?limit=1000", TOKEN)).json["calls"]
        assert len(calls) == len(stores)
    documents.seconds, documents.most = 0.2, 0
    async with run() as running:
        health = (await running.api("/api/v1/health", TOKEN)).json["health_checks"]
        assert [one["domain"] for one in health if one["maintenance"]] == ["s7.example"]
        assert (await running.api("/api/v1/calls?limit=1000", TOKEN)).json["calls"] == calls
        assert documents.most == 100
    documents.seconds = 3600
    monkeypatch.setattr(watching, "_RECALL_SECONDS", 0.1)
    async with asyncio.timeout(120), run() as running:
        assert (await running.api("/api/v1/health", TOKEN)).json["total_domains"] == len(stores)


async def test_what_changes_the_stores_while_it_stops_begins_nothing(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        exporter = running.exporter
        running.file.write_text(configuration(("acme", "s.example", DOWN)))
        reloading = asyncio.create_task(exporter.reload())
        await asyncio.sleep(0)
        await exporter.stop()
        assert len((await reloading).added) == 1
        await exporter.watching.settled()
        assert running.scheduler.stores == {}
