"""How a request proves who asks: lasting tokens, tokens for a day, and what fails with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from store_demo.stores.faults import Fault
from store_demo.stores.serving import Incoming, Outgoing
from store_demo.stores.shopify import SimulatedShopify
from store_exporter.config.secrets import SecretSource
from store_exporter.errors import StoreError
from store_exporter.platforms.shopify import App, Shopify
from store_exporter.platforms.shopify.auth import Tokens, problem
from store_exporter.stores.model import Secret
from tests.fakes.clock import Clock
from tests.fakes.direct import Json, answering, changing
from tests.fakes.shopify import client
from tests.platforms.shopify.watching import Watched, watched

GRANT = "/admin/oauth/access_token"


def app(shop: SimulatedShopify) -> App:
    return App(shop.tokens.client_id, shop.tokens.client_secret)


def grants(shop: SimulatedShopify) -> int:
    return [path for _, path in shop.requests].count(GRANT)


def test_an_app_requests_a_token_once_a_day(shop: SimulatedShopify, clock: Clock) -> None:
    store = client(shop, clock, admin=app(shop))
    for _ in range(3):
        assert store.check_stock("SKU-010").in_stock
    assert grants(shop) == 1
    clock.advance(86_200.0)
    assert store.check_stock("SKU-010").in_stock
    assert grants(shop) == 1 + 1


@pytest.mark.parametrize("status", [401, 200])
def test_a_storefront_token_that_is_refused_is_named(
    shop: SimulatedShopify, clock: Clock, status: int
) -> None:
    """Shopify refuses it with an empty message."""
    refused = '{"errors": [{"message": "", "extensions": {"code": "UNAUTHORIZED"}}]}'
    fault = Fault(path="/api/*", status=status, body=refused, content_type="application/json")
    shop.faults.add(fault)
    with pytest.raises(StoreError, match="does not accept the storefront_token") as caught:
        client(shop, clock).search_products("valve")
    assert (caught.value.error_type, caught.value.code) == ("unauthorized", "UNAUTHORIZED")


def revoke_granted(shop: SimulatedShopify) -> None:
    """Make the tokens worthless, but not what they are given for."""
    secret = shop.tokens.client_secret
    shop.tokens.revoke()
    shop.tokens.client_secret = secret


def test_a_token_that_is_refused_early_is_replaced_at_once(
    shop: SimulatedShopify, clock: Clock
) -> None:
    store = client(shop, clock, admin=app(shop))
    store.check_stock("SKU-010")
    revoke_granted(shop)
    order = next(o for o in shop.stock_room.orders.values() if o.fulfillment != "FULFILLED")
    assert store.cancel_order(order.number).order.status == "cancelled"
    assert grants(shop) == 1 + 1


def test_a_token_that_is_refused_although_it_is_new_is_not_replaced_again(
    shop: SimulatedShopify, clock: Clock
) -> None:
    store = client(shop, clock, admin=app(shop))
    refused = json.dumps({"errors": "[API] Invalid API key or access token"})
    shop.faults.add(answering(refused, path="*/graphql.json", status=401))
    for count in (1, 2):
        with pytest.raises(StoreError, match="does not accept the access token"):
            store.check_stock("SKU-010")
        assert grants(shop) == count
    assert len(shop.requests) == 4


def test_a_token_that_expires_during_a_request_that_fails_repeats_no_change(
    shop: SimulatedShopify, clock: Clock
) -> None:
    """Nobody knows whether the shop carried out what it had no time to confirm."""
    store = client(shop, clock, admin=app(shop))
    order = next(o for o in shop.stock_room.orders.values() if o.fulfillment != "FULFILLED")
    store.check_stock("SKU-010")
    clock.advance(86_095.0)
    sent = []

    def fail(answer: Json) -> Json:
        if "orderCancel" not in answer.get("data", {}):
            return answer
        sent.append(answer)
        clock.advance(8.0)
        internal = {"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
        return {"data": None, "errors": [internal]}

    shop.faults.add(changing("*", fail))
    with pytest.raises(StoreError, match="Internal error"):
        store.cancel_order(order.number)
    assert len(sent) == 1


def test_a_secret_that_was_changed_is_reported_and_not_the_token_that_it_gave(
    shop: SimulatedShopify, clock: Clock
) -> None:
    store = client(shop, clock, admin=app(shop))
    store.check_stock("SKU-010")
    shop.tokens.revoke()
    with pytest.raises(StoreError, match="the client_secret is not that of the client_id"):
        store.check_stock("SKU-010")


def test_a_lasting_token_that_is_refused_is_sent_once(
    shop: SimulatedShopify, store: Shopify
) -> None:
    shop.tokens.revoke()
    with pytest.raises(StoreError, match="does not accept the access token"):
        store.check_stock("SKU-010")
    assert len(shop.requests) == 1


def test_searching_needs_no_token_of_the_admin_api(shop: SimulatedShopify, clock: Clock) -> None:
    assert client(shop, clock, admin=app(shop)).search_products("part", limit=1)
    assert grants(shop) == 0


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        (401, {"error": "invalid_client"}, "unauthorized", "the client_secret is not that of"),
        (400, "<html>Oauth error app_not_installed: ...</html>", "unauthorized", "not installed"),
        (400, {"error": "shop_not_permitted"}, "unauthorized", "different organisations"),
        (400, {"error": "something_new"}, "unauthorized", "HTTP 400"),
        (404, "", "api_not_found", "no such shop"),
        (403, "<html>Attention Required! | Cloudflare</html>", "blocked", "HTTP 403|answered"),
        (200, {"access_token": 3, "expires_in": 10}, "invalid_response", "access_token"),
        (200, {"access_token": "", "expires_in": 10}, "invalid_response", "is not one"),
        (200, {"access_token": "a\nb", "expires_in": 10}, "invalid_response", "is not one"),
        (200, {"access_token": "shpat_1", "expires_in": "soon"}, "invalid_response", "expires_in"),
        (200, [], "invalid_response", "access_token"),
        (200, "<html>Hello</html>", "invalid_response", "web page"),
        (429, "", "rate_limited", "slow down"),
        (502, "", "server_error", "502"),
        (503, {"errors": "x"}, "server_error", "503"),
        (402, "", "maintenance", "paid"),
    ],
)
async def test_a_token_that_is_not_given_says_why(  # noqa: PLR0917
    shop: SimulatedShopify, clock: Clock, status: int, body: Any, expected: str, words: str
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html" if isinstance(body, str) else "application/json"
    fault = answering(text, path=GRANT, status=status, content_type=kind)
    shop.faults.add(fault)
    with pytest.raises(StoreError, match=words) as caught:
        client(shop, clock, admin=app(shop)).check_stock("SKU-010")
    assert caught.value.error_type == expected
    assert shop.tokens.client_secret not in str(caught.value)
    found = with_app(watched())
    found.shop.faults.add(fault)
    with pytest.raises(StoreError, match=words) as caught:
        await found.probe("liveness")
    assert caught.value.error_type == expected


def with_app(found: Watched) -> Watched:
    tokens = found.shop.tokens
    found.credentials = {
        "client_id": Secret(tokens.client_id),
        "client_secret": Secret(tokens.client_secret),
    }
    return found


async def test_probes_and_collectors_share_the_token_of_the_day() -> None:
    found = with_app(watched())
    for name in ("customers", "order_statuses"):
        await found.collect(name)
    await found.probe("liveness")
    assert grants(found.shop) == 1
    found.clock.advance(86_200.0)
    await found.probe("liveness")
    assert grants(found.shop) == 1 + 1


async def test_new_credentials_are_used_at_once() -> None:
    found = with_app(watched())
    await found.probe("liveness")
    found.shop.tokens.revoke()
    with_app(found)
    await found.probe("liveness")
    assert grants(found.shop) == 1 + 1


async def test_a_token_that_was_revoked_is_requested_anew_by_the_same_run() -> None:
    found = with_app(watched())
    await found.probe("liveness")
    revoke_granted(found.shop)
    assert "sells in" in (await found.probe("liveness")).summary


def in_file(found: Watched, folder: Path) -> Path:
    """Have the shop's token of the Admin API be read from a file, as a configuration names one."""
    file = folder / "token"
    file.write_text(found.shop.tokens.admin + "\n")
    storefront = Secret(found.shop.tokens.storefront)
    secret = SecretSource(folder, {}).secret("file:token")
    found.credentials = {"admin_token": secret, "storefront_token": storefront}
    return file


