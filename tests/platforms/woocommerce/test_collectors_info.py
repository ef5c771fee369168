"""The collectors that read what a shop is: version, currency, time zone, plugins."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault
from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.events.event import EventKind
from store_exporter.events.page import Facts
from store_exporter.net.plans import Request
from store_exporter.platforms.woocommerce.collectors import COLLECTORS

from .watching import LoopbackHttp, figures, watching

V3 = "/wp-json/wc/v3"


async def test_info_names_version_currency_time_zone_and_order_storage() -> None:
    async with watching(orders=0, timezone="Europe/Berlin", currency="EUR") as store:
        found = figures(await store.collect("info"))
        assert found == {"store_info{11.0.1,EUR,Europe/Berlin,hpos}": 1}
        assert len(store.asked()) == 2


@pytest.mark.parametrize(
    ("version", "settings", "storage"),
    [
        # As 5.8.0 and 6.9.4 respond; orders in tables of their own came with 7.1, and the status
        # says so since 7.7.
        ("5.8.0", [], "posts"),
        ("6.9.4", [], "posts"),
        ("7.0.1", [], "posts"),
        ("7.1.0", [], ""),
        ("7.6.1", [], ""),
        ("7.7.0", {"HPOS_enabled": False}, "posts"),
    ],
)
async def test_old_versions_store_orders_as_posts_or_do_not_say_it(
    version: str, settings: Any, storage: str
) -> None:
    status = {"environment": {"version": version}, "settings": settings}
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(path="*/system_status", change=lambda _: status))
        found = figures(await store.collect("info"))
        assert found == {f"store_info{{{version},GBP,UTC,{storage}}}": 1}


async def test_info_is_partial_when_the_key_may_not_read_system_status() -> None:
    async with watching(orders=3) as store:
        store.shop.faults.add(
            Fault(
                path="*/system_status",
                status=401,
                body='{"code": "woocommerce_rest_cannot_view", "message": "Sorry", '
                '"data": {"status": 401}}',
                content_type="application/json",
            )
        )
        found = figures(await store.collect("info"))
        assert found == {"store_info{11.0.1,GBP,UTC,}": 1}


@pytest.mark.parametrize("status", [500, 504])
async def test_info_is_partial_where_the_shop_fails_to_make_its_status(status: int) -> None:
    """It collects much (issues 14799, 14546 and 23291 of woocommerce/woocommerce)."""
    async with watching(orders=3) as store:
        store.shop.faults.add(Fault(path="*/system_status", status=status))
        report = await store.collect("info")
        assert figures(report) == {"store_info{11.0.1,GBP,UTC,}": 1}
        assert report.degraded[0].startswith("Some facts are not known: the store responded with")
        store.shop.faults.add(Fault(status=status))
        with pytest.raises(StoreError, match=f"HTTP {status}"):
            await store.collect("info")


@pytest.mark.parametrize(("status", "zone"), [(None, "UTC"), (403, "")])
async def test_an_administrators_key_has_the_time_zone_where_a_plugin_closes_the_index(
    status: int | None, zone: str
) -> None:
    async with watching(orders=0) as store:
        if status is not None:
            store.shop.faults.add(Fault(path="*/wc-admin/options", status=status))
        store.shop.faults.add(
            Fault(
                path="/wp-json/",
                status=401,
                body='{"code": "rest_login_required", "message": "Log in.", "data": null}',
                content_type="application/json",
            )
        )
        found = figures(await store.collect("info"))
        assert found == {f"store_info{{11.0.1,GBP,{zone},hpos}}": 1}


async def test_what_may_explain_a_failure_is_reported_beside_the_figures() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.add_webhook("disabled")
        found = {name: (await store.collect(name)).facts for name in ("info", "webhooks")}
        assert found["info"] == {EventKind.THEME: {"Twenty Twenty-Five": "1.5"}}
        assert found["webhooks"] == {
            EventKind.WEBHOOK: {"active": "0", "paused": "0", "disabled": "1"}
        }


async def test_versions_are_those_of_the_platform_and_of_each_plugin() -> None:
    async with watching(orders=0) as store:
        report = await store.collect("versions")
        assert report.facts[EventKind.PLATFORM] == {
            "WooCommerce": "11.0.1",
            "WordPress": "7.1.4",
            "PHP": "8.2.36",
        }
        # WooCommerce itself is one of its plugins.
        assert report.facts[EventKind.PLUGIN] == {}
        assert report.samples == ()
        store.shop.faults.add(
            Fault(
                path="*/system_status",
                body='{"environment": {"version": "11.1.0"}, "active_plugins": '
                '[{"name": "Stripe", "version": "9.8.1"}, {"name": "Odd"}]}',
                content_type="application/json",
            )
        )
        report = await store.collect("versions")
        assert report.facts == {
            EventKind.PLATFORM: {"WooCommerce": "11.1.0"},
            EventKind.PLUGIN: {"Stripe": "9.8.1", "Odd": ""},
        }


async def test_a_plugin_that_cannot_be_read_is_neither_removed_nor_hides_the_versions() -> None:
    async with watching(orders=0) as store:
        for odd in ("null", "[]", '{"plugin": "odd/odd.php"}', '{"name": null, "version": "1"}'):
            store.shop.faults.clear()
            store.shop.faults.add(
                Fault(
                    path="*/system_status",
                    body='{"environment": {"version": "11.1.0"}, "active_plugins": '
                    f'[{odd}, {{"name": "Stripe", "version": "9.8.1"}}]}}',
                    content_type="application/json",
                )
            )
            report = await store.collect("versions")
            assert report.facts == {EventKind.PLATFORM: {"WooCommerce": "11.1.0"}}
            assert "Plugins that could not be read and are left out: 1" in report.degraded[0]


@pytest.mark.parametrize(
    ("orders", "known"), [(0, {}), (3, {EventKind.PLATFORM: {"WooCommerce": "11.0.1"}})]
)
async def test_a_key_that_may_not_read_system_status_learns_one_version_at_most(
    orders: int, known: Facts
) -> None:
    async with watching(orders=orders) as store:
        store.shop.faults.add(
            Fault(
                path="*/system_status",
                status=401,
                body='{"code": "woocommerce_rest_cannot_view", "message": "Sorry", '
                '"data": {"status": 401}}',
                content_type="application/json",
            )
        )
        report = await store.collect("versions")
        assert (report.facts, report.samples) == (known, ())
        assert report.summary == "the key may not read system_status"


@pytest.mark.parametrize(("offset", "zone"), [("-3.5", "UTC-03:30"), ("0", "UTC")])
async def test_a_time_zone_without_a_name_is_its_offset(offset: str, zone: str) -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(
            Fault(
                path="/wp-json/",
                body=f'{{"timezone_string": "", "gmt_offset": {offset}}}',
                content_type="application/json",
            )
        )
        found = figures(await store.collect("info"))
        assert found == {f"store_info{{11.0.1,GBP,{zone},hpos}}": 1}


async def test_info_fails_when_the_key_is_revoked_and_the_index_is_gone() -> None:
    async with watching(orders=0) as store:
        store.shop.keys.revoke(store.key)
        store.shop.faults.add(Fault(path="/wp-json/", body="<html></html>"))
        with pytest.raises(StoreError) as raised:
            await store.collect("info")
        assert raised.value.error_type == "unauthorized"


async def test_the_currency_is_the_shop_s_where_a_plugin_has_one_for_each_visitor() -> None:
    @dataclass
    class VisitorsHttp(LoopbackHttp):
        """A real connection to a shop whose status shows the currency of the visitor."""

        async def send(self, request: Request) -> Response:
            response = await super().send(request)
            if not request.url.endswith("/system_status"):
                return response
            status = json.loads(response.body)
            status.setdefault("settings", {})["currency"] = "EUR"
            return replace(response, body=json.dumps(status).encode())

    async with watching() as store:
        watcher = replace(store, http=VisitorsHttp(store.http.session)).watcher()
        report = await watcher.run(COLLECTORS["info"], {})
        assert report.samples[0].labels["currency"] == "GBP"
