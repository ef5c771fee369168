"""The pictures of the documentation: what is on them, and how a browser takes them."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from store_demo import browser, pictures
from store_exporter.mixin import dashboards
from store_exporter.mixin.documentation import reference


def test_docs_have_each_picture_that_is_taken_and_no_other(repository: Path) -> None:
    found = {file.stem for file in (repository / "docs" / "pictures").glob("*.png")}
    assert found == {picture.name for picture in pictures.pictures(5)}


def test_each_dashboard_has_a_picture_or_the_demo_has_too_little_history_for_it() -> None:
    taken = {picture.name for picture in pictures.pictures(5)}
    assert {page.file for page in dashboards.pages()} - taken == set(reference.UNPICTURED)


def test_where_a_program_is_missing_it_says_so_and_touches_nothing(
    tmp_path: Path, repository: Path
) -> None:
    old = tmp_path / "fleet.png"
    old.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-m", "store_demo.pictures", str(tmp_path)],
        env={**os.environ, "PATH": "", "PYTHONPATH": str(repository / "exporter")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Not on PATH: prometheus, alertmanager, grafana, chromium. The pictures stay" in (
        done.stderr
    )
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


@pytest.mark.real
@pytest.mark.timeout(360)
async def test_a_browser_captures_a_page_when_it_is_ready_and_completely_without_a_height() -> None:
    path = browser.program()
    if path is None:
        pytest.skip("no chromium on PATH: no picture is taken")
    body = """<!DOCTYPE html><meta name="viewport" content="width=device-width">
    <body style="margin: 0"><div style="height: 345px"></div>
    <script>setTimeout(() => { window.done = true }, 1000)</script>"""
    app = web.Application()

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="text/html")

    app.router.add_get("/", show)
    async with TestServer(app) as server, browser.running(path) as page:
        url = str(server.make_url("/"))
        part = await page.picture(url, 500, 300, ready="window.done")
        assert await page.evaluate("window.done") is True
        whole = await page.picture(url, 500)
        with pytest.raises(browser.BrowserError, match="was not ready after 1 s"):
            await page.picture(url, 500, ready="false", patience=1)
    assert size(part) == (500, 300)
    assert size(whole) == (500, 345)


def size(png: bytes) -> tuple[int, ...]:
    """Width and height, from the head of a PNG."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])