async def test_a_token_that_another_program_renews_in_its_file_is_read_when_it_is_refused(
    tmp_path: Path,
) -> None:
    found = watched()
    file = in_file(found, tmp_path)
    for _ in range(3):
        found.shop.tokens.revoke()
        file.write_text(found.shop.tokens.admin)
        before = len(found.shop.requests)
        assert "sells in" in (await found.probe("liveness")).summary
        assert len(found.shop.requests) == before + 2
        await found.collect("customers")
    assert "shpat_" not in repr(found.credentials)


@pytest.mark.parametrize("content", ["", "shpat_1\nshpat_2", None])
async def test_a_token_that_no_longer_stands_in_its_file_is_refused_once(
    tmp_path: Path, content: str | None
) -> None:
    found = watched()
    file = in_file(found, tmp_path)
    found.shop.tokens.revoke()
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    for _ in range(2):
        before = len(found.shop.requests)
        with pytest.raises(StoreError, match="does not accept the access token"):
            await found.probe("liveness")
        assert len(found.shop.requests) == before + 1
    file.write_text(found.shop.tokens.admin)
    assert "sells in" in (await found.probe("liveness")).summary


async def test_two_requests_with_a_token_that_ended_both_go_on_with_the_next(
    tmp_path: Path,
) -> None:
    found = watched()
    file = in_file(found, tmp_path)
    tokens = Tokens(found.credentials, found.clock.now)
    old = tokens.admin
    file.write_text("shpat_next")
    assert [tokens.renew(old), tokens.renew(old)] == [True, True]
    assert tokens.headers("admin") == {"X-Shopify-Access-Token": "shpat_next"}


