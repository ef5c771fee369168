from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from store_exporter.config import load
from store_exporter.config.entries import Discovery
from store_exporter.discovery import sources
from store_exporter.discovery.discoverer import Discoverer
from store_exporter.discovery.sources import SourceError, find
from store_exporter.server.listen import listening
from store_exporter.stores.model import Store
from tests.config.example import PLATFORMS

ENVIRON = {"KEY": "ck_12345678", "SD_TOKEN": "discovery-token"}


def source(folder: Path, where: str, store: str = "{key: env:KEY}") -> Discovery:
    file = folder / "store-exporter.yml"
    file.write_text(
        "orgs: [{org: acme}]\ndiscovery:\n  - org: acme\n    platform: example\n    limit: 3\n"
        f"    {where}\n    store: {{credentials: {store}}}\n"
    )
    (found,) = load(file, environ=ENVIRON, platforms=PLATFORMS).discovery
    return found


def groups(*domains: str) -> str:
    return json.dumps([{"targets": [domain], "labels": {"org": "evil"}} for domain in domains])


def domains(stores: Sequence[Store]) -> list[str]:
    return [store.domain for store in stores]


async def test_files_in_json_and_yaml_list_domains(tmp_path: Path) -> None:
    (tmp_path / "sd").mkdir()
    (tmp_path / "sd/a.json").write_text(groups("a.example", "b.example"))
    (tmp_path / "sd/b.yml").write_text("- targets: [c.example, a.example]\n")
    (tmp_path / "sd/ignored.txt").write_text("nothing")
    found = await find(source(tmp_path, "files: [sd/*.json, sd/*.yml]"))
    assert domains(found) == ["a.example", "b.example", "c.example"]
    assert {store.org for store in found} == {"acme"}
    assert {store.url for store in found} == {f"https://{d}" for d in domains(found)}


async def test_no_file_means_no_store(tmp_path: Path) -> None:
    assert await find(source(tmp_path, "files: [sd/*.json]")) == []


async def test_a_domain_with_problems_is_left_out_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.json").write_text(groups("https://a.example", "b.example", "../../etc"))
    (tmp_path / "b.example").write_text("ck_of_b")
    found = await find(source(tmp_path, "files: [a.json]", "{key: 'file:{domain}'}"))
    assert domains(found) == ["b.example"]
    assert found[0].credentials["key"].reveal() == "ck_of_b"  # type: ignore[union-attr]
    assert caplog.records[0].getMessage() == "2 found stores have problems and are left out"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b"{", "a.json is not JSON in UTF-8"),
        ("a.json", b"\xff", "a.json is not JSON in UTF-8"),
        ("a.json", b"[" * 100_000, "a.json is not JSON in UTF-8"),
        ("a.json", b"{}", "must be a list of target groups"),
        ("a.json", b'["a.example"]', "every target group must have a list of targets"),
        ("a.json", b'[{"targets": [1]}]', "every target group must have a list of targets"),
        ("a.json", groups("a", "b", "c", "d").encode(), "4 domains, more than the limit of 3"),
        ("a.yml", b"- [", "a.yml:1: YAML: not valid"),
        ("a.yml", b"- {targets: [], targets: []}", "the key stands on line 1 already"),
    ],
)
async def test_a_source_that_makes_no_sense_gives_no_answer(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message):
        await find(source(tmp_path, f"files: [{name}]"))


async def test_a_file_that_is_too_large_gives_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 1000)
    (tmp_path / "a.json").write_text(" " * 1001)
    with pytest.raises(SourceError, match="larger than"):
        await find(source(tmp_path, "files: [a.json]"))


class Service:
    """An address that lists domains, as a test wants it."""

    def __init__(self) -> None:
        self.response = web.Response()
        self.headers: dict[str, str] = {}

    async def answer(self, request: web.Request) -> web.Response:
        self.headers = dict(request.headers)
        given = self.response
        return web.Response(status=given.status, body=given.body, headers=given.headers)


@pytest.fixture
async def service() -> AsyncIterator[tuple[Service, str]]:
    made = Service()
    app = web.Application()
    app.router.add_get("/stores", made.answer)
    async with listening(app, [("127.0.0.1", 0)]) as (url,):
        yield made, f"{url}/stores"


async def test_an_address_lists_domains(tmp_path: Path, service: tuple[Service, str]) -> None:
    server, url = service
    server.response = web.Response(text=groups("a.example"))
    where = f"http: {{url: '{url}', bearer_token: env:SD_TOKEN}}"
    assert domains(await find(source(tmp_path, where))) == ["a.example"]
    assert server.headers["Authorization"] == "Bearer discovery-token"
    assert server.headers["X-Prometheus-Refresh-Interval-Seconds"] == "300"


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (web.Response(status=500), "answered with status 500"),
        (web.Response(status=302, headers={"Location": "/other"}), "answered with status 302"),
        (web.Response(text="<html>"), "did not answer with JSON"),
        (web.Response(body=b"[" * 100_000), "did not answer with JSON"),
        (web.Response(body=b" " * 2000), "exceeds"),
    ],
)
async def test_an_address_that_fails_gives_no_answer(
    tmp_path: Path,
    service: tuple[Service, str],
    monkeypatch: pytest.MonkeyPatch,
    response: web.Response,
    message: str,
) -> None:
    if message == "exceeds":
        monkeypatch.setattr(sources, "MAX_BYTES", 1000)
    server, url = service
    server.response = response
    with pytest.raises(SourceError, match=message):
        await find(source(tmp_path, f"http: {{url: '{url}'}}"))


async def test_an_address_that_is_away_gives_no_answer(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the address did not answer: Client"):
        await find(source(tmp_path, "http: {url: 'http://127.0.0.1:9'}"))


class Turns:
    """A sleep that ends when the test gives it a turn."""

    def __init__(self) -> None:
        self.asked = asyncio.Queue[float]()
        self.turn = asyncio.Semaphore(0)

    async def __call__(self, seconds: float) -> None:
        self.asked.put_nowait(seconds)
        await self.turn.acquire()

    async def next(self) -> float:
        """Wait until somebody sleeps, and return for how long."""
        return await self.asked.get()


async def test_what_was_found_stays_until_there_is_a_new_answer(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(groups("a.example"))
    found: list[list[str]] = []
    failed: list[str] = []
    turns = Turns()
    discoverer = Discoverer(lambda stores: found.append(domains(stores)), failed.append, turns)
    discoverer.replace([source(tmp_path, "files: [a.json]")])
    assert await turns.next() == 300
    assert found == [[], ["a.example"]]
    for content, expected in (
        ("nonsense", ["a.example"]),
        (groups("a.example", "b.example"), ["a.example", "b.example"]),
        (groups(), []),
    ):
        file.write_text(content)
        turns.turn.release()
        await turns.next()
        assert found[-1] == expected
    assert failed == ["acme"]
    await discoverer.stop()


async def test_a_reload_keeps_the_answers_of_sources_that_are_still_there(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(groups("a.example"))
    (tmp_path / "b.json").write_text(groups("b.example"))
    one = source(tmp_path, "files: [a.json]")
    other = source(tmp_path, "files: [b.json]")
    found: list[list[str]] = []
    turns = Turns()
    discoverer = Discoverer(lambda stores: found.append(domains(stores)), lambda _: None, turns)
    discoverer.replace([one])
    await turns.next()
    discoverer.replace([other, source(tmp_path, "files: [a.json]")])
    assert found[-1] == ["a.example"]
    await turns.next()
    await turns.next()
    assert found[-1] == ["b.example", "a.example"]
    discoverer.replace([])
    assert found[-1] == []
    await discoverer.stop()
