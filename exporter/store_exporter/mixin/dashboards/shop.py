"""The merchant's page: sales, carts, stock, health and freshness, on every platform alike."""

from __future__ import annotations

from ...metrics.catalogue import business, health, operations
from .. import promql
from ..names import AlertName, Dashboards
from ..policy import LIVENESS_PROBE, THRESHOLDS
from ..promql import equal, increase, select, total
from .panels import OK_FAILED, RED, UP_DOWN, YELLOW, Kind, Page, Panel, Query, Row, Steps
from .scales import MISSED, UP
from .shop_rows import sales, upkeep, work
from .variables import STORE_MATCH, STORES

M = STORE_MATCH
FEW_GOOD: Steps = ((None, "green"), (1, YELLOW))


def page() -> Page:
    """The dashboard."""
    return Page(
        Dashboards.SHOP,
        "Stores / Shop",
        "One shop, or several: what it sells, whether it works, how fresh the figures are. The "
        "same for every platform.",
        STORES,
        (figures(), well(), sales(), work(), upkeep()),
        since="now-24h",
    )


def figures() -> Row:
    """The shop in eight figures."""
    paid = total((), increase(business.ORDERS_PAID, "7d", *M))
    abandoned = f"sum({select(business.CARTS_ABANDONED, *M)})"
    collected = "a shop without this collector, or before its first order, has no such figure"
    stats: tuple[tuple[str, str, str, str, str, Steps], ...] = (
        (
            "Revenue",
            (
                "Gross totals of the orders first paid within the chosen time, by currency; "
                "tax and shipping included, refunds not taken off."
            ),
            f"sum by (currency) ({increase(business.REVENUE, '$__range', *M)})",
            "{{currency}}",
            "short",
            (),
        ),
        (
            "Orders",
            "Orders first paid within the chosen time, counted once each.",
            total((), increase(business.ORDERS_PAID, "$__range", *M)),
            "",
            "short",
            (),
        ),
        (
            "Checkout completion, 7 days",
            (
                "Paid orders among all checkouts begun in the last seven days: paid, or "
                "abandoned. It is the part of the conversion that a shop itself knows; visits "
                "are not counted."
            ),
            f"{paid} / ({paid} + {abandoned} > 0)",
            "",
            "percentunit",
            (),
        ),
        (
            "Revenue of 7 days",
            "Gross totals of the orders first paid in the last seven days, by currency.",
            f"sum by (currency) ({increase(business.REVENUE, '7d', *M)})",
            "{{currency}}",
            "short",
            (),
        ),
        (
            "Abandoned carts",
            (
                "Checkouts begun, not paid and left alone for an hour to a week. A rise while "
                "orders fall means that something in the checkout stops shoppers."
            ),
            abandoned,
            "",
            "short",
            FEW_GOOD,
        ),
        (
            "Low or out of stock",
            "Products and variations at or below their threshold, or empty. Restock them.",
            f"sum({select(business.PRODUCTS, promql.one_of('stock', ('low', 'out')), *M)})",
            "",
            "short",
            FEW_GOOD,
        ),
        (
            "Operations",
            "Operations that applications ran against the shop within the chosen time.",
            total((), increase(operations.OPERATIONS, "$__range", *M)),
            "",
            "short",
            (),
        ),
        (
            "Sync freshness",
            (
                "Age of the stalest figures on this page, in their own intervals. From "
                f"{THRESHOLDS.stale_intervals:g} on they are withdrawn rather than shown."
            ),
            (
                f"max((time() - {select(business.COLLECTOR_LAST_SUCCESS, *M)})"
                f" / {select(business.COLLECTOR_INTERVAL, *M)})"
            ),
            "",
            "short",
            MISSED,
        ),
    )
    return Row(
        "Key figures",
        [
            Panel(
                Kind.STAT,
                title,
                text,
                (Query(expression, legend, empty=collected),),
                unit=unit,
                width=3,
                height=4,
                decimals=1 if title == "Sync freshness" or unit == "percentunit" else 0,
                steps=steps or ((None, "blue"),),
                links=(Dashboards.OPERATIONS,) if title == "Operations" else (),
            )
            for title, text, expression, legend, unit, steps in stats
        ],
    )


def well() -> Row:
    """Whether the shop works."""
    phases = total(("phase",), select(health.PROBE_PHASE, equal("probe", LIVENESS_PROBE), *M))
    probes = Panel(
        Kind.TIMELINE,
        "Probes",
        "Each health check over time. A probe that fails alone tells what is broken: the cart, the "
        "storefront, the certificate.",
        (Query(f"min by (probe) ({select(health.PROBE_SUCCESS, *M)})", "{{probe}}"),),
        mappings=OK_FAILED,
        links=(AlertName.STORE_DOWN, AlertName.STORE_DEGRADED),
    )
    state = Panel(
        Kind.STAT,
        "State",
        "Whether the last liveness probe succeeded. While the shop is down, nothing else matters.",
        (Query(f"min({UP})"),),
        width=4,
        mappings=UP_DOWN,
        steps=((None, RED), (1, "green")),
        links=(AlertName.STORE_DOWN,),
    )
    time = Panel(
        Kind.GRAPH,
        "Where a liveness probe's time goes",
        "Seconds by phase, summed over the chosen shops: resolve, connect and tls are the network, "
        "processing is the shop. Reused connections have only the last two.",
        (Query(phases, "{{phase}}"),),
        unit="s",
        stacked=True,
        low=0,
        links=(AlertName.STORE_LATENCY_REGRESSION,),
    )
    return Row("Does it work?", (state, probes, time))
