"""Cheap figures: orders by status, customers, webhooks, overdue background work."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

from ....contract import Report, Run
from ....errors import StoreError
from ....metrics.catalogue import business
from ....metrics.catalogue.values import ActionState, WebhookState
from ....metrics.families import Sample
from ....net.plans import Plan
from ...kit.monitoring.declare import collector
from ...kit.monitoring.figures import count_report, left_out, webhook_report
from ...kit.monitoring.options import number
from ...kit.reading.fields import Fields
from ...kit.reading.lists import readable
from .. import facts
from ..api import V3, Api, gmt
from ..reading.order_state import CURRENT, order_status, status_label

_SLUG = re.compile(r"[a-z0-9_-]+", re.IGNORECASE)
"""The form that WordPress gives to the name of a status (`sanitize_key`)."""
_STAFF = ("administrator", "shop_manager")


@collector(interval=600.0, timeout=30.0, requests=2)
def order_statuses(api: Api, _: Run) -> Plan[Report]:
    """Orders by their present status, from reports/orders/totals, which only counts.

    Statuses that plugins added are summed up as `other`. Before WooCommerce 9.0 the report counts
    posts: where orders have tables of their own, it lacks those that were placed since. If the list
    of orders has more, its totals are requested instead, status by status.
    """
    page = yield from api.page(f"{V3}/reports/orders/totals")
    if not page.items:
        raise StoreError("invalid_response", "reports/orders/totals is empty")
    rows, failures = readable(page.items, "reports/orders/totals", _status_count)
    slugs: defaultdict[str, list[str]] = defaultdict(list, other=[])
    reported: Counter[str] = Counter()
    for slug, total in rows:
        label = status_label(slug, CURRENT)
        if slug in slugs[label]:
            raise StoreError("invalid_response", f"reports/orders/totals has {slug[:40]!r} twice")
        slugs[label].append(slug)
        reported[label] += total
    found = {label: reported[label] for label in slugs}
    if (yield from _is_report_behind(api, slugs.values(), reported.total())):
        for label in found:
            found[label] = yield from _listed(api, slugs[label])
    if failures:
        # A status that cannot be read may be one that counts as `other`.
        del found["other"]
    report = count_report(business.ORDERS_CURRENT, found)
    report.degraded = left_out("Statuses", failures)
    return report


def _is_report_behind(api: Api, slugs: Iterable[Sequence[str]], reported: int) -> Plan[bool]:
    """Whether the list of orders says that it has more orders in these statuses than the report."""
    listed = _listed(api, list(chain.from_iterable(slugs)), reported)
    # A status that the list does not know was added to the report alone, by a plugin.
    return (yield from facts.unless_unknown(listed, 0)) > reported


def _listed(api: Api, slugs: Sequence[str], unstated: int | None = None) -> Plan[int]:
    """Return how many orders the list of orders has in these statuses; see `Api.count`."""
    if not slugs:
        return 0
    names = [slug.removeprefix("wc-") for slug in slugs]
    query = {"status": ",".join(names), "_fields": "id,status"}
    path = f"{V3}/orders"
    return (yield from api.count(path, query, lambda row: row.text("status") in names, unstated))


def _status_count(row: Fields) -> tuple[str, int]:
    slug = row.text("slug")
    if not _SLUG.fullmatch(slug):
        raise row.invalid(f"slug is {slug[:40]!r}")
    return slug, row.integer("total")


@collector(interval=6 * 3600.0, timeout=60.0)
def customers(api: Api, _: Run) -> Plan[Report]:
    """Customers with an account: one customer is read, the total is in the header.

    WordPress searches all users for it, so it is requested rarely.
    """
    # The oldest user is the person who created the shop. A customer may have further roles, and
    # the response shows only one, so no other role is proof that somebody is not a customer.
    params = {"role": "customer", "orderby": "id", "order": "asc", "_fields": "id,role"}
    total = yield from api.count(
        f"{V3}/customers", params, lambda row: row.text("role") not in _STAFF
    )
    return Report([Sample(business.CUSTOMERS, total)], summary=f"{total} customers")


@collector(interval=1800.0, timeout=30.0)
def webhooks(api: Api, _: Run) -> Plan[Report]:
    """Webhooks by state; WooCommerce disables one after five failed deliveries in a row."""
    query = {"orderby": "id", "_fields": "id,status"}
    rows = (yield from api.rows(f"{V3}/webhooks", query)).whole("webhooks")
    states, failures = readable(rows.items, "webhooks", _webhook_state)
    return webhook_report({state: states.count(state) for state in WebhookState}, failures)


def _webhook_state(row: Fields) -> str:
    row.identifier()
    return row.one_of("status", tuple(WebhookState))


@collector(interval=3600.0, timeout=30.0, overdue_after=2 * 86_400.0)
def background(api: Api, run: Run) -> Plan[Report]:
    """Whether background work gets done: checkout drafts that the daily clean-up left over."""
    # A scheduled action of WooCommerce deletes drafts after a day. Its REST API does not show
    # scheduled actions, not even in `system_status`; old drafts are the trace of stuck ones.
    limit = api.store_now() - number(run.options, "overdue_after")
    params = {
        "status": "checkout-draft",
        "modified_before": gmt(limit),
        "_fields": "id,status,date_modified_gmt",
    }

    def is_overdue(row: Fields) -> bool:
        is_draft = order_status(row) == "checkout-draft"
        return is_draft and row.seconds("date_modified_gmt") < limit

    counted = api.count(f"{V3}/orders", params, is_overdue)
    overdue = yield from facts.unless_unknown(counted, 0)
    sample = Sample(business.SCHEDULED_ACTIONS, overdue, {"state": ActionState.OVERDUE})
    return Report([sample], summary=f"{overdue} checkout drafts are overdue for removal")
