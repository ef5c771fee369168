"""Reads the totals of orders with all their decimals, and learns how the shop rounds. No I/O.

Whenever WooCommerce loads an order, it rounds the total and the tax to the decimals that the shop
displays, whatever the request says (`WC_Abstract_Order::set_total`). The parts of the order come as
they are stored. A total that was made with more decimals (an order from before the shop displayed
fewer, an import, another currency) is the sum of its parts. A total that was made with these
decimals is a round number, and its parts, which WooCommerce does not round, do not add up to it.
Most orders show by themselves which of the two they are, the others by their neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ....errors import StoreError
from ....spec.money import Money
from ...kit.reading.fields import Fields
from ...kit.reading.money import decimals_of, float_amount, money_of, rounded

PARTS = "line_items,fee_lines,shipping_lines,tax_lines,shipping_total,discount_total"
"""Members of an order that show its total and tax with all decimals."""
_STATED = "total,total_tax,shipping_total,discount_total"
MEMBERS = f"{_STATED},line_items,fee_lines,shipping_lines,tax_lines"
"""Members of an order that `OrderTotals` reads. For each tax of each order the store makes three
database queries."""
_LISTS = ("line_items", "fee_lines", "shipping_lines", "tax_lines")
_ROUNDED = ("shipping_total", "discount_total")
"""Amounts that WooCommerce rounds when it creates an order, but not when it loads one."""

_GUESS = (
    "Nothing tells whether the totals of orders were rounded to the decimals that the shop "
    "displays: they are counted as they are displayed."
)
_FOREIGN_GUESS = (
    "Nothing tells whether the totals of orders in other currencies than the shop's own were "
    "rounded to the decimals that it displays: they are counted as if they were not."
)


def read_amount(fields: Fields, name: str) -> Decimal:
    """Read an amount; it is negative if a shop pays back more than it receives."""
    return float_amount(fields.raw(name), f"{fields.where}: {name}")


def read_refunded(refund: Fields, name: str) -> Decimal:
    """Read what was refunded.

    Orders show it with a minus, so that there are two where a plugin stored a negative amount.
    """
    value = refund.raw(name)
    if isinstance(value, str):
        value = value.removeprefix("-")
    return abs(float_amount(value, f"{refund.where}: {name}"))


@dataclass(slots=True)
class RoundingRule:
    """How orders were made that do not show it themselves.

    Attributes:
        finer_below: they were made with more decimals if their id is lower.
        is_known: whether that was learnt.
        is_guess: whether both kinds of orders are possible and nothing shows which they are.
    """

    finer_below: float = math.inf
    is_known: bool = False
    is_guess: bool = False


@dataclass(slots=True)
class OrderTotals:
    """Reads the totals of one shop's orders, or raises invalid_response.

    Attributes:
        shown: decimals that the shop displays.
        currency: the shop's own currency.
        at_subtotal: whether the shop rounds the sums of taxes and lines and not each of them; None
            until that was requested.
        own: the rule for orders in the shop's own currency.
        foreign: the rule for all others: with a plugin for several currencies each currency has its
            own decimals, without one all have those of the shop.
    """

    shown: int
    currency: str
    at_subtotal: bool | None = None
    own: RoundingRule = field(default_factory=RoundingRule)
    foreign: RoundingRule = field(default_factory=RoundingRule)

    @property
    def by_parts(self) -> bool:
        """Whether orders in the shop's own currency have to be read with their parts."""
        return self.rounds(self.currency)

    @property
    def members(self) -> str:
        """Members that this reads of an order in the shop's own currency."""
        return MEMBERS if self.by_parts else _STATED

    def guesses(self) -> list[str]:
        """Return what has to be guessed about the totals, as reasons for a degraded report."""
        reasons = ((self.own, _GUESS), (self.foreign, _FOREIGN_GUESS))
        return [reason for rule, reason in reasons if rule.is_guess]

    def rule(self, currency: str) -> RoundingRule:
        """Return the rule for orders in a currency."""
        return self.own if currency == self.currency else self.foreign

    def lacks_parts(self, row: Any) -> bool:
        """Whether an order that was read without its parts needs them.

        It does if its currency has more decimals than the shop displays and the shop's own has.
        """
        return not self.by_parts and any(self.rounds(code) for _, code in _readable([row]))

    def rounds(self, currency: str) -> bool:
        """Whether amounts in a currency have more decimals than the shop displays."""
        return self.shown < decimals_of(currency)

    def total(self, order: Fields, currency: str) -> Money:
        """Read an order's total."""
        stated = read_amount(order, "total")
        if self._is_finer(order, currency):
            stated = self._in_full(stated, self._finer(_Parts(order), currency), currency)
        return money_of(stated, currency)

    def tax(self, order: Fields, currency: str) -> Money:
        """Read an order's tax."""
        stated = read_amount(order, "total_tax")
        if self._is_finer(order, currency):
            stated = self._in_full(stated, sum(_Parts(order).taxes, Decimal(0)), currency)
        return money_of(stated, currency)

    def _in_full(self, stated: Decimal, parts: Decimal, currency: str) -> Decimal:
        """Return the sum of the parts if it rounds to the stated amount, else the stated amount."""
        full = rounded(parts, currency)
        return full if self._as_shown(full) == stated else stated

    def _finer(self, parts: _Parts, currency: str) -> Decimal:
        """Return the total that was made of an order's parts with the decimals of its currency."""

        def as_stored(value: Decimal) -> Decimal:
            return rounded(value, currency)

        return as_stored(parts.as_made(as_stored, at_subtotal=bool(self.at_subtotal)))

    def _as_shown(self, value: Decimal) -> Decimal:
        return value.quantize(Decimal(1).scaleb(-self.shown), ROUND_HALF_UP)

    def _is_finer(self, order: Fields, currency: str) -> bool:
        if not self.rounds(currency):
            return False
        rule = self.rule(currency)
        if not all(map(order.has, _LISTS)):
            # A plugin that removes members of orders hides which kind they are.
            rule.is_guess = True
        if not order.has("line_items"):
            return False
        own = self.has_more_decimals(order, currency)
        return order.identifier() < rule.finer_below if own is None else own

    def has_more_decimals(self, order: Fields, currency: str) -> bool | None:
        """Whether an order was made with more decimals than are displayed; None if unclear."""
        stated, parts = read_amount(order, "total"), _Parts(order)
        full = self._finer(parts, currency)
        is_full = self._as_shown(full) == stated
        as_made = parts.as_made(self._as_shown, at_subtotal=bool(self.at_subtotal))
        if is_full != (self._as_shown(as_made) == stated):
            return is_full
        if self._has_rounded_delivery(order, parts.shipping):
            return False
        charged = [read_amount(order, name) for name in _ROUNDED if order.has(name)]
        taxes = [] if self.at_subtotal else parts.taxes
        if not is_full or any(value != self._as_shown(value) for value in (*charged, *taxes)):
            return is_full or None
        # A tax is hardly ever a round number, unless it was rounded.
        return False if any(taxes) and full != stated else None

    def _has_rounded_delivery(self, order: Fields, shipping: Collection[Decimal]) -> bool:
        """Whether deliveries were rounded to the displayed decimals before they were added up."""
        if not order.has("shipping_total"):
            return False
        as_made = sum(map(self._as_shown, shipping), Decimal(0))
        return read_amount(order, "shipping_total") == as_made != sum(shipping, Decimal(0))

    def is_ambiguous(self, order: Fields) -> bool:
        """Whether an order is not conclusive and its two readings are different amounts.

        False for an order that cannot be read.
        """
        with suppress(StoreError):
            currency = order.currency("currency")
            if self.rounds(currency) and self.has_more_decimals(order, currency) is None:
                finer, made = self.either()
                return finer.total(order, currency) != made.total(order, currency)
        return False

    def either(self) -> tuple[OrderTotals, OrderTotals]:
        """Return two readers of inconclusive orders: as made with more decimals, and as not."""
        finer = replace(self, own=RoundingRule(), foreign=RoundingRule())
        return finer, replace(self, own=RoundingRule(0), foreign=RoundingRule(0))

    def under(self, rule: RoundingRule, rows: Iterable[Any]) -> list[Fields]:
        """Return the orders under one of the two rules that may have been rounded.

        Orders that cannot be read are left out.
        """
        return [
            order
            for order, currency in _readable(rows)
            if self.rounds(currency) and self.rule(currency) is rule
        ]


