"""What both APIs show of the shop's things: dictionaries that GraphQL picks members from."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from .records import Order, Payment, Product, Refund, Variant, iso
from .shop import StockRoom

View = dict[str, Any]


def gid(kind: str, number: int) -> str:
    """Return a global id."""
    return f"gid://shopify/{kind}/{number}"


def number(value: str) -> int:
    """Return the number in a global id, 0 if there is none."""
    tail = value.rsplit("/", 1)[-1].partition("?")[0]
    return int(tail) if tail.isdigit() else 0


def money(amount: Decimal, currency: str) -> View:
    """Return a `MoneyV2`, with at least one decimal as Shopify writes it."""
    return {"__typename": "MoneyV2", "amount": f"{amount:.2f}", "currencyCode": currency}


def bag(amount: Decimal, currency: str) -> View:
    """Return a `MoneyBag`; shoppers pay in another currency than the shop's."""
    return {
        "shopMoney": money(amount, currency),
        "presentmentMoney": lambda _info: money(amount * Decimal("1.25"), "USD"),
    }


def connection(
    items: Sequence[Any],
    view: Callable[[Any], View],
    first: int,
    after: str | None = None,
    key: Callable[[Any], tuple[float, int]] | None = None,
) -> View:
    """Return one page of items, which are sorted by a key, up or down, if there is one.

    A cursor is the last item's key, so that it holds its place when items come and go; without keys
    it is the place in the list.
    """
    begin = 0
    if after and key is None:
        begin = int(after)
    elif after and key is not None and items:
        last = tuple(json.loads(after))
        falls = key(items[0]) > key(items[-1])
        passed = [key(item) >= last if falls else key(item) <= last for item in items]
        begin = passed.index(False) if False in passed else len(items)
    page = items[begin : begin + first]
    end = begin + len(page)
    cursors = [
        str(place) if key is None else json.dumps(key(item))
        for place, item in enumerate(page, begin + 1)
    ]
    return {
        "nodes": lambda _info: [view(item) for item in page],
        "edges": lambda _info: [
            {"cursor": cursor, "node": view(item)}
            for cursor, item in zip(cursors, page, strict=True)
        ],
        "pageInfo": {"hasNextPage": end < len(items), "endCursor": cursors[-1] if page else None},
    }


def count(value: int) -> View:
    """Return an exact `Count`."""
    return {"count": value, "precision": "EXACT"}


def options(variant: Variant) -> list[View]:
    """Return `selectedOptions`."""
    chosen = variant.options or {"Title": "Default Title"}
    return [{"name": name, "value": value} for name, value in chosen.items()]


