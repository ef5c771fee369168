"""Checkouts that were begun and left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from ....contract import Collector, Report, Run
from ....errors import StoreError
from ....metrics.catalogue import business
from ....metrics.families import Sample
from ....net.plans import Plan
from ...kit.fields import Fields
from ...kit.money import currency_code, decimal_text
from ...kit.options import number
from ..api import PAGE, V3, Api, gmt

_MAX_PAGES = 5
_MAX_CURRENCIES = 32


def carts(api: Api, run: Run) -> Plan[Report]:
    """Read the abandoned checkouts and their value.

    Beyond 500 of them only their number is published: a value of some would look like that of all.
    """
    older, younger = number(run.options, "older_than"), number(run.options, "younger_than")
    if younger <= older:
        raise StoreError("invalid_request", "the option younger_than must exceed older_than")
    now = run.now()
    params = {
        # The status `any` leaves drafts out, so both are named.
        "status": "checkout-draft,pending",
        "modified_before": gmt(now - older),
        "modified_after": gmt(now - younger),
        "dates_are_gmt": "true",
        "orderby": "id",
        "order": "asc",
        "per_page": PAGE,
        "_fields": "id,total,currency",
    }
    found: dict[int, tuple[str, Decimal] | StoreError] = {}
    for page in range(1, _MAX_PAGES + 1):
        rows = yield from api.page(f"{V3}/orders", {**params, "page": page})
        for row in rows:
            found[row.identifier()] = _value(row)
        if len(rows) < PAGE or rows.total == page * PAGE:
            return _report(found)
    if rows.total is None:
        raise StoreError("invalid_response", "the list of orders does not say how many there are")
    sample = Sample(business.CARTS_ABANDONED, rows.total)
    summary = f"{rows.total} abandoned carts, too many to add up their value"
    return Report([sample], summary=summary)


def _value(row: Fields) -> tuple[str, Decimal] | StoreError:
    try:
        currency = currency_code(row.raw("currency"), f"{row.where}: currency")
        total = decimal_text(row.raw("total"), f"{row.where}: total")
    except StoreError as error:
        return error
    if total < 0:
        return StoreError("invalid_response", f"{row.where}: total is negative")
    return currency, total


def _report(found: Mapping[int, tuple[str, Decimal] | StoreError]) -> Report:
    samples = [Sample(business.CARTS_ABANDONED, len(found))]
    values: defaultdict[str, Decimal] = defaultdict(Decimal)
    for value in found.values():
        if isinstance(value, StoreError):
            # A sum without this one would be a wrong figure; that there is one is still true.
            reason = f"The value of abandoned carts is not known: {value.message}."
            return Report(samples, [reason], f"{len(found)} abandoned carts of unknown value")
        values[value[0]] += value[1]
    samples += [
        Sample(business.CART_ABANDONED_VALUE, float(value), {"currency": currency})
        for currency, value in list(values.items())[:_MAX_CURRENCIES]
    ]
    amounts = " + ".join(f"{value:f} {currency}" for currency, value in values.items())
    return Report(samples, summary=f"{len(found)} abandoned carts worth {amounts or 'nothing'}")


CARTS = Collector(
    "carts",
    carts,
    "Abandoned checkouts: orders that are pending or drafts of the checkout, unchanged for longer "
    "than `older_than` seconds and not for longer than `younger_than`. WooCommerce itself deletes "
    "drafts after a day, and by default cancels pending orders after an hour.",
    interval=900.0,
    timeout=60.0,
    options={"older_than": 3600.0, "younger_than": 7 * 86_400.0},
)
