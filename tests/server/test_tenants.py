"""Two orgs whose sources name the same store, with a real exporter, real files and restarts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from store_demo.stores.base import DemoStore
from store_exporter.config import load
from store_exporter.metrics.catalogue import exporter as catalogue
from store_exporter.server.assembly import assembled
from store_exporter.server.exporter import Exporter
from tests.metrics.figures import series
from tests.server.support import ENVIRON

CONFIGURATION = """
orgs: [{org: evil}, {org: acme%s}]
discovery:
  - org: evil
    platform: woocommerce
    files: [evil.json]
    refresh: 20ms
    store:
      credentials:
        consumer_key: file:{org}/{domain}-key
        consumer_secret: file:{org}/{domain}-secret
  - org: acme
    platform: woocommerce
    files: [acme.json]
    refresh: 20ms
    store:
      credentials:
        consumer_key: file:{org}/{domain}-key
        consumer_secret: file:{org}/{domain}-secret
"""
SHOP = "shop.acme.example"


def names(folder: Path, org: str, *domains: str) -> None:
    """Have an org's source name these, from one moment to the next."""
    new = folder / f"{org}.new"
    new.write_text(json.dumps([{"targets": domains}]))
    new.replace(folder / f"{org}.json")


@asynccontextmanager
async def running(folder: Path, reserved: str = "") -> AsyncIterator[Exporter]:
    file = folder / "store-exporter.yml"
    file.write_text(CONFIGURATION % reserved)
    async with assembled(partial(load, file, environ=ENVIRON)) as exporter:
        await exporter.start()
        try:
            yield exporter
        finally:
            await exporter.stop()


async def becomes(exporter: Exporter, owner: str | None, *refused: str) -> None:
    """Wait until the shop is watched for an org, or for none, and refused to others."""

    def now() -> tuple[str | None, list[str]]:
        store = exporter.inventory.stores.get(SHOP)
        return store.org if store else None, sorted(one.org for one in exporter.refusals)

    for _ in range(3000):
        if now() == (owner, sorted(refused)):
            return
        await asyncio.sleep(0.02)
    assert now() == (owner, sorted(refused))


async def holds(exporter: Exporter, owner: str | None, *refused: str) -> None:
    """See that it stays so while every source is asked several times more."""
    await becomes(exporter, owner, *refused)
    await asyncio.sleep(0.2)
    await becomes(exporter, owner, *refused)


async def test_a_source_that_names_the_store_of_another_org_never_gets_it(tmp_path: Path) -> None:
    names(tmp_path, "acme", SHOP)
    names(tmp_path, "evil")
    async with running(tmp_path) as exporter:
        await becomes(exporter, "acme")
        names(tmp_path, "evil", SHOP)
        await holds(exporter, "acme", "evil")
        await exporter.reload()
        await holds(exporter, "acme", "evil")
        (tmp_path / "acme.json").write_text("an answer that makes no sense")
        await holds(exporter, "acme", "evil")
        (tmp_path / "acme.json").unlink()
        await holds(exporter, "acme", "evil")
    # After a restart the owner is silent at first: nobody gets the store meanwhile.
    async with running(tmp_path) as exporter:
        await holds(exporter, None, "evil")
        names(tmp_path, "acme", SHOP)
        await holds(exporter, "acme", "evil")
        names(tmp_path, "acme")
        await becomes(exporter, "evil")
    assert json.loads((tmp_path / "state/owners.json").read_text()) == {"evil": [SHOP]}