class AdminViews:
    """What the Admin API shows."""

    def __init__(self, room: StockRoom) -> None:
        self._room = room

    def product(self, product: Product) -> View:
        """Return a `Product`."""
        return {
            "id": gid("Product", product.id),
            "title": product.title,
            "handle": product.title.lower().replace(" ", "-"),
            "status": product.status,
            "combinedListingRole": product.role,
            "description": lambda _info, **_: f"Description of {product.title}",
            "onlineStoreUrl": f"https://{self._room.domain}/products/{product.id}",
            "variantsCount": count(len(product.variants)),
            "hasOnlyDefaultVariant": not product.variants[0].options,
            "productType": product.kind,
            "collections": lambda _info, first, **_: connection(
                [product.kind], lambda kind: {"id": gid("Collection", 1), "title": kind}, first
            ),
            "variants": lambda _info, first, after=None, **_: connection(
                product.variants, self.variant, first, after
            ),
        }

    def variant(self, variant: Variant) -> View:
        """Return a `ProductVariant`."""
        return {
            "id": gid("ProductVariant", variant.id),
            "title": variant.title,
            "sku": variant.sku,
            "price": f"{variant.price:.2f}",
            "compareAtPrice": variant.before and f"{variant.before:.2f}",
            "availableForSale": variant.available,
            "inventoryQuantity": variant.quantity,
            "inventoryPolicy": "CONTINUE" if variant.backorders else "DENY",
            "selectedOptions": options(variant),
            "inventoryItem": {"tracked": variant.tracked},
            "product": lambda _info: self.product(variant.product),
        }

    def order(self, order: Order) -> View:
        """Return an `Order`."""
        return {
            "id": gid("Order", order.id),
            "name": order.name,
            "confirmationNumber": order.confirmation,
            "cartToken": order.cart,
            "email": order.email,
            "note": order.note,
            "createdAt": iso(order.created),
            "updatedAt": iso(order.updated),
            "cancelledAt": iso(order.cancelled) if order.cancelled else None,
            "test": order.test,
            "processedAt": iso(order.dated),
            "displayFinancialStatus": order.financial,
            "fullyPaid": order.received >= order.total,
            "displayFulfillmentStatus": order.fulfillment,
            "subtotalLineItemsQuantity": sum(pieces for _, pieces in order.lines),
            "currentSubtotalLineItemsQuantity": sum(pieces for _, pieces in order.lines),
            "taxesIncluded": True,
            **_amounts(order),
            "shippingLines": lambda _info, first, **_: connection([], dict, first),
            "customer": {
                "id": gid("Customer", sum(order.email.encode())),
                "displayName": order.email.partition("@")[0].title(),
            },
            "shippingAddress": {
                "name": order.email.partition("@")[0].title(),
                "company": "Parts Ltd",
                "address1": "1 High Street",
                "address2": "Flat 2",
                "city": "London",
                "provinceCode": "ENG",
                "zip": "SW1A 1AA",
                "countryCodeV2": "GB",
            },
            "lineItems": lambda _info, first, **_: connection(
                order.lines, partial(self._line, order.currency), first
            ),
            "transactions": lambda _info, first, **_: self._transactions(order)[:first],
            "fulfillments": lambda _info, first, **_: _parcels(order)[:first],
            "refunds": lambda _info, first, **_: [
                self.refund(r, order.currency) for r in order.refunds[:first]
            ],
            "events": lambda _info, first, **_: connection([order], self._event, first),
        }

    def _line(self, currency: str, line: tuple[Variant, int]) -> View:
        variant, pieces = line
        return {
            "name": variant.product.title,
            "title": variant.product.title,
            "quantity": pieces,
            "currentQuantity": pieces,
            "sku": variant.sku,
            "discountAllocations": [],
            "taxLines": [],
            "discountedTotalSet": bag(variant.price * pieces, currency),
            "priceAfterAllDiscountsBeforeTaxesSet": bag(variant.price * pieces, currency),
            "originalUnitPriceSet": bag(variant.price, currency),
            "variant": {"id": gid("ProductVariant", variant.id)},
            "product": {"id": gid("Product", variant.product.id)},
        }

    def refund(self, refund: Refund, currency: str) -> View:
        """Return a `Refund`."""
        return {
            "id": gid("Refund", refund.id),
            "createdAt": iso(refund.created),
            "note": refund.note,
            "totalRefundedSet": bag(
                refund.amount if refund.status == "SUCCESS" else Decimal(0), currency
            ),
        }

    def _transactions(self, order: Order) -> list[View]:
        moves: list[tuple[Payment | Refund, str, float, str]]
        moves = [(p, p.kind, p.processed, p.gateway) for p in order.payments]
        paid_by = order.payments[0].gateway if order.payments else "manual"
        moves += [(r, "REFUND", r.processed or r.created, paid_by) for r in order.refunds]
        return [
            {
                "id": gid("OrderTransaction", move.id),
                "kind": kind,
                "status": move.status,
                "gateway": gateway,
                "test": order.test,
                "createdAt": iso(move.created),
                "processedAt": iso(processed),
                "amountSet": bag(move.amount, order.currency),
            }
            for move, kind, processed, gateway in moves
        ]

    def _event(self, order: Order) -> View:
        return {
            "__typename": "BasicEvent",
            "id": gid("BasicEvent", order.id),
            "createdAt": iso(order.created),
            "message": f"{order.email} placed this order.",
            "attributeToUser": False,
        }


def _amounts(order: Order) -> View:
    zero = Decimal(0)
    amounts = {
        "totalPriceSet": order.total + order.removed,
        "currentTotalPriceSet": order.total - order.refunded,
        "totalOutstandingSet": order.total - order.received,
        "totalReceivedSet": order.received,
        "totalRefundedSet": order.refunded,
        "totalTaxSet": zero,
        "currentTotalTaxSet": zero,
        "originalTotalDutiesSet": zero,
        "currentTotalDutiesSet": zero,
        "totalDiscountsSet": zero,
        "currentTotalDiscountsSet": zero,
    }

    def shown(amount: Decimal) -> Callable[[Any], View]:
        # Most queries request few of them.
        return lambda _info: bag(amount, order.currency)

    return {name: shown(amount) for name, amount in amounts.items()}


def _parcels(order: Order) -> list[View]:
    if order.delivered is None:
        return []
    number = f"TRACK-{order.number}"
    parcel = {"number": number, "company": "Royal Mail", "url": f"https://track.example/{number}"}
    return [
        {
            "status": "SUCCESS",
            "createdAt": iso(order.delivered),
            "trackingInfo": lambda _info, first=None, **_: [parcel][:first],
        }
    ]
