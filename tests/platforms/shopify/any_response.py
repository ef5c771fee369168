"""Shops that respond with anything that the schema allows: each value is chosen by its type.

The documents are executed by graphql-core; nothing here knows what the code expects. The same seed
gives the same responses, also where amounts in the other currency are multiplied.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    execute,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    is_scalar_type,
    parse,
)

from store_demo.stores.shopify.server import used_schema
from store_exporter.contract import Response
from store_exporter.net.plans import Request

OWN, OTHER = "GBP", "EUR"
PRICES = ("0", "0.01", "2.50", "9.99", "19.99", "50.00", "199.99", "73125.5")
TEXTS = ("", "Pump", "Größe XL", "x" * 300, "日本語", "a\u202eb", "12", "#12", " lead")
USUAL = {
    ("Order", "name"): "#1001",
    ("Order", "email"): "cust3@example.test",
    ("CartDiscountCode", "code"): "welcome5",
}
"""What has to match a call, or nearly every response would be that there is nothing."""
SCALARS: Mapping[str, tuple[Any, ...]] = {
    "Int": (0, 1, 2, 5, 100, -3, 2**31 - 1),
    "Float": (0.0, 0.1, 0.15, 0.5, 1.0, 20.0),
    "DateTime": ("2026-11-20T10:00:00Z", "2026-11-26T08:30:00Z", "2019-01-01T00:00:00Z"),
    "UnsignedInt64": ("0", "1", "12", "1000000000000000"),
    "URL": ("https://shop.example.com/products/a", "http://x.example/?a=b"),
    "HTML": ("", "<p>made &amp; paid</p>"),
    "FormattedString": ("", "Order <b>placed</b>"),
    "CountryCode": ("GB", "CA"),
    "ianaTimezone": ("Europe/London", "America/St_Johns", "Asia/Kathmandu"),
    "Decimal": PRICES,
    "Money": PRICES,
}

Info = GraphQLResolveInfo[Any]


@functools.cache
def schema(api: str) -> Any:
    return used_schema(api)


@functools.cache
def parsed(text: str) -> Any:
    return parse(text)


@dataclass
class AnyResponse:
    """Responds to documents.

    Attributes:
        seed: of all choices.
        null: how often what may be null is.
        other: how often an amount is in the other currency.
        times: what amounts in the other currency are multiplied with.
    """

    seed: object
    null: float = 0.1
    other: float = 0.1
    times: int = 1
    asked: str = ""

    async def send(self, request: Request) -> Response:
        """Respond, to a driver's requests as to a client's."""
        body: Any = request.json
        self.asked = json.dumps([body["operationName"], body.get("variables")], default=str)
        result = execute(
            schema("admin" if "/admin/" in request.url else "storefront"),
            parsed(body["query"]),
            root_value={},
            variable_values=body.get("variables"),
            field_resolver=self._resolve,
            type_resolver=self._type,
        )
        assert not result.errors, result.errors  # type: ignore[union-attr]
        text = json.dumps({"data": result.data}, default=str).encode()  # type: ignore[union-attr]
        kind = {"content-type": "application/json"}
        return Response(200, kind, text, request.url, {"processing": 0.1}, 2e9)

    def _random(self, *place: object) -> Random:
        return Random(repr((self.seed, self.asked, place)))

    def _type(self, _: Any, info: Info, abstract: Any) -> str:
        names = sorted(kind.name for kind in info.schema.get_possible_types(abstract))
        return self._random("type", info.path.as_list()).choice(names)

    def _resolve(self, parent: Any, info: Info, **given: Any) -> Any:
        place = tuple(info.path.as_list())
        size = given.get("first") or (parent or {}).get("first") or 3
        return self._value(info.return_type, info, place, {"first": size, "id": given.get("id")})

    def _value(self, kind: Any, info: Info, place: Any, made: Any) -> Any:
        random = self._random(place)
        if not is_non_null_type(kind) and random.random() < self.null:
            return None
        kind = get_nullable_type(kind)
        if is_list_type(kind):
            count = min(made["first"], random.choice((0, 1, 1, 2, 3)))
            return [self._value(kind.of_type, info, (*place, i), made) for i in range(count)]
        if isinstance(kind, GraphQLEnumType):
            return random.choice(list(kind.values))
        return self._scalar(kind.name, info, place, random) if is_scalar_type(kind) else made

    def _scalar(self, kind: str, info: Info, place: Any, random: Random) -> Any:
        parent, name = info.parent_type, info.field_name
        if kind == "CurrencyCode":
            return self._currency(place[:-1]) if name == "currencyCode" else OWN
        if name == "amount":
            times = self.times if self._currency(place[:-1]) == OTHER else 1
            return str(Decimal(random.choice(PRICES)) * times)
        if kind == "ID":
            return _gid(parent, random)
        if kind == "Boolean":
            return random.random() < (0.1 if name in ("hasNextPage", "test") else 0.5)
        if kind != "String" or name == "ianaTimezone":
            return random.choice(SCALARS[name if kind == "String" else kind])
        usual = "SKU-010" if name == "sku" else USUAL.get((parent.name, name))
        return usual if usual and random.random() < 0.7 else random.choice(TEXTS)

    def _currency(self, place: Any) -> str:
        is_shop = place[-1:] == ("shop",)
        is_other = self._random("currency", place).random() < self.other
        return OTHER if is_other and not is_shop else OWN


def _gid(parent: GraphQLObjectType, random: Random) -> str:
    return f"gid://shopify/{parent.name}/{random.choice((1, 7, 51, 7 * 10**12 + 1))}"