def test_a_token_whose_end_the_shop_does_not_state_is_used_for_an_hour(
    shop: SimulatedShopify, clock: Clock
) -> None:
    def endless(answer: Json) -> Json:
        del answer["expires_in"]
        return answer

    shop.faults.add(changing(GRANT, endless))
    store = client(shop, clock, admin=app(shop))
    for seconds in (0.0, 3000.0, 600.0):
        clock.advance(seconds)
        assert store.check_stock("SKU-010").in_stock
    assert grants(shop) == 2


SIGNATURE = {
    "crawler_signature_input": 'sig1=("@authority" "signature-agent");keyid="abc";created=1',
    "crawler_signature": "sig1=:c2lnbmF0dXJlb2ZvbmVzaG9w:",
}


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({"admin_token": "t"}, None),
        ({"client_id": "i", "client_secret": "s"}, None),
        ({"client_id": "i", "client_secret": "s", "storefront_token": "f"}, None),
        ({}, "either client_id and client_secret are needed, or an admin_token"),
        ({"client_id": "i"}, "either client_id and client_secret are needed"),
        ({"client_secret": "s"}, "either client_id and client_secret are needed"),
        ({"admin_token": "t", "client_id": "i"}, "there is an admin_token as well"),
        ({"admin_token": "t", "crawler_signature": "sig1=:c2lnbg==:"}, "are needed together"),
        ({"admin_token": "t", **SIGNATURE}, None),
    ],
)
def test_credentials_that_do_not_go_together_are_reported(
    credentials: dict[str, str], words: str | None
) -> None:
    found = problem(credentials)
    assert found is None if words is None else words in str(found)


def test_an_app_does_not_show_its_secret() -> None:
    assert "shpss" not in repr(App("id", "shpss_1"))
    assert "shpat_" not in repr(client(SimulatedShopify()))


@pytest.mark.parametrize("signed", [True, False])
async def test_requests_of_pages_carry_the_signature_that_a_shop_gives_its_programs(
    signed: bool,
) -> None:
    found = watched()
    secrets = SIGNATURE if signed else {}
    found.credentials = {
        "admin_token": Secret(found.shop.tokens.admin),
        "storefront_token": Secret(found.shop.tokens.storefront),
        **{name: Secret(value) for name, value in secrets.items()},
    }
    seen: dict[str, dict[str, str]] = {}
    inner = found.shop.respond

    def respond(request: Incoming) -> Outgoing:
        seen[request.path] = {n: v for n, v in request.headers.items() if "signature" in n}
        return inner(request)

    found.shop.respond = respond  # type: ignore[method-assign]
    for name in ("liveness", "cart", "storefront"):
        await found.probe(name)
    page, admin, storefront = (
        seen[path] for path in ("/", "/admin/api/2026-10/graphql.json", "/api/2026-10/graphql.json")
    )
    headers = {
        "signature-input": SIGNATURE["crawler_signature_input"],
        "signature": SIGNATURE["crawler_signature"],
        "signature-agent": '"https://shopify.com"',
    }
    assert (page, admin, storefront) == (headers if signed else {}, {}, page)
