"""Files and addresses that name stores: what is believed of them, and what is no response."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store_exporter.config import settling
from store_exporter.discovery import sources
from store_exporter.discovery.sources import SourceError, claim, find
from store_exporter.server.process.listen import listening
from store_exporter.stores.owners import SourceClaim, settle
from tests.discovery.naming import domains, groups, source
from tests.steps import counting


@pytest.fixture(autouse=True)
def _files_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for YAML that was written just now; tests/config/test_settling.py is about it."""
    monkeypatch.setattr(settling, "QUIET_SECONDS", 0)


async def test_files_in_json_and_yaml_list_domains(tmp_path: Path) -> None:
    (tmp_path / "sd").mkdir()
    (tmp_path / "sd/a.json").write_text(groups("a.example", "b.example"))
    (tmp_path / "sd/b.yml").write_text("- targets: [c.example, a.example]\n")
    (tmp_path / "sd/ignored.txt").write_text("nothing")
    found = await find(source(tmp_path, "files: [sd/*.json, sd/*.yml]"))
    assert domains(found) == ["a.example", "b.example", "c.example"]
    assert {store.org for store in found.stores} == {"acme"}
    assert {store.url for store in found.stores} == {f"https://{d}" for d in domains(found)}


@pytest.mark.parametrize("name", ["a.json", "a.yml"])
async def test_a_byte_order_mark_before_a_file_is_no_part_of_it(tmp_path: Path, name: str) -> None:
    text = groups("a.example") if name == "a.json" else "- targets: [a.example]\n"
    (tmp_path / name).write_text(text, encoding="utf-8-sig")
    assert domains(await find(source(tmp_path, f"files: [{name}]"))) == ["a.example"]


async def test_no_file_means_no_store(tmp_path: Path) -> None:
    assert await find(source(tmp_path, "files: [sd/*.json]")) == SourceClaim("acme")


async def test_a_domain_with_problems_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(groups("https://a.example", "b.example", "../../etc"))
    (tmp_path / "b.example").write_text("ck_of_b")
    found = await find(source(tmp_path, "files: [a.json]", "{key: 'file:{domain}'}"))
    assert domains(found) == ["b.example"]
    assert found.stores[0].credentials["key"].reveal() == "ck_of_b"  # type: ignore[union-attr]
    assert [(one.domain, one.reason) for one in found.refusals] == [
        ("https://a.example", "invalid"),
        ("../../etc", "invalid"),
    ]


