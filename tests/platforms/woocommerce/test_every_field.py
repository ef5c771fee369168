"""Whatever member of an answer is missing, null or of another type: an error, or nothing wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from store_exporter.platforms.woocommerce import WooCommerce
from tests.fakes.clock import Clock
from tests.fakes.direct import DirectTransport
from tests.platforms import members
from tests.platforms.members import Recorded, Recorder, Replayer, cuts, other_figures, outcome

from .calls import CALLS, Scene

LEFT_OUT = (
    # Members whose own members nobody reads, or too many alike.
    *("options", "_links", "extensions", "database"),
    # What only happens to look like a number: a formula for costs, numbers of orders and parcels,
    # and SKUs.
    *(("cost", "value"), "number", "tracking_number", "sku"),
    # A price may be a number, so that one in place of no price at all is believed.
    "regular_price",
    # Of a product without variations there is none, and any text is a name.
    "parent_name",
    # An order without an address has one as soon as a part of it is a number.
    *(("shipping", part) for part in ("address_1", "address_2", "city", "postcode", "country")),
)


DECORATION = {
    *("rating_count", "average_rating", "on_sale", "date_on_sale_to_gmt", "backorders_allowed"),
    *("stock_quantity", "count", "verified", "title", "description"),
    *("line_items", "line_items.quantity", "line_items.total", "line_items.product_id"),
    *("date_modified_gmt", "date_paid_gmt", "date_completed_gmt", "shipping", "meta_data"),
    *("items_count", "coupons", "coupons.code", "quantity_limits", "quantity_limits.maximum"),
}
"""Members without which no operation fails, as `member` or `in.member`."""


class Replay(members.Replay[Scene]):
    def client(self) -> WooCommerce:
        key = self.scene.store.keys.read_write
        clock = self.scene.clock if isinstance(self.answers, Recorder) else Clock()
        client = WooCommerce(
            "https://shop.example.com",
            key.consumer_key,
            key.consumer_secret,
            org="acme",
            transport=DirectTransport(self.scene.store),
            sleep=clock.sleep,
            monotonic=clock.now,
            now=clock.now,
        )
        return self.answers.on(client)


def record(name: str) -> tuple[Scene, list[Recorded], Any]:
    scene, recorder = Scene(), Recorder()
    return scene, recorder.seen, CALLS[name](Replay(scene, recorder))


@pytest.mark.usefixtures("same_members")
@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_member_never_makes_another_figure_nor_fails_what_it_decorates(name: str) -> None:
    scene, recorded, whole = record(name)
    assert CALLS[name](Replay(scene, Replayer(recorded))) == whole
    replay = partial(Replay, scene)
    wrong, failed = other_figures(CALLS[name], replay, recorded, whole, LEFT_OUT)
    assert wrong == []
    assert failed & DECORATION == set()


@pytest.mark.parametrize("name", CALLS)
def test_a_response_that_is_cut_off_is_an_error(name: str) -> None:
    scene, recorded, whole = record(name)
    for cut, answers in cuts(recorded):
        error, found = outcome(CALLS[name], Replay(scene, answers))
        if error is not None:
            assert error.error_type == "invalid_response"
        elif cut.path.endswith("/cart"):
            # The setting of decimals counts where a cart does not show them.
            assert found == whole
        else:
            # The reason of a cancellation is noted after the order was cancelled.
            assert name == "cancel_order"
            assert not found.reason_noted
            assert found.order == whole.order
