"""Paths below which everything is, directly and through a proxy that keeps or takes the prefix."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import aiohttp
import bcrypt
import pytest

from store_exporter.server.process.addresses import WebPaths, web_paths
from store_exporter.server.security.web_file import WebFile
from tests.server.support import ENVIRON, configuration, exporting
from tests.servers import eventually, tool

STORE = ("acme", "shop.example.com", "http://127.0.0.1:9")
OUTSIDE = "/monitoring/stores"


@pytest.mark.parametrize(
    ("external_url", "route_prefix", "paths"),
    [
        ("", None, WebPaths("", "/")),
        ("https://x.example/", None, WebPaths("", "/")),
        ("https://x.example/a/b/", None, WebPaths("/a/b", "/a/b/")),
        ("/a", None, WebPaths("/a", "/a/")),
        ("https://x.example:8443/a", "/", WebPaths("", "/a/")),
        ("https://x.example/a", "b", WebPaths("/b", "/a/")),
        ("", "/b/", WebPaths("/b", "/b/")),
    ],
)
def test_the_prefix_is_that_of_the_external_url_unless_configured(
    external_url: str, route_prefix: str | None, paths: WebPaths
) -> None:
    assert web_paths(external_url, route_prefix) == paths


@pytest.mark.parametrize(
    ("external_url", "route_prefix"),
    [
        ("ftp://x.example/", None),
        ("https:///a", None),
        ("//x.example/a", None),
        ("https://x.example/?a=b", None),
        ("https://x.example/a b", None),
        ("", "/{name}"),
        ("", "/a/../b"),
        ("", "//a//b"),
    ],
)
def test_what_is_no_address_or_path_is_refused(external_url: str, route_prefix: str | None) -> None:
    with pytest.raises(ValueError, match="must be"):
        web_paths(external_url, route_prefix)


@contextmanager
def nginx(folder: Path, upstream: str, *, keeps: bool) -> Iterator[Path]:
    """Run nginx in front of an exporter, below a path that it keeps or takes away.

    Yields the socket that it listens on, for it cannot tell a port that the system chose.
    """
    target = upstream if keeps else f"{upstream}/"
    place = OUTSIDE if keeps else f"{OUTSIDE}/"
    temporary = "".join(
        f"{name}_temp_path {folder};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file, address = folder / "nginx.conf", folder / "nginx.sock"
    file.write_text(
        "daemon off; master_process off; error_log stderr notice;"
        f"pid {folder}/nginx.pid; events {{}} http {{ access_log off; {temporary}"
        f"server {{ listen unix:{address}; "
        f"location {place} {{ proxy_pass {target}; }} }} }}"
    )
    with subprocess.Popen([tool("nginx"), "-c", file, "-p", folder]) as child:
        try:
            eventually(address.is_socket)
            yield address
        finally:
            child.terminate()


async def crawl(session: aiohttp.ClientSession, start: str) -> dict[str, int]:
    """Follow every link of every page; returns the status of each address found."""
    found: dict[str, int] = {}
    waiting = [start]
    while waiting:
        url = waiting.pop()
        async with session.get(url) as response:
            found[url] = response.status
            if response.content_type != "text/html":
                continue
            text = await response.text()
        for link in re.findall(r'href="([^"]+)"', text):
            target = urldefrag(urljoin(str(response.url), unescape(link))).url
            if target not in found and target not in waiting:
                waiting.append(target)
    return found


async def test_every_link_works_below_a_prefix(tmp_path: Path) -> None:
    paths = web_paths(f"https://x.example{OUTSIDE}/")
    async with exporting(tmp_path, configuration(STORE), paths=paths) as exporter:
        found = await crawl(exporter.session, exporter.url)
        inside = {urlsplit(url).path for url in found} - {""}
        assert set(found.values()) == {200}
        assert all(path.startswith(f"{OUTSIDE}/") for path in inside)
        assert {
            f"{OUTSIDE}/{path}" for path in ("metrics", "probe", "sd", "runbooks/StoreDown")
        } < inside
        for path in ("/", OUTSIDE):
            moved = await exporter.ask(path)
            assert (moved.status, moved.headers["Location"]) == (302, f"{OUTSIDE}/")
        assert (await exporter.ask("/metrics")).status == 404
        assert (await exporter.ask(f"{OUTSIDE}/-/reload", "POST")).status == 200


async def test_below_a_prefix_the_same_pages_require_a_password(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    file = tmp_path / "web.yml"
    file.write_text(f"basic_auth_users: {{prom: {hashed}}}\n")
    text = configuration(STORE)
    async with exporting(tmp_path, text, paths=web_paths("/s"), web_file=WebFile(file)) as exporter:
        open_ = {"/s/-/healthy": 200, "/s/api/v1/health": 401, "/s/": 401, "/s/metrics": 401}
        assert {path: (await exporter.ask(path)).status for path in open_} == open_
        token = {"Authorization": f"Bearer {ENVIRON['ACME_TOKEN']}"}
        assert (await exporter.ask("/s/api/v1/health", headers=token)).status == 200


@pytest.mark.real
@pytest.mark.parametrize("keeps", [True, False], ids=["keeps the path", "takes the path away"])
async def test_every_link_works_through_nginx(tmp_path: Path, *, keeps: bool) -> None:
    paths = web_paths(f"http://x.example{OUTSIDE}/", None if keeps else "/")
    async with exporting(tmp_path, configuration(STORE), paths=paths) as exporter:
        with nginx(tmp_path, exporter.url, keeps=keeps) as address:
            connector = aiohttp.UnixConnector(path=str(address))
            async with aiohttp.ClientSession(connector=connector) as session:
                found = await crawl(session, f"http://x.example{OUTSIDE}")
        assert set(found.values()) == {200}
        assert f"http://x.example{OUTSIDE}/runbooks/StoreDown" in found
        assert all(urlsplit(url).path.startswith(OUTSIDE) for url in found)
