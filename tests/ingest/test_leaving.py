"""What applications reported of stores that are gone is shown no more, also after a restart."""

from __future__ import annotations

import signal
from pathlib import Path

import aiohttp
import pytest

from store_exporter.config import load
from store_exporter.ingest.reportable import reportable
from store_exporter.metrics.guard import OTHER
from store_exporter.stores.inventory import Shard
from tests.commands.serving import served, until_logged
from tests.ingest.support import (
    CART,
    PATH,
    SHOP,
    TOKEN,
    TOTAL,
    call,
    figures,
    post,
    reporting,
    shown,
    taking,
)
from tests.server.support import ENVIRON, Running

GONE = "gone.example.com"
BOTH = reporting() + (
    f"  - {{domain: {GONE}, org: acme, platform: woocommerce, url: 'http://127.0.0.1:9', "
    "credentials: {consumer_key: env:KEY, consumer_secret: env:SECRET}}\n"
)
ACCEPTS = reporting(org=", unknown_domains: accept")


async def domains(url: str) -> dict[str, float]:
    """Which stores have reported calls, and how many."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        found = figures(await answer.text())
    return {key[2]: count for key, count in found.items() if key[0] == TOTAL}


async def report(url: str, domain: str) -> int:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + PATH, json=[call() | {"domain": domain}], headers=headers) as answer,
    ):
        return answer.status


@pytest.mark.timeout(360)
async def test_a_store_that_left_is_not_shown_whoever_watched_it(tmp_path: Path) -> None:
    """Neither after a reload nor after a restart; and one that comes back begins anew."""
    file = tmp_path / "store-exporter.yml"
    # Another shard watches it; this process takes the reports all the same.
    shard = f"--shard={int(Shard(0, 2).has(GONE))}/2"
    file.write_text(BOTH)
    async with served(tmp_path, shard, environ=ENVIRON) as (process, url, _):
        assert [await report(url, GONE), await report(url, SHOP)] == [200, 200]
        assert await domains(url) == {GONE: 1, SHOP: 1}
        file.write_text(reporting())
        process.send_signal(signal.SIGHUP)
        assert GONE in await until_logged(process, "no longer shown")
        await until_logged(process, "was reloaded")
        assert await domains(url) == {SHOP: 1}
        assert await report(url, GONE) == 400
        file.write_text(BOTH)
        process.send_signal(signal.SIGHUP)
        await until_logged(process, "was reloaded")
        assert await report(url, GONE) == 200
        assert await domains(url) == {GONE: 1, SHOP: 1}
        process.send_signal(signal.SIGTERM)
        await process.wait()
    file.write_text(reporting())
    async with served(tmp_path, shard, environ=ENVIRON) as (process, url, log):
        assert any(GONE in line for line in log if "no longer shown" in line)
        assert await domains(url) == {SHOP: 1}
        process.kill()
        await process.wait()
    # It was forgotten, and not only hidden.
    file.write_text(BOTH)
    async with served(tmp_path, shard, environ=ENVIRON) as (_, url, log):
        assert await domains(url) == {SHOP: 1}
        assert not [line for line in log if "no longer shown" in line]


async def test_domains_that_an_org_reports_stay_until_it_may_no_longer(tmp_path: Path) -> None:
    unknown = [call() | {"domain": "unknown.example", "platform": "woocommerce"}]

    async def of(running: Running) -> set[str]:
        return {key[2] for key in await shown(running)}

    async with taking(tmp_path, ACCEPTS) as running:
        await post(running, unknown)
        assert await of(running) == {"unknown.example"}
    async with taking(tmp_path, ACCEPTS) as running:
        assert await of(running) == {"unknown.example"}
        running.file.write_text(reporting())
        assert (await running.ask("/-/reload", "POST")).status == 200
        assert await of(running) == set()


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (CART[:3], True),
        (("zen", SHOP, "woocommerce"), False),
        (("acme", SHOP, "shopify"), False),
        (("acme", "found.example", "woocommerce"), True),
        (("zen", "found.example", "woocommerce"), False),
        (("acme", "lost.example", "woocommerce"), False),
        (("acme", OTHER, OTHER), True),
        ((OTHER, OTHER, OTHER), True),
        (("former", OTHER, OTHER), False),
    ],
)
def test_what_can_be_reported_is_what_the_configuration_and_its_sources_name(
    tmp_path: Path, labels: tuple[str, str, str], expected: bool
) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text(reporting())
    config = load(file, environ=ENVIRON)
    owners = {"found.example": "acme"}
    assert reportable(config.orgs, config.stores, owners)(labels) is expected
