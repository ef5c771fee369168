"""Error budgets of operations, and of how long a store is up."""

from __future__ import annotations

from store_exporter.metrics.catalogue import health, operations
from store_exporter.mixin.rules import slo
from tests.mixin.alert_cases.case import WHO, Case, of

AVAILABILITY = 'slo="availability"'


def burning(long: str, short: str, rate: float, events: float = 1000) -> dict[str, str]:
    """Recorded burn rates over two windows, and the events that they rest on."""
    return {
        of(slo.burn_rate(long), AVAILABILITY): f"{rate}x400",
        of(slo.burn_rate(short), AVAILABILITY): f"{rate}x400",
        of(slo.events_in(long), AVAILABILITY): f"{events}x400",
        of(slo.MINIMUM, AVAILABILITY): "100x400",
    }


def spends(rate: str, long: str) -> str:
    """The message of a burn alert."""
    return (
        f"{WHO} spends its availability error budget {rate} times as fast as allowed over the "
        f"last {long}."
    )


def windows(long: str) -> dict[str, str]:
    """The labels of a burn alert."""
    return {"slo": "availability", "window": long}


GET_CART = 'operation="get_cart"'
TIMED_OUT = f'{GET_CART}, error_type="timeout", fault="store"'
SOLD_OUT = f'{GET_CART}, error_type="out_of_stock", fault="customer"'
SLO_GROUPS = ("operations", "slo", "slo.long")

OBJECTIVES = [
    Case(
        "StoreErrorBudgetBurn",
        "a fifth of the operations timing out is a page within minutes",
        {
            of(operations.OPERATIONS, GET_CART): "0+30x150",
            of(operations.OPERATION_ERRORS, TIMED_OUT): "0+6x150",
        },
        "12m",
        spends("20.0", "1h"),
        labels=windows("1h"),
        step="30s",
        groups=SLO_GROUPS,
    ),
    Case(
        "StoreErrorBudgetBurn",
        "shoppers whose every wish is out of stock are no failure",
        {
            of(operations.OPERATIONS, GET_CART): "0+30x150",
            of(operations.OPERATION_ERRORS, SOLD_OUT): "0+30x150",
        },
        "70m",
        step="30s",
        groups=SLO_GROUPS,
    ),
    Case(
        "StoreErrorBudgetBurn",
        "three calls a night that all fail are below the floor",
        {
            of(operations.OPERATIONS, GET_CART): "0x60 1x30 2x30 3x30",
            of(operations.OPERATION_ERRORS, TIMED_OUT): "0x60 1x30 2x30 3x30",
        },
        "70m",
        step="30s",
        groups=SLO_GROUPS,
    ),
    Case(
        "StoreErrorBudgetBurn",
        "six times too fast over six hours is a page",
        burning("6h", "30m", 7),
        "30m",
        spends("7.0", "6h"),
        labels=windows("6h"),
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "three times too fast over a day is a ticket",
        burning("1d", "2h", 4),
        "3h",
        spends("4.0", "1d"),
        "warning",
        labels=windows("1d"),
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "a little too fast over three days is a ticket",
        burning("3d", "6h", 1.2),
        "4h",
        spends("1.2", "3d"),
        "warning",
        labels=windows("3d"),
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "what is over by the short window is over",
        {
            **burning("6h", "30m", 7),
            of(slo.burn_rate("30m"), AVAILABILITY): "0x400",
        },
        "1h",
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "a store with few operations in the long window never pages",
        burning("1h", "5m", 100, events=40),
        "1h",
        groups=(),
    ),
]

UPTIME = {"slo": "uptime", "window": "6h"}
DOWN_TOLD = of("ALERTS", 'alertname="StoreDown", alertstate="firing", severity="critical"')
OBJECTIVES += [
    Case(
        "StoreErrorBudgetBurn",
        "what was a page within an hour is no second one within six",
        {
            **burning("6h", "30m", 7),
            of(
                "ALERTS",
                f'{AVAILABILITY}, alertname="StoreErrorBudgetBurn", alertstate="firing", '
                'severity="critical", window="1h"',
            ): "_x5 1x2 stale",
        },
        "35m",
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "but what goes on after that at a lower pace is",
        {
            **burning("6h", "30m", 7),
            of(
                "ALERTS",
                f'{AVAILABILITY}, alertname="StoreErrorBudgetBurn", alertstate="firing", '
                'severity="critical", window="1h"',
            ): "_x5 1x2 stale",
        },
        "55m",
        spends("7.0", "6h"),
        labels=windows("6h"),
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "a page within six hours goes on while a faster one fires",
        {
            **burning("6h", "30m", 7),
            of(
                "ALERTS",
                f'{AVAILABILITY}, alertname="StoreErrorBudgetBurn", alertstate="firing", '
                'severity="critical", window="1h"',
            ): "_x40 1x20",
        },
        "55m",
        spends("7.0", "6h"),
        labels=windows("6h"),
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "calls that fail while a store is down are not told of again when it is up",
        {
            of(operations.OPERATIONS, GET_CART): "0+60x250",
            of(operations.OPERATION_ERRORS, TIMED_OUT): "0x120 60+60x44 2700x80",
            DOWN_TOLD: "_x122 1x48 stale",
        },
        "2h55m",
        groups=SLO_GROUPS,
    ),
    Case(
        "StoreErrorBudgetBurn",
        "calls that go on failing when it is up are",
        {
            of(operations.OPERATIONS, GET_CART): "0+60x250",
            of(operations.OPERATION_ERRORS, TIMED_OUT): "0x120 60+60x129",
            DOWN_TOLD: "_x122 1x48 stale",
        },
        "3h",
        spends("96.7", "1h"),
        labels=windows("1h"),
        groups=SLO_GROUPS,
    ),
    Case(
        "StoreErrorBudgetBurn",
        "a critical probe that fails one time in ten is a page, without any application",
        {of(health.HEALTH, 'state="critical"'): " ".join(["0x8 1"] * 20)},
        "1h30m",
        f"{WHO} spends its uptime error budget 9.2 times as fast as allowed over the last 6h.",
        labels=UPTIME,
        groups=("health", "slo", "slo.long"),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "an outage that was told by itself is not told again by its budget",
        {
            of(health.HEALTH, 'state="critical"'): "0x120 1x30 0x60",
            DOWN_TOLD: "_x122 1x30 stale",
        },
        "2h55m",
        groups=("health", "slo", "slo.long"),
    ),
]
