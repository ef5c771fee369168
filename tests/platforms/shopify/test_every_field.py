"""Whatever member of an answer is missing, null or of another type: an error, or nothing wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from store_exporter.net.plans import Request
from store_exporter.platforms.shopify import Shopify
from tests.fakes.clock import Clock
from tests.fakes.shopify import client
from tests.platforms import members
from tests.platforms.members import Recorded, Recorder, Replayer, cuts, other_figures, outcome

from .calls import CALLS, Scene

LEFT_OUT = (
    # What is left of the rate limit is no figure of the shop.
    "extensions",
    # A line of an order has none where it was deleted since.
    (0, "product"),
)


def query_of(request: Request) -> str:
    """Every query has the same address; its name tells them apart."""
    return str(request.json["operationName"])


DECORATION = {
    *("nodes.inventoryQuantity", "nodes.inventoryPolicy", "nodes.compareAtPrice"),
    *("nodes.collections", "nodes.productsCount", "productsCount.count", "nodes.handle"),
    *("nodes.createdAt", "nodes.updatedAt", "nodes.customer", "customer.id"),
    *("nodes.shippingAddress", "nodes.fulfillments", "fulfillments.trackingInfo"),
    *("refunds.createdAt", "refunds.note"),
}
"""Members without which no operation fails, as `in.member`."""


class Replay(members.Replay[Scene]):
    def client(self) -> Shopify:
        return self.answers.on(client(self.scene.shop, Clock()))


def record(name: str) -> tuple[Scene, list[Recorded], Any]:
    scene, recorder = Scene(), Recorder(query_of)
    return scene, recorder.seen, CALLS[name](Replay(scene, recorder))


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_member_never_makes_another_figure_nor_fails_what_it_decorates(name: str) -> None:
    scene, recorded, whole = record(name)
    assert CALLS[name](Replay(scene, Replayer(recorded, query_of))) == whole
    replay = partial(Replay, scene)
    wrong, failed = other_figures(CALLS[name], replay, recorded, whole, LEFT_OUT, key=query_of)
    assert wrong == []
    assert failed & DECORATION == set()


@pytest.mark.parametrize("name", CALLS)
def test_a_response_that_is_cut_off_is_an_error(name: str) -> None:
    scene, recorded, _ = record(name)
    for _, answers in cuts(recorded, query_of):
        error, _ = outcome(CALLS[name], Replay(scene, answers))
        assert error is not None
        assert error.error_type == "invalid_response"
