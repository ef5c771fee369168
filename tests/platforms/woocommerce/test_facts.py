"""What rarely changes of a shop, where plugins hide it."""

from __future__ import annotations

from .watching import figures, watching


async def test_a_shop_whose_plugin_hides_the_currency_is_read_by_its_status() -> None:
    async with watching(orders=0, currency="EUR") as store:
        store.shop.shop.habits.hides_currency = True
        store.shop.new_order("pending", total="12.40", created=store.clock.now - 7200)
        found = figures(await store.collect("carts"))
        assert found["store_cart_abandoned_value{EUR}"] == 12.4


async def test_liveness_of_a_shop_whose_plugin_hides_the_currency_requests_it_by_itself() -> None:
    async with watching(orders=0, currency="EUR") as store:
        store.shop.shop.habits.hides_currency = True
        report = await store.probe("liveness")
        assert "EUR" in report.summary
        assert store.asked()[1:] == ["/wp-json/wc/v3/data/currencies/current"]
