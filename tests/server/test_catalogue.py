"""What a run emits, names and labels, is what the catalogue says, and the other way round."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import trustme
import yaml
from prometheus_client.parser import text_string_to_metric_families

from store_demo.scene import CHECK, exporter_configuration, open_stores
from store_demo.stores.base import DemoStore
from store_demo.stores.faults import Fault
from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.config import load
from store_exporter.metrics.catalogue import CATALOGUE, exporter, health
from store_exporter.metrics.recorder import Recorder
from store_exporter.server.app import create_app
from store_exporter.server.assembly import assembled
from store_exporter.server.process.listen import listening

NOT_EMITTED_HERE = {
    exporter.OTLP_PUSHES.name: "only a process that pushes emits it",
    exporter.STATE_LOSSES.name: "only a damaged state file is a loss",
    exporter.STATE_ERRORS.name: "only a state that cannot be used is an error",
    exporter.INGESTED.name: "only an application that reports makes it; see tests/ingest",
}
FOREIGN = ("process_", "python_")
"""Names that prometheus_client's collectors of the process emit."""


def emitted(text: str) -> dict[str, set[tuple[str, ...]]]:
    """Return the label names of every series by the name of its metric."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = family.name if family.type == "histogram" else sample.name
            if not name.startswith(FOREIGN):
                labels = tuple(label for label in sample.labels if label != "le")
                found.setdefault(name, set()).add(labels)
    return found


async def test_a_run_emits_what_the_catalogue_says_and_nothing_else(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(tls)
    shops = open_stores()
    for shop in shops.values():
        shop.faults.add(Fault(status=429, times=1))
        shop.faults.add(Fault(status=500, times=2))
        # The others may all hit probes.
        shop.faults.add(Fault(path="*/reports/orders/totals", status=500, times=1))
    async with AsyncExitStack() as stack:
        addresses = {}
        for domain, shop in shops.items():
            (url,) = await stack.enter_async_context(
                listening(shop.app, [("127.0.0.1", 0)], lambda: tls)
            )
            # By a name, which is looked up.
            addresses[domain] = url.replace("127.0.0.1", "localhost")
        text, environ = configuration(shops, addresses)
        (tmp_path / "store-exporter.yml").write_text(text)
        read = partial(load, tmp_path / "store-exporter.yml", environ=environ)
        recorder = Recorder()
        operation = recorder.operation("acme", "a.example", "woocommerce", "get_cart")
        operation.start()
        operation.fail(0.1, "timeout")
        running = await stack.enter_async_context(assembled(read, recorder=recorder))
        app = create_app(running)
        (url,) = await stack.enter_async_context(listening(app, [("127.0.0.1", 0)]))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        expected = CATALOGUE.keys() - NOT_EMITTED_HERE.keys()
        found = await life(session, f"{url}/metrics", shops, expected)
    assert sorted(expected - found.keys()) == []
    assert sorted(found.keys() - CATALOGUE.keys()) == []
    assert found == {name: {CATALOGUE[name].labels} for name in found}


def configuration(
    shops: Mapping[str, DemoStore], addresses: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """Describe the shops, one of them with hardly a budget, and a source that has no answer."""
    places = {**addresses, "prometheus": "http://127.0.0.1:9"}
    document, environ = exporter_configuration(places, shops, CHECK)
    defaults: Any = document["defaults"]
    for schedule in (*defaults["probes"].values(), *defaults["collectors"].values()):
        schedule["interval"] = "1s"
    stores: Any = document["stores"]
    for store in stores:
        store["ca_file"] = "ca.pem"
    (last,) = (store for store in stores if store["domain"] == list(shops)[-1])
    last["requests_per_hour"] = 20
    document["discovery"] = [
        {
            "org": stores[0]["org"],
            "platform": stores[0]["platform"],
            "http": {"url": "http://127.0.0.1:9"},
            "store": {key: stores[0].get(key, {}) for key in ("credentials", "settings")},
        }
    ]
    orgs: Any = document["orgs"]
    for org in orgs:
        org["domains"] = ["example"]
    return yaml.safe_dump(document), environ


async def life(
    session: aiohttp.ClientSession,
    url: str,
    shops: Mapping[str, DemoStore],
    expected: set[str],
) -> dict[str, set[tuple[str, ...]]]:
    """Let the shops trade until everything expected was seen, and return all that was."""
    random = Random(3)
    found: dict[str, set[tuple[str, ...]]] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(200):
            while expected - found.keys():
                for shop in shops.values():
                    shop.trade(random)
                    if isinstance(shop, SimulatedWooCommerce) and health.EVENT.name not in found:
                        shop.shop.add_webhook("active")
                async with session.get(url) as answer:
                    for name, labels in emitted(await answer.text()).items():
                        found.setdefault(name, set()).update(labels)
                await asyncio.sleep(0.2)
    return found
