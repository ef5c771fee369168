"""Lists by name as a scrape shows them: what leaves a list is gone, and each org has its own."""

from __future__ import annotations

import re
import time
from pathlib import Path

from store_demo.stores.woocommerce.demo import DemoWooCommerce
from tests.server.support import configuration, exporting


def carts(text: str) -> dict[str, set[str]]:
    """The numbers of the carts that are listed, by org."""
    found: dict[str, set[str]] = {}
    for labels in re.findall(r"^store_listed_cart_value\{(.*?)\}", text, re.MULTILINE):
        own = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        found.setdefault(own["org"], set()).add(own["cart"])
    return found


async def test_a_cart_that_was_paid_is_gone_with_the_next_run_and_orgs_see_their_own(
    tmp_path: Path, environ: dict[str, str], shop_url: str, shop: DemoWooCommerce
) -> None:
    text = configuration(
        ("acme", "shop.example.com", shop_url), ("zen", "quiet.example.com", shop_url)
    ).replace("{org: zen,", "{org: zen, lists: false,")
    first, second = (
        shop.new_order("pending", created=time.time() - 7200, total=total)["id"]
        for total in ("10.00", "20.00")
    )
    async with exporting(tmp_path, text, environ=environ) as running:
        await running.scheduler.run("carts")
        shown = carts((await running.ask("/metrics")).text)
        assert {str(first), str(second)} <= shown["acme"]
        assert "zen" not in shown
        shop.edit_order(first, status="processing")
        await running.scheduler.run("carts")
        shown = carts((await running.ask("/metrics")).text)
        assert str(first) not in shown["acme"]
        assert str(second) in shown["acme"]
