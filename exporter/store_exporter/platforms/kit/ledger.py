"""Orders, revenue and refunds as counters that never count anything twice. No I/O.

A platform shows orders as they are now. Counters need what happened, once each: an order entered
a status, was first paid, a refund was made. The ledger remembers of each order what it has
counted already and adds the difference when the order is seen again, however often and in
whatever sequence it is read. Saved in one document with the walk that feeds it (`walk.py`), a
crash leaves either the old counters with the old memory or the new ones with the new.

The memory is bounded. An order that is not remembered, because it is older than the counting or
was forgotten, counts as new only when it was created at or after the `threshold`; of older ones
only those events count whose own date proves them recent.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from ...metrics.catalogue import Metric, business
from ...metrics.catalogue.health import STORE_LABELS
from ...metrics.families import Sample

MAX_CURRENCIES = 32
"""Currencies counted per store; money in further ones is left out and `overflow` says so."""
_HARD_LIMIT = 4
_SHOWN = "orders shown"
_Counter = tuple[Metric, str]
"""One counter: the metric, and its status or currency if it has one."""
# Places in an entry of the memory: [modified, statuses as bits, paid, refund ids...].
_MODIFIED, _STATUSES, _PAID, _REFUNDS = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund: its id, a positive amount, and its Unix time where the platform tells it."""

    id: str
    amount: Decimal
    created: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order as read now. Times are whole Unix seconds of the store's clock.

    Attributes:
        id: the platform's id, unique in the store.
        status: a label value from the platform's closed list.
        currency: of `total` and of the refunds.
        total: gross, tax and shipping included.
        created: when it was placed.
        modified: when it last changed.
        paid: when it was first paid, or None.
        entered: when it is known to have entered a status, by status.
        refunds: all its refunds.
    """

    id: str
    status: str
    currency: str
    total: Decimal
    created: int
    modified: int
    paid: int | None = None
    entered: Mapping[str, int] = field(default_factory=dict)
    refunds: tuple[Refund, ...] = ()


class Ledger:
    """The counters and the memory behind them.

    Args:
        began: Unix time of the store's clock at which counting began.
        walk_end: until when those orders were changed that a first walk over old orders reads;
            0 when counting began without one.
        limit: orders to remember.

    Attributes:
        orders: orders that entered a status, by status.
        paid: orders first paid.
        revenue: their gross totals, by currency.
        refunds: amounts refunded, by currency.
        horizon: orders last changed before this Unix time may have been forgotten.
        overflow: how often money was left out because there were too many currencies.
    """

    def __init__(self, began: int, walk_end: int = 0, limit: int = 10_000) -> None:
        self.began = began
        self.walk_end = walk_end
        self.limit = limit
        self.horizon = began
        self.orders: dict[str, int] = {}
        self.paid = 0
        self.revenue: dict[str, Decimal] = {}
        self.refunds: dict[str, Decimal] = {}
        self.overflow = 0
        # Kept as it is saved, so that a run that reads three orders does not unpack thousands.
        self._seen: dict[str, list[Any]] = {}
        self._bits: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def remembers(self, order_id: str) -> bool:
        """Whether the order has been seen and not been forgotten."""
        return order_id in self._seen

    def threshold(self, order: Order) -> int:
        """Return the time from which on events of this order, if not remembered, are new.

        During a first walk over old orders every order comes by once, so that forgetting has no
        say; only those changed since the walk began may have been counted and forgotten.
        """
        return self.began if order.modified <= self.walk_end else self.horizon

    def needs_refund_dates(self, order: Order) -> bool:
        """Whether only the dates of its refunds can tell which of them are new."""
        return (
            not self.remembers(order.id)
            and order.created < self.threshold(order)
            and any(refund.created is None for refund in order.refunds)
        )

    def apply(self, order: Order, *, count: bool = True) -> None:
        """Add what is new about an order.

        Args:
            order: as read now.
            count: False to remember its present state as the starting point, uncounted.
        """
        for amounts in (self.revenue, self.refunds):
            # A counter that starts at zero shows its first increase; one that appears does not.
            if order.currency not in amounts and len(amounts) < MAX_CURRENCIES:
                amounts[order.currency] = Decimal(0)
        since: int | None = None
        entry = self._seen.get(order.id)
        if entry is None:
            entry = self._seen[order.id] = [order.modified, 0, 0]
            since = self.threshold(order)
            if order.created >= since:
                since = None
        entry[_MODIFIED] = max(entry[_MODIFIED], order.modified)
        self._apply_statuses(order, entry, since, count=count)
        if order.paid is not None and not entry[_PAID]:
            entry[_PAID] = 1
            if count and (since is None or order.paid >= since):
                self.paid += 1
                self._add(self.revenue, order.currency, order.total)
        for refund in order.refunds:
            if refund.id in entry[_REFUNDS:]:
                continue
            entry.append(refund.id)
            known = since is None or (refund.created is not None and refund.created >= since)
            if count and known:
                self._add(self.refunds, order.currency, refund.amount)

    def _apply_statuses(
        self, order: Order, entry: list[Any], since: int | None, *, count: bool
    ) -> None:
        for status in {order.status, *order.entered}:
            bit = 1 << self._bits.setdefault(status, len(self._bits))
            if entry[_STATUSES] & bit:
                continue
            entry[_STATUSES] |= bit
            when = order.entered.get(status)
            if count and (since is None or (when is not None and when >= since)):
                self.orders[status] = self.orders.get(status, 0) + 1

    def _add(self, amounts: dict[str, Decimal], currency: str, amount: Decimal) -> None:
        if currency in amounts:
            amounts[currency] += amount
        else:
            self.overflow += 1

    def forget(self, before: int) -> None:
        """Forget the longest unchanged orders where there are too many.

        Args:
            before: orders changed at or after this time are kept, because the walk may read them
                again; only a memory of four times the limit overrules this.
        """
        excess = len(self._seen) - self.limit
        if excess <= 0:
            return
        # A tenth more than necessary, so that not every page has to search.
        oldest = heapq.nsmallest(
            excess + self.limit // 10,
            ((entry[_MODIFIED], order_id) for order_id, entry in self._seen.items()),
        )
        must = max(0, len(self._seen) - self.limit * _HARD_LIMIT)
        for index, (modified, order_id) in enumerate(oldest):
            if modified >= before and index >= must:
                break
            del self._seen[order_id]
            self.horizon = max(self.horizon, modified + 1)

    def samples(self, statuses: Iterable[str], memory: dict[str, Any]) -> list[Sample]:
        """Return all counters, at zero where nothing was counted yet.

        Args:
            statuses: the platform's closed list.
            memory: the store's, in which `remember_shown` noted what scrapers know already.
        """
        shown = memory[_SHOWN]
        memory[_SHOWN] = totals = dict.fromkeys(((business.ORDERS, s) for s in statuses), 0.0)
        totals |= self.totals()
        return [
            Sample(metric, value, _labels(metric, label), before=shown.get((metric, label), 0.0))
            for (metric, label), value in totals.items()
        ]

    def totals(self) -> dict[_Counter, float]:
        """Return what each counter stands at."""
        totals: dict[_Counter, float] = {(business.ORDERS_PAID, ""): float(self.paid)}
        for metric, counted in (
            (business.ORDERS, self.orders),
            (business.REVENUE, self.revenue),
            (business.REFUNDS, self.refunds),
        ):
            totals |= {(metric, label): float(value) for label, value in counted.items()}
        return totals

    def to_document(self) -> dict[str, Any]:
        """Return everything as JSON types, compact because the memory is most of it."""
        return {
            "began": self.began,
            "walk_end": self.walk_end,
            "horizon": self.horizon,
            "orders": self.orders,
            "paid": self.paid,
            "revenue": {code: str(amount) for code, amount in self.revenue.items()},
            "refunds": {code: str(amount) for code, amount in self.refunds.items()},
            "overflow": self.overflow,
            "statuses": list(self._bits),
            "seen": self._seen,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], limit: int = 10_000) -> Ledger:
        """Return the ledger that `to_document` described, which takes over its memory.

        Raises:
            ValueError: it is not such a document.
        """
        try:
            ledger = cls(int(document["began"]), int(document["walk_end"]), limit)
            ledger.horizon = int(document["horizon"])
            ledger.overflow = int(document["overflow"])
            ledger.orders = {str(k): int(v) for k, v in document["orders"].items()}
            ledger.paid = int(document["paid"])
            ledger.revenue = _amounts(document["revenue"])
            ledger.refunds = _amounts(document["refunds"])
            ledger._bits = {str(name): bit for bit, name in enumerate(document["statuses"])}
            ledger._seen = dict(document["seen"])
        except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
            raise ValueError(f"not a ledger: {error!r}") from error
        return ledger


def remember_shown(memory: dict[str, Any], ledger: Ledger | None) -> None:
    """Note what a ledger stood at when it was loaded, unless figures were shown since then.

    So what a run adds is seen as an increase, also by a scraper that does not know the series:
    after a restart, on another shard, or when the run before this one failed half-way.
    """
    memory.setdefault(_SHOWN, {} if ledger is None else ledger.totals())


def _labels(metric: Metric, label: str) -> dict[str, str]:
    return dict(zip(metric.labels[len(STORE_LABELS) :], (label,), strict=False))


def _amounts(document: Mapping[str, str]) -> dict[str, Decimal]:
    return {str(code): Decimal(amount) for code, amount in document.items()}