def _readable(rows: Iterable[Any]) -> Iterator[tuple[Fields, str]]:
    """Yield the orders whose currency can be read, with it."""
    for row in rows:
        with suppress(StoreError):
            order = row if isinstance(row, Fields) else Fields(row, "order")
            yield order, order.currency("currency")


class _Parts:
    """The parts of an order's total."""

    def __init__(self, order: Fields) -> None:
        self.lines, self.fees, self.shipping = (
            [read_amount(row, "total") for row in order.children(name)] if order.has(name) else []
            for name in ("line_items", "fee_lines", "shipping_lines")
        )
        rows = list(order.children("tax_lines")) if order.has("tax_lines") else []
        names = ("tax_total", "shipping_tax_total")
        self.taxes = [read_amount(row, name) for row in rows for name in names]

    def as_made(self, as_shown: Callable[[Decimal], Decimal], *, at_subtotal: bool) -> Decimal:
        """Return the total as `WC_Abstract_Order::calculate_totals` makes it, not yet rounded.

        It rounds each delivery always, and each line unless the shop rounds at the subtotal.
        """
        lines = self.lines if at_subtotal else map(as_shown, self.lines)
        shipping = map(as_shown, self.shipping)
        return sum((*lines, *shipping, *self.fees, *self.taxes), Decimal(0))


def learn_rounding(
    reading: OrderTotals, orders: Collection[Fields]
) -> tuple[float, Sequence[Fields]]:
    """Learn below which id inconclusive orders were made with more decimals.

    The orders are the shop's oldest and newest, all in its own currency or all in others, with
    `id`, `currency` and `MEMBERS`; those that cannot be read are ignored. Also returned are orders
    that were made with more decimals too, or from that id on as displayed: nothing shows which.
    """
    known: dict[int, tuple[Fields, bool | None]] = {}
    for order in orders:
        with suppress(StoreError):
            is_finer = reading.has_more_decimals(order, order.currency("currency"))
            known[order.identifier()] = order, is_finer
    finer = [number for number, (_, is_finer) in known.items() if is_finer]
    last = max(finer, default=0)
    # The setting was changed somewhere between the last finer order and the first other one.
    later = [n for n, (_, is_finer) in known.items() if is_finer is False and n > last]
    doubtful = {n: one for n, (one, _) in known.items() if n > last and reading.is_ambiguous(one)}
    if later or len(doubtful) <= len(finer):
        doubtful = {}
    first = min(later or doubtful, default=math.inf)
    return ((last + first) / 2 if finer else 0), list(doubtful.values())
