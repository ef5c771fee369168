"""The counters of a store's orders. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from unicodedata import normalize

from ....metrics.catalogue import Metric, business
from ....metrics.catalogue.health import STORE_LABELS
from ....metrics.catalogue.values import PaymentResult
from ....metrics.families import Sample

MAX_CURRENCIES = 32
"""The most currencies per store; `overflow` counts money in further ones, which is left out."""
_SHOWN = "orders shown"
_Counter = tuple[Metric, tuple[str, ...]]
"""One counter: the metric, and the values of further labels, such as status or currency."""
PAID, FAILED = PaymentResult.PAID, PaymentResult.FAILED
MAX_METHODS = 16
"""The most payment methods per store, the first ones seen; further ones count as `OTHER`."""
OTHER = "other"
_NOT_OF_AN_ID = re.compile(r"[^a-z0-9]+")
_A_NUMBER = re.compile(r"[0-9]{4}")
_LONGEST_METHOD = 40


def method_label(name: str) -> str:
    """Return a method's name as a label, such as `cash_on_delivery_cod`, without accents."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode()
    label = _NOT_OF_AN_ID.sub("_", plain.lower()).strip("_")
    # An app that imports orders of a marketplace may write an order's number there.
    if not label or len(label) > _LONGEST_METHOD or _A_NUMBER.search(label):
        return OTHER
    return label


class Counters:
    """The counters of one store; none of them ever decreases.

    Attributes:
        orders: orders that entered a status, by status.
        paid: orders first paid.
        payments: payments that succeeded and that failed, by payment method.
        revenue: amounts paid, by currency.
        refunds: amounts refunded, by currency.
        corrections: amounts that counted orders lost other than by refunds, by currency.
        overflow: how many times money was left out because there were too many currencies.
    """

    def __init__(self) -> None:
        self.orders: dict[str, int] = {}
        self.paid = 0
        self.payments: dict[str, dict[str, int]] = {}
        self.revenue: dict[str, Decimal] = {}
        self.refunds: dict[str, Decimal] = {}
        self.corrections: dict[str, Decimal] = {}
        self.overflow = 0

    def place(self, currency: str) -> int:
        """Return a currency's index; a new one gets counters at zero, or -1 if there are too many.

        Prometheus sees the first increase of a counter only if the counter was at zero before.
        """
        if currency not in self.revenue:
            if len(self.revenue) >= MAX_CURRENCIES:
                return -1
            for amounts in (self.revenue, self.refunds, self.corrections):
                amounts[currency] = Decimal(0)
        return list(self.revenue).index(currency)

    def method(self, name: str) -> str:
        """Return a payment method's label; a new one gets counters at zero.

        It gets a counter for each result, so the first of either is seen as an increase.
        """
        if name not in self.payments and len(self.payments) >= MAX_METHODS:
            name = OTHER
        self.payments.setdefault(name, {PAID: 0, FAILED: 0})
        return name

    def pay(self, method: str, result: str) -> None:
        """Count a payment that succeeded or failed, if its method is known."""
        if method:
            self.payments[self.method(method)][result] += 1

    def add(self, amounts: dict[str, Decimal], place: int, amount: Decimal) -> None:
        """Add an amount to one of the counters, in the currency at an index."""
        if place < 0:
            self.overflow += 1
        else:
            amounts[list(self.revenue)[place]] += amount

    def samples(self, statuses: Iterable[str], memory: dict[str, Any]) -> list[Sample]:
        """Return all counters, statuses of the platform at zero where nothing was counted yet.

        `memory` is the store's, in which `remember_shown` noted what scrapers know already.
        """
        shown = memory[_SHOWN]
        totals: dict[_Counter, float] = {(business.ORDERS, (status,)): 0.0 for status in statuses}
        totals |= self.totals()
        memory[_SHOWN] = totals
        return [
            Sample(metric, value, _labels(metric, label), before=shown.get((metric, label), 0.0))
            for (metric, label), value in totals.items()
        ]

    def totals(self) -> dict[_Counter, float]:
        """Return the value of each counter."""
        totals: dict[_Counter, float] = {(business.ORDERS_PAID, ()): float(self.paid)}
        for method, results in self.payments.items():
            for result, count in results.items():
                totals[business.PAYMENTS, (method, result)] = float(count)
        for metric, counted in (
            (business.ORDERS, self.orders),
            (business.REVENUE, self.revenue),
            (business.REFUNDS, self.refunds),
            (business.CORRECTIONS, self.corrections),
        ):
            totals |= {(metric, (label,)): float(value) for label, value in counted.items()}
        return totals

    def counted(self) -> dict[str, Any]:
        """Return the counters as JSON types."""
        return {
            "orders": self.orders,
            "paid": self.paid,
            "payments": self.payments,
            "revenue": _texts(self.revenue),
            "refunds": _texts(self.refunds),
            "corrections": _texts(self.corrections),
            "overflow": self.overflow,
        }

    def take_over(self, document: Mapping[str, Any]) -> None:
        """Continue with the counters of a document of `counted`; older documents lack some.

        Raises:
            ArithmeticError, AttributeError, KeyError, TypeError, ValueError: it is not valid.
        """
        self.orders = {str(k): int(v) for k, v in document["orders"].items()}
        self.paid = int(document["paid"])
        self.payments = {
            str(method): {PAID: int(counted[PAID]), FAILED: int(counted[FAILED])}
            for method, counted in document.get("payments", {}).items()
        }
        self.revenue = _amounts(document["revenue"])
        zero = dict.fromkeys(self.revenue, Decimal(0))
        self.refunds = zero | _amounts(document["refunds"])
        self.corrections = zero | _amounts(document.get("corrections", {}))
        self.overflow = int(document["overflow"])


def remember_shown(memory: dict[str, Any], loaded: Counters | None) -> None:
    """Note the values of counters when they were loaded, unless values were shown since then.

    So the additions of a run are seen as an increase, also by a scraper that does not know the
    series: after a restart, on another shard, or if the previous run failed half-way.
    """
    memory.setdefault(_SHOWN, {} if loaded is None else loaded.totals())


def _labels(metric: Metric, label: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(metric.labels[len(STORE_LABELS) :], label, strict=True))


def _amounts(document: Mapping[str, str]) -> dict[str, Decimal]:
    amounts = {str(code): Decimal(amount) for code, amount in document.items()}
    if not all(0 <= amount < Decimal("Infinity") for amount in amounts.values()):
        raise ValueError("an amount that no counter has")
    return amounts


def _texts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {code: str(amount) for code, amount in amounts.items()}
