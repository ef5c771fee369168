"""Reports of collectors, the same on every platform. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from ....contract import Report
from ....errors import StoreError
from ....events.event import EventKind
from ....metrics.catalogue import Metric, business
from ....metrics.families import Sample
from ....spec.money import Money
from . import named_lists
from .named_lists import AbandonedCart

_MAX_CURRENCIES = 32


def count_report(metric: Metric, values: Mapping[str, int], more: str = "") -> Report:
    """Return one figure for each value of a metric's own label; `more` ends the summary."""
    label = metric.labels[-1]
    samples = [Sample(metric, count, {label: value}) for value, count in values.items()]
    found = ", ".join(f"{value} {count}" for value, count in values.items())
    return Report(samples, summary=found + more)


def left_out(what: str, failures: Sequence[StoreError]) -> list[str]:
    """Return the reason why a figure is incomplete; empty if everything can be read.

    `what` names the items that are left out, as the beginning of a sentence.
    """
    if not failures:
        return []
    message = f"{what} that could not be read and are left out: {len(failures)}"
    return [f"{message} ({failures[0].message})."]


def webhook_report(values: Mapping[str, int], failures: Sequence[StoreError] = ()) -> Report:
    """Return the number of webhooks in each state; a change of a number is an event.

    There is no event if some webhooks could not be read, because the numbers are then incomplete.
    """
    report = count_report(business.WEBHOOKS, values)
    report.degraded = left_out("Webhooks", failures)
    if not failures:
        report.facts = {EventKind.WEBHOOK: {state: str(count) for state, count in values.items()}}
    return report


def abandoned_cart_report(carts: Sequence[AbandonedCart], *, is_listed: bool) -> Report:
    """Return the number of abandoned carts and their value, by currency.

    If `is_listed`, those worth most are listed too.
    """
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for cart in carts:
        sums[cart.value.currency] += cart.value.amount
    samples = [Sample(business.CARTS_ABANDONED, len(carts))]
    samples += [
        Sample(business.CART_ABANDONED_VALUE, float(amount), {"currency": currency})
        for currency, amount in list(sums.items())[:_MAX_CURRENCIES]
    ]
    if is_listed:
        samples += named_lists.carts(carts)
    worth = " + ".join(str(Money(amount, currency)) for currency, amount in sums.items())
    return Report(samples, summary=f"{len(carts)} abandoned carts worth {worth or 'nothing'}")