async def test_a_secret_and_an_address_are_made_of_org_and_domain(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(groups("a.example"))
    (tmp_path / "acme-a.example").write_text("ck_of_a")
    found = await find(
        source(
            tmp_path,
            "files: [a.json]",
            "{key: 'file:{org}-{domain}'}",
            "url: 'https://www.{domain}:8443/shop/'",
        )
    )
    (store,) = found.stores
    assert store.credentials["key"].reveal() == "ck_of_a"  # type: ignore[union-attr]
    assert store.url == "https://www.a.example:8443/shop"
    assert store.networks == ()


async def test_a_file_that_is_named_but_missing_is_no_response(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot read a\.json: No such file"):
        await find(source(tmp_path, "files: [a.json]"))


async def test_a_pipe_where_a_file_should_be_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(SourceError, match=r"a\.json is not a regular file"):
        await find(source(tmp_path, "files: [a.json]"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b"{", "a.json is not JSON"),
        ("a.json", b"\xff", "a.json is not UTF-8 text"),
        ("a.json", groups("a").encode("utf-16"), "a.json is in UTF-16; save it as UTF-8"),
        ("a.json", groups("a").encode("utf-16-be"), "a.json is in UTF-16; save it as UTF-8"),
        ("a.yml", "- targets: [a]".encode("utf-16"), "a.yml is in UTF-16; save it as UTF-8"),
        ("a.json", b"[" * 60_000, "a.json is not JSON"),
        ("a.json", b"{}", "must be a list of target groups"),
        ("a.json", b'["a.example"]', "every target group must have a list of targets"),
        ("a.json", b'[{"targets": [1]}]', "every target group must have a list of targets"),
        ("a.json", groups("a", "b", "c", "d").encode(), "more domains than the limit of 3"),
        ("a.yml", b"- [", "a.yml:1: YAML: not valid"),
        ("a.yml", b"- {targets: [], targets: []}", "duplicate key; the first is on line 1"),
    ],
)
async def test_a_source_that_makes_no_sense_gives_no_response(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message):
        await find(source(tmp_path, f"files: [{name}]"))


async def test_a_file_that_is_too_large_gives_no_response(
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
    assert server.headers["Accept-Encoding"] == "identity"
    assert server.headers["Authorization"] == "Bearer discovery-token"
    assert server.headers["X-Prometheus-Refresh-Interval-Seconds"] == "300"


async def test_a_byte_order_mark_before_a_response_is_ignored(
    tmp_path: Path, service: tuple[Service, str]
) -> None:
    server, url = service
    server.response = web.Response(body=groups("a.example").encode("utf-8-sig"))
    assert domains(await find(source(tmp_path, f"http: {{url: '{url}'}}"))) == ["a.example"]


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (web.Response(status=500), "responded with status 500"),
        (web.Response(status=302, headers={"Location": "/other"}), "responded with status 302"),
        (web.Response(text="<html>"), "did not respond with JSON"),
        (web.Response(body=groups("a").encode("utf-16")), "is in UTF-16"),
        (web.Response(body=b"[" * 60_000), "did not respond with JSON"),
        (web.Response(body=b" " * 2000), "exceeds"),
        (
            web.Response(body=gzip.compress(b"[]"), headers={"Content-Encoding": "gzip"}),
            "is not UTF-8 text",
        ),
    ],
)
async def test_an_address_that_fails_gives_no_response(
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


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:9", "127.0.0.1 refused the connection"),
        ("https://nowhere.invalid", "the name nowhere.invalid does not resolve"),
    ],
)
async def test_an_address_that_is_away_gives_no_response(
    tmp_path: Path, url: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        await find(source(tmp_path, f"http: {{url: '{url}'}}"))


texts = st.text(max_size=12)

names = st.one_of(
    texts,
    st.from_regex(r"[a-z0-9.:@/\[\]%-]{1,20}", fullmatch=True),
    st.sampled_from(["a.example", "b.example.", "A.EXAMPLE", "10.0.0.1", "::1", "xn--a.example"]),
    st.ip_addresses().map(str),
)

document = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), names),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.just("targets"), texts), inner, max_size=3),
        st.lists(names, max_size=3).map(lambda found: [{"targets": found}]),
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(document.map(lambda one: json.dumps(one).encode()), st.binary(max_size=60)))
@pytest.mark.parametrize("name", ["a.json", "a.yml"])
def test_whatever_a_source_says_is_stores_that_may_be_named_or_no_response(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    os.utime(tmp_path / name, (0, 0))  # long ago, so that nobody may be writing it
    try:
        found = asyncio.run(find(source(tmp_path, f"files: [{name}]")))
    except SourceError as error:
        found, said = SourceClaim("acme"), str(error)
    else:
        said = ""
    assert "\n" not in said
    assert len(said) < 500
    for store in found.stores:
        assert re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*example", store.domain)
        assert "xn--" not in store.domain
        assert (store.org, store.url) == ("acme", f"https://{store.domain}")
        assert store.networks == ()
    assert len(found.stores) + len(found.refusals) <= 3
    assert all(len(one.domain) <= 101 for one in found.refusals)


def test_what_one_found_store_costs_does_not_depend_on_how_many_there_are(tmp_path: Path) -> None:
    config = replace(source(tmp_path, "files: [a.json]"), limit=10_000)

    def work(count: int) -> int:
        # No other test has names of these domains in a cache.
        named = [f"shop{number}.of{count}.example" for number in range(count)]
        owners = dict.fromkeys(named, "acme")
        with counting() as steps:
            found = claim(config, named)
            settled = settle(owners, found.stores[:10], [found])
        assert len(settled.stores) == count
        return steps.count

    few, more, most = work(100), work(300), work(500)
    assert few > 100 * 50
    assert abs((most - more) - (more - few)) < 0.02 * most
