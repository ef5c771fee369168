"""The simulated WooCommerce answers in the shape of the recorded one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store_demo.stores.serving import Incoming, finished
from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.platforms.woocommerce.auth import Credentials
from tests.fakes.clock import Clock

RECORDINGS = Path(__file__).parents[2] / "recordings" / "woocommerce-11.0.1"
# Recorded with what the request did not contain: another key, a header, an earlier request.
NOT_REPLAYED = {
    "error_basic_auth_over_http",
    "error_no_auth",
    "error_wrong_key",
    "error_wrong_secret",
    "error_read_only_key",
    "cart_remove_unknown_item",
}
# Objects whose members are names, not a structure.
MAPS = re.compile(r"\.totals\.\d{4}|\.options\.|\.database_tables\.")


def shape(value: Any, path: str = "") -> Iterator[str]:
    """Yield each member's path with its type; integers and floats are both numbers."""
    if isinstance(value, dict):
        yield f"{path} object"
        for name, member in value.items():
            yield from shape(member, f"{path}.{name}")
    elif isinstance(value, list):
        yield f"{path} list"
        for item in value:
            yield from shape(item, f"{path}[]")
    elif value is None:
        yield f"{path} null"
    elif isinstance(value, bool):
        yield f"{path} boolean"
    elif isinstance(value, (int, float)):
        yield f"{path} number"
    else:
        yield f"{path} text"


def comparable(line: str, lines: set[str]) -> bool:
    """Whether `lines` could have had this one: nothing above it is empty, null or a map."""
    path = line.rpartition(" ")[0]
    above = [path[: match.start()] for match in re.finditer(r"\[\]", path)]
    empty = any(f"{place} list" in lines and not filled(place, lines) for place in above)
    absent = any(
        f"{path[: match.start()]} null" in lines for match in re.finditer(r"\.|\[|$", path)
    )
    return not empty and not absent and not MAPS.search(path)


def filled(place: str, lines: set[str]) -> bool:
    return any(line.startswith(f"{place}[]") for line in lines)


def recordings() -> list[Any]:
    names = sorted(path.stem for path in RECORDINGS.glob("*.json"))
    return [pytest.param(name, id=name) for name in names if name not in NOT_REPLAYED]


@pytest.fixture(scope="module")
def store() -> SimulatedWooCommerce:
    clock = Clock()
    store = SimulatedWooCommerce(clock=clock.now, tls_terminated=True)
    # The ids that the recorded requests name.
    store.shop.orders[51] = {**store.new_order("completed"), "id": 51, "number": "51"}
    store.shop.notes[51] = [store.shop.add_note(max(store.shop.orders), "Shipped")]
    store.shop.refunds[51] = []
    for number in (60, 68):
        store.shop.orders[number] = {**store.new_order("processing"), "id": number}
        store.shop.notes[number] = []
        store.shop.refunds[number] = []
    store.refund(60, "10.00")
    store.shop.products[40] = {**store.shop.products[1000], "id": 40}
    return store


def replayed(
    store: SimulatedWooCommerce, request: dict[str, Any]
) -> tuple[int, dict[str, str], Any]:
    """Send a recorded request, with a cart of its own where it had one."""
    params = {name: str(value) for name, value in (request["params"] or {}).items()}
    headers = {}
    if "Cart-Token" in request["headers"]:
        session = store.carts.sessions.begin()
        headers["cart-token"] = store.carts.sessions.token(session)
        fill_cart(store, headers, request)
    elif request["auth"]:
        key = store.keys.read_write
        credentials = Credentials(key.consumer_key, key.consumer_secret)
        url = "https://shop.example.com" + request["path"]
        params, more = credentials.authorize(request["method"], url, params)
        headers = {name.lower(): value for name, value in more.items()}
    body = b"" if request["json"] is None else json.dumps(request["json"]).encode()
    incoming = Incoming(request["method"], request["path"], params, headers, body, scheme="https")
    status, answered, data = finished(store.respond(incoming), None)
    return status, {name.lower(): value for name, value in answered.items()}, json.loads(data)


def fill_cart(
    store: SimulatedWooCommerce, headers: dict[str, str], request: dict[str, Any]
) -> None:
    if request["path"].endswith("/add-item"):
        return
    add = json.dumps({"id": 19, "quantity": 2}).encode()
    path = "/wp-json/wc/store/v1/cart/add-item"
    answer = store.respond(Incoming("POST", path, {}, headers, add))
    if request["json"] is not None and "key" in request["json"]:
        request["json"]["key"] = answer.document["items"][0]["key"]


@pytest.mark.parametrize("name", recordings())
def test_a_response_has_the_members_and_types_of_the_recorded_one(
    store: SimulatedWooCommerce, name: str
) -> None:
    recording = json.loads((RECORDINGS / f"{name}.json").read_text())
    expected = recording["response"]
    status, headers, body = replayed(store, recording["request"])

    assert status == expected["status"]
    seen, wanted = set(shape(body)), set(shape(expected["body"]))
    differing = {
        line for line in seen ^ wanted if comparable(line, seen) and comparable(line, wanted)
    }
    assert not differing
    if status >= 400:
        assert body["code"] == expected["body"]["code"]
    for header in ("x-wp-total", "x-wp-totalpages", "cart-token", "nonce"):
        assert (header in headers) == (header in expected["headers"]), header
