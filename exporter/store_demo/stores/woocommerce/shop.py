"""The state of a simulated shop and the rules by which it changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from .answers import Document
from .assortment import Assortment
from .habits import Habits
from .templates import currency_members, fresh

MOST_ORDERS = 20_000
"""Orders that a shop keeps; the oldest then make room, so that a demo can run for weeks."""
PAID = ("processing", "completed")
HOLDS_STOCK = ("on-hold", *PAID)
STATUSES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}


class Shop(Assortment):
    """A shop: beside the goods its orders, customers and offers, and all that may happen."""

    def __init__(
        self, domain: str, currency: str, clock: Callable[[], float], timezone: str
    ) -> None:
        super().__init__(domain, currency, clock, timezone)
        self.orders: dict[int, Document] = {}
        self.refunds: dict[int, list[Document]] = {}
        self.notes: dict[int, list[Document]] = {}
        self.fulfilments: dict[int, list[Document]] = {}
        self.coupons: dict[int, Document] = {}
        self.customers: dict[int, Document] = {}
        self.webhooks: dict[int, Document] = {}
        self.gateways = self.templates.rows("gateways")
        self.zones: dict[int, Document] = {z["id"]: z for z in self.templates.rows("zones")}
        self.zone_methods: dict[int, list[Document]] = {0: [], 1: self.templates.rows("methods")}
        self.zone_places: dict[int, list[tuple[str, str]]] = {1: [("country", "GB")]}
        """What each zone has, by kind and code."""
        self.habits = Habits()
        """What is odd about its list of orders."""
        self.analytics_lag = 0.0
        """Seconds by which wc-analytics is behind the orders."""
        self.hpos = True
        """Whether orders have tables of their own, which `reports/sales` and `top_sellers` miss."""
        self.report_cache: dict[str, tuple[float, list[Document]]] = {}
        """Those reports as they were when somebody asked for them, for a day."""
        self._reduced: set[int] = set()

    @property
    def shown(self) -> int:
        """How many decimals prices have where the shop displays them."""
        return self.decimals if self.habits.decimals is None else self.habits.decimals

    def line_items(self, lines: Sequence[tuple[int, int]]) -> list[Document]:
        """Return an order's lines for pairs of product or variation id and quantity."""
        rows = []
        for product_id, quantity in lines:
            item = self.item(product_id)
            if item is None:
                raise KeyError(product_id)
            price = Decimal(item["price"])
            parent = self.products.get(item.get("parent_id") or 0)
            name = item["name"] if parent is None else f"{parent['name']} - {item['name']}"
            total = self.amount(price * quantity)
            rows.append(
                self.templates.get(
                    "line_item",
                    id=self.next_id(),
                    name=name,
                    product_id=product_id if parent is None else parent["id"],
                    variation_id=0 if parent is None else product_id,
                    quantity=quantity,
                    subtotal=total,
                    total=total,
                    subtotal_tax=self.amount(0),
                    total_tax=self.amount(0),
                    sku=item["sku"],
                    price=int(price) if price == int(price) else float(price),
                    parent_name=None if parent is None else parent["name"],
                    meta_data=[],
                )
            )
        return rows

    def new_order(
        self,
        status: str = "processing",
        *,
        email: str = "cust1@example.test",
        lines: Sequence[tuple[int, int]] | None = None,
        total: Decimal | str | None = None,
        currency: str | None = None,
        created: float | None = None,
        parent: int = 0,
        via: str = "checkout",
    ) -> Document:
        """Place an order and return a copy of it.

        Args:
            status: its status from the start, without the `wc-` prefix.
            email: the billing address; a customer of that address becomes its customer.
            lines: pairs of product or variation id and quantity; one of the first product
                unless given.
            total: the order's total where it should not be the sum of its lines, whose last one
                then makes up for the difference.
            currency: another currency than the shop's.
            created: when it was placed, in Unix seconds; now unless given.
            parent: the order that it belongs to, as plugins make such.
            via: what made it.
        """
        when = self.clock() if created is None else created
        rows = self.line_items(lines if lines is not None else [(next(iter(self.products)), 1)])
        summed = sum((Decimal(row["total"]) for row in rows), Decimal(0))
        number = self.next_id()
        customer = next((c for c in self.customers.values() if c["email"] == email), None)
        order = self.templates.get(
            "order",
            id=number,
            number=str(number),
            status=status,
            currency=currency or self.currency,
            currency_symbol=currency_members(currency or self.currency)["currency_symbol"],
            customer_id=customer["id"] if customer else 0,
            parent_id=parent,
            created_via=via,
            version=self.habits.release,
            order_key="wc_order_" + hashlib.sha256(f"{number}".encode()).hexdigest()[:13],
            line_items=rows,
            total=self.amount(summed if total is None else total),
        )
        for name in ("discount_total", "discount_tax", "shipping_total", "shipping_tax"):
            order[name] = self.amount(0)
        order["billing"]["email"] = email
        order["payment_url"] = (
            f"{self.base}/checkout/order-pay/{number}/?pay_for_order=true&key={order['order_key']}"
        )
        self.stamp(order, "date_created", when)
        self.stamp(order, "date_modified", when)
        self.stamp(order, "date_paid", when if status in PAID else None)
        self.stamp(order, "date_completed", when if status == "completed" else None)
        self._fit_lines(order, order["total"])
        self._keep(order)
        return fresh(order)

    def _keep(self, order: Document) -> None:
        """Add a new order to the shop, which forgets its oldest one where there are too many."""
        number = order["id"]
        self.orders[number] = order
        self.refunds[number] = []
        self.notes[number] = []
        self._follow_status(order)
        if len(self.orders) > MOST_ORDERS:
            oldest = next(iter(self.orders))
            for kept in (self.orders, self.refunds, self.notes):
                kept.pop(oldest)
            self._reduced.discard(oldest)

    def edit_order(self, order_id: int, **changes: Any) -> Document:
        """Change members of an order, its status among them, and return a copy of it."""
        order = self.orders[order_id]
        status = str(changes.get("status", order["status"]))
        if status != order["status"]:
            old, new = STATUSES[order["status"]], STATUSES[status]
            self.add_note(order_id, f"Order status changed from {old} to {new}.")
            if status in PAID and order["date_paid_gmt"] is None:
                self.stamp(order, "date_paid", self.clock())
            if status == "completed":
                self.stamp(order, "date_completed", self.clock())
        order.update({"version": self.habits.release, **changes})
        if "total" in changes and "line_items" not in changes:
            self._fit_lines(order, order["total"])
        self.touch(order)
        self._follow_status(order)
        return fresh(order)

    def _fit_lines(self, order: Document, total: Decimal | str) -> None:
        """Let the last line make up for what an order's lines and its total are apart."""
        *others, last = order["line_items"] or [{}]
        with suppress(InvalidOperation, KeyError, TypeError):
            left = Decimal(total) - sum((Decimal(row["total"]) for row in others), Decimal(0))
            last["total"] = self.amount(left)

    def _follow_status(self, order: Document) -> None:
        """Take the goods from stock or put them back, as the status asks for."""
        number, status = order["id"], order["status"]
        takes = status in HOLDS_STOCK and number not in self._reduced
        returns = status in ("cancelled", "pending") and number in self._reduced
        if not takes and not returns:
            return
        self._reduced.symmetric_difference_update({number})
        for line in order["line_items"]:
            product_id = line["variation_id"] or line["product_id"]
            item = self.item(product_id)
            if item is not None and item["manage_stock"]:
                change = line["quantity"] if returns else -line["quantity"]
                self.set_stock(product_id, item["stock_quantity"] + change)

    def refund(
        self,
        order_id: int,
        amount: Decimal | str | None = None,
        reason: str = "",
        *,
        when: float | None = None,
    ) -> Document:
        """Refund an order, whole unless an amount is given, and return a copy of the refund.

        It is dated now, unless `when` is given in Unix seconds.

        Raises:
            KeyError: there is no such order.
            ValueError: the amount exceeds what is left.
        """
        order = self.orders[order_id]
        before = sum((Decimal(r["amount"]) for r in self.refunds[order_id]), Decimal(0))
        left = Decimal(order["total"]) - before
        value = left if amount is None else Decimal(amount)
        if value > left or value <= 0:
            raise ValueError(f"cannot refund {value} of {left}")
        refund = self.templates.get(
            "refund", id=self.next_id(), amount=self.amount(value), reason=reason
        )
        self.stamp(refund, "date_created", self.clock() if when is None else when)
        self.refunds[order_id].append(refund)
        entry = {"id": refund["id"], "reason": reason, "total": f"-{self.amount(value)}"}
        order["refunds"].append(entry)
        if value == left:
            self.edit_order(order_id, status="refunded")
        elif self.habits.marks_refunds:
            self.edit_order(order_id)
        return fresh(refund)

    def add_note(self, order_id: int, text: str, *, for_customer: bool = False) -> Document:
        """Add a note to an order and return it."""
        note = self.templates.get(
            "note", id=self.next_id(), note=text, customer_note=for_customer, author="WooCommerce"
        )
        self.stamp(note, "date_created", self.clock())
        self.notes[order_id].append(note)
        return note

    def add_coupon(self, code: str, amount: str = "10.00", **members: Any) -> Document:
        """Add a coupon; `expires` is a Unix time, the other members are the API's."""
        expires = members.pop("expires", None)
        coupon = self.templates.get(
            "coupon", id=self.next_id(), code=code.lower(), amount=amount, **members
        )
        self.stamp(coupon, "date_created", self.clock())
        self.touch(coupon)
        self.stamp(coupon, "date_expires", expires)
        self.coupons[coupon["id"]] = coupon
        return coupon

    def add_webhook(self, status: str = "active", name: str = "Order created") -> Document:
        """Add a webhook; WooCommerce disables one after five failed deliveries."""
        webhook = self.templates.get("webhook", id=self.next_id(), status=status, name=name)
        self.stamp(webhook, "date_created", self.clock())
        self.touch(webhook)
        self.webhooks[webhook["id"]] = webhook
        return webhook