async def test_without_what_was_remembered_a_contested_store_is_nobodys(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names(tmp_path, "acme", SHOP)
    names(tmp_path, "evil", SHOP)
    (tmp_path / "state").mkdir()
    (tmp_path / "state/owners.json").write_bytes(b"\0" * 10)
    async with running(tmp_path) as exporter:
        await holds(exporter, None, "acme", "evil")
        names(tmp_path, "evil")
        await holds(exporter, "acme")
    assert any(message.startswith("which org had which") for message in caplog.messages)
    assert (tmp_path / "state/owners.json").stat().st_mode & 0o777 == 0o600


async def test_domains_of_an_org_are_its_own_whatever_happened_before(tmp_path: Path) -> None:
    names(tmp_path, "acme")
    names(tmp_path, "evil", SHOP)
    async with running(tmp_path) as exporter:
        await becomes(exporter, "evil")
    async with running(tmp_path, ", domains: [acme.example]") as exporter:
        await holds(exporter, None, "evil")
        names(tmp_path, "acme", SHOP)
        await holds(exporter, "acme", "evil")
        assert exporter.refusals[0].reason == "not_allowed"


async def test_what_lacks_its_secret_is_critical_by_configuration_and_alone(
    tmp_path: Path, shop: DemoStore, shop_url: str, environ: dict[str, str]
) -> None:
    lacking = f"""
orgs: [{{org: acme}}]
defaults: {{probes: {{liveness: {{interval: 1s, timeout: 1s}}}}}}
stores:
  - domain: shop.example.com
    org: acme
    platform: woocommerce
    url: {shop_url}
    credentials: {{consumer_key: env:KEY, consumer_secret: env:SECRET}}
  - domain: lacking.example
    org: acme
    platform: woocommerce
    url: {shop_url}
    credentials: {{consumer_key: env:KEY, consumer_secret: env:NOT_THERE}}
discovery:
  - org: acme
    platform: woocommerce
    files: [acme.json]
    refresh: 20ms
    store:
      credentials: {{consumer_key: 'file:{{domain}}/key', consumer_secret: 'file:{{domain}}/key'}}
"""
    names(tmp_path, "acme", "found.example")
    file = tmp_path / "store-exporter.yml"
    file.write_text(lacking)
    async with assembled(partial(load, file, environ=environ)) as exporter:
        await exporter.start()
        sick = {"lacking.example": "critical", "found.example": "critical"}
        await states(exporter, {"shop.example.com": "healthy", **sick})
        for domain in sick:
            store = exporter.inventory.stores[domain]
            (liveness,) = (one for one in exporter.status(store).checks if one.liveness)
            assert liveness.error_type == "unauthorized"
            labels = (*store.labels, "liveness", "unauthorized", "config")
            assert series(exporter.recorder, "store_probe_failures_total")[labels] >= 1
        # A reload that loses the secret of one more loses that store alone, and one that finds them
        # again has all of them back.
        file.write_text(lacking.replace("env:SECRET", "env:NOT_THERE"))
        await exporter.reload()
        await states(exporter, {"shop.example.com": "critical", **sick})
        file.write_text(lacking.replace("env:NOT_THERE", "env:SECRET"))
        await exporter.reload()
        del sick["lacking.example"]
        expected = {"shop.example.com": "healthy", "lacking.example": "healthy", **sick}
        await states(exporter, expected)
        await exporter.stop()


async def states(exporter: Exporter, expected: dict[str, str]) -> None:
    """Wait until the stores are in these states."""
    for _ in range(3000):
        found = {store.domain: state for store, state in exporter.states()}
        if found == expected:
            return
        await asyncio.sleep(0.02)
    assert {store.domain: state for store, state in exporter.states()} == expected


async def test_a_source_that_fails_shows_how_often_in_a_row_until_it_is_read(
    tmp_path: Path,
) -> None:
    def failures() -> dict[tuple[str, ...], float]:
        return series(exporter.recorder, catalogue.DISCOVERY_FAILING.name)

    async def until(true: Callable[[], bool]) -> None:
        for _ in range(3000):
            if true():
                return
            await asyncio.sleep(0.01)
        assert true(), failures()

    names(tmp_path, "acme", SHOP)
    async with running(tmp_path) as exporter:
        await until(lambda: failures().get(("evil",), 0) > 1)
        assert failures()["acme",] == 0
        names(tmp_path, "evil")
        await until(lambda: failures()["evil",] == 0)
        (tmp_path / "evil.json").unlink()
        await until(lambda: failures()["evil",] > 1)
        file = tmp_path / "store-exporter.yml"
        file.write_text(file.read_text().split("discovery:")[0])
        await exporter.reload()
        assert failures() == {("acme",): 0, ("evil",): 0}, "there is no source that could fail"
