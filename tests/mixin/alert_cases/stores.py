"""A store that fails, refuses the credentials or is slow."""

from __future__ import annotations

from store_exporter.metrics.catalogue import business, health
from store_exporter.mixin import series
from store_exporter.mixin.rules import costs
from tests.mixin.alert_cases.case import (
    CART,
    LIVENESS,
    MOVED,
    REFUSED,
    TIMED_OUT_PROBE,
    TIMEOUTS,
    WHO,
    Case,
    event,
    failures,
    of,
    why,
)

STORES = [
    Case(
        "StoreDown",
        "a store whose liveness probe times out for five minutes is down",
        {of(health.UP): "1x4 0x10", TIMEOUTS: "0x4 1+1x10"},
        "10m",
        f"{WHO} keeps failing its liveness probe. The latest failures are of type timeout.",
    ),
    Case(
        "StoreDown",
        "each of two outages within an hour is one of its own",
        {of(health.UP): " ".join(["0x2 1x11"] * 2)},
        "28m",
    ),
    Case(
        "StoreDown",
        "a third one within the hour lasts while the store is up",
        {of(health.UP): " ".join(["0x2 1x11"] * 4)},
        "43m",
        f"{WHO} keeps failing its liveness probe again and again.",
        facts={"ended": "had failed again and again for"},
    ),
    Case(
        "StoreDown",
        "three outages within an hour are over when there are fewer in the past hour",
        {of(health.UP): " ".join(["0x2 1x11"] * 4) + " 1x60"},
        "100m",
    ),
    Case(
        "StoreDown",
        "it is told since its first failed probe, with what it costs, what fails and what changed",
        {
            of(health.UP): "1x4 0x10",
            TIMEOUTS: "0x4 1+1x10",
            of(health.PROBE_STATUS, LIVENESS): "200x4 500x10",
            of(health.PROBE_FAILING_SINCE, LIVENESS): "_x4 268.4x10",
            why(LIVENESS, "Error establishing a database connection"): "_x4 1x10",
            of(costs.REVENUE, 'currency="EUR"'): "1240.2x20",
            of(costs.ORDERS): "30.6x20",
            event("platform", "WooCommerce", "9.3.3", "9.4.1"): "_x3 180x12",
            event("plugin", "Stripe", "8.0", ""): "_x1 60x12",
            event("theme", "Storefront", "", "4.6"): "90x12",
            event("plugin", "Older than the third", "1", "2"): "30x12",
            of(health.EVENT, 'kind="deploy", component="checkout", after="7"', 'org="acme"'): (
                "_x2 120x12"
            ),
            of(
                series.OPERATION_ERROR_RATE,
                'operation="get_cart", error_type="timeout", fault="store"',
            ): "0.1x20",
        },
        "10m",
        f"{WHO} keeps failing its liveness probe. The latest failures are of type timeout. "
        "It responds with HTTP 500.",
        facts={
            "since": "1970-01-01 00:04:28 UTC",
            "lasted": "5m 32s",
            "error": "Error establishing a database connection",
            "error_type": "timeout",
            "cost": "about 1,240 EUR an hour in 31 orders, at this time of the week",
            "loss": "about 110 EUR",
            "failing": "get_cart (30 calls) in the last five minutes",
            "changed": "platform WooCommerce 9.3.3 to 9.4.1, deploy checkout 7, "
            "theme Storefront 4.6",
        },
    ),
    Case(
        "StoreDown",
        "it says when it began and no more while a hundred others are down, so that all are told",
        {
            of(health.UP): "1x4 0x10",
            TIMEOUTS: "0x4 1+1x10",
            of(health.PROBE_FAILING_SINCE, LIVENESS): "_x4 268.4x10",
            why(LIVENESS, "HTTP 500"): "_x4 1x10",
            of(costs.REVENUE, 'currency="EUR"'): "1240.2x20",
            **{
                of(health.UP, base=f'org="o{number}", domain="d"'): "1x8 0x2"
                for number in range(100)
            },
        },
        "10m",
        f"{WHO} keeps failing its liveness probe.",
        facts={"since": "1970-01-01 00:04:28 UTC", "lasted": "5m 32s"},
    ),
    Case(
        "StoreDown",
        "a store that was of another platform minutes ago is told of, and holds up no other",
        {
            of(health.UP): "1x4 stale",
            of(health.UP, base=MOVED): "_x4 0x10",
            of(health.PROBE_FAILING_SINCE, LIVENESS, MOVED): "_x4 268.4x10",
            of(costs.REVENUE, 'currency="EUR"'): "36000x20",
            of(costs.REVENUE, 'currency="EUR"', MOVED): "36000x20",
        },
        "8m",
        f"{WHO} keeps failing its liveness probe.",
        base=MOVED,
        facts={"since": "1970-01-01 00:04:00 UTC", "loss": "about 2,120 EUR"},
    ),
    Case(
        "StoreDown",
        "it counts from before the exporter was restarted, and its first failure since",
        {
            of(health.UP): "1x4 0x10",
            TIMEOUTS: "0x4 1+1x10",
            of(health.PROBE_FAILING_SINCE, LIVENESS): "_x7 450x10",
        },
        "10m",
        f"{WHO} keeps failing its liveness probe. The latest failures are of type timeout.",
        facts={"since": "1970-01-01 00:05:00 UTC", "lasted": "5m 0s"},
    ),
    Case(
        "StoreDown",
        "a store that is still down when its maintenance is over is told of after two minutes",
        {of(health.UP): "1x4 0x40", of(health.MAINTENANCE): "0x3 1x20 0x30"},
        "28m",
        f"{WHO} keeps failing its liveness probe.",
        facts={"since": "1970-01-01 00:25:00 UTC"},
    ),
    Case(
        "StoreDown",
        "a store that was down stays so for some minutes when the exporter itself vanishes",
        {of(health.UP): "1x2 0x6 stale"},
        "12m",
        f"{WHO} keeps failing its liveness probe.",
    ),
    Case(
        "StoreDown",
        "one failed probe is not an outage",
        {of(health.UP): "1x4 0 1x10"},
        "6m",
    ),
    Case(
        "StoreDown",
        "a store that another exporter reaches is not down",
        {of(health.UP, 'instance="a"'): "0x20", of(health.UP, 'instance="b"'): "1x20"},
        "15m",
    ),
    Case(
        "StoreDown",
        "a store that refuses our key is not down",
        {
            of(health.UP): "1x4 0x20",
            of(health.PROBE_SUCCESS, LIVENESS): "1x4 0x20",
            REFUSED: "_x4 1x20",
        },
        "20m",
    ),
    Case(
        "StoreCredentialsRejected",
        "a key that is refused twice in a row is reported, from its first refusal on",
        {of(health.PROBE_SUCCESS, LIVENESS): "1x4 0x10", REFUSED: "_x4 1x10"},
        "8m",
        f"{WHO} refuses our credentials altogether.",
    ),
    Case(
        "StoreCredentialsRejected",
        "a collector that lacks a permission is reported although the probe succeeds",
        {
            of(health.PROBE_SUCCESS, LIVENESS): "1x70",
            of(business.COLLECTOR_SUCCESS, 'collector="orders"'): "1x4 0x66",
            failures(business.COLLECTOR_FAILURES, 'collector="orders"', "forbidden", "config"): (
                "_x4 1x14 2x14 3x38"
            ),
        },
        "40m",
        f"{WHO} refuses our credentials, or a permission that they need, in 1 of the probes and "
        "collectors.",
        "warning",
    ),
    Case(
        "StoreCredentialsRejected",
        "a permission of last week is no matter six hours after Prometheus was down",
        {
            of(health.PROBE_SUCCESS, LIVENESS): "1x500",
            of(business.COLLECTOR_SUCCESS, 'collector="orders"'): "0x500",
            failures(business.COLLECTOR_FAILURES, 'collector="orders"', "forbidden", "config"): (
                "3x20 _x20 3x460"
            ),
        },
        "395m",
    ),
    Case(
        "StoreDown",
        "a store that lacks a permission and then times out is down",
        {
            of(health.UP): "1x9 0x20",
            of(health.PROBE_SUCCESS, LIVENESS): "1x9 0x20",
            TIMEOUTS: "0x9 1+1x20",
            of(business.COLLECTOR_SUCCESS, 'collector="orders"'): "0x30",
            failures(business.COLLECTOR_FAILURES, 'collector="orders"', "forbidden", "config"): (
                "_x4 1x26"
            ),
        },
        "15m",
        f"{WHO} keeps failing its liveness probe. The latest failures are of type timeout.",
    ),
    Case(
        "StoreDown",
        "a store that refused our key before it stopped to answer is down",
        {
            of(health.UP): "0x30",
            of(health.PROBE_SUCCESS, LIVENESS): "0x30",
            REFUSED: "1x9 stale",
            TIMED_OUT_PROBE: "_x10 1x20",
            TIMEOUTS: "0x9 1+1x20",
        },
        "20m",
        f"{WHO} keeps failing its liveness probe. The latest failures are of type timeout.",
    ),
    Case(
        "StoreVitalProbeFailing",
        "a checkout that is marked critical and fails is a page although the store answers",
        {
            of(health.UP): "1x20",
            of(health.HEALTH, 'state="critical"'): "0x4 1x16",
            failures(health.PROBE_FAILURES, CART, "server_error", "store"): "0x4 1+1x16",
            why(CART, "Uncaught TypeError: (id)"): "_x4 1x16",
        },
        "10m",
        f"{WHO} responds, but what it needs to sell does not work: a critical probe fails "
        "(100% of the time). Failing probes: cart. The latest failures are of type server_error.",
        facts={"error": "cart: Uncaught TypeError: (id)"},
    ),
    Case(
        "StoreVitalProbeFailing",
        "one failed run of a checkout that is probed every five minutes is none, for it runs again",
        {of(health.UP): "1x60", of(health.HEALTH, 'state="critical"'): "0x20 1x6 0x40"},
        "9m",
        step="15s",
    ),
    Case(
        "StoreVitalProbeFailing",
        "two failed runs in a row of a checkout are a page before its third",
        {
            of(health.UP): "1x60",
            of(health.HEALTH, 'state="critical"'): "0x20 1x40",
            failures(health.PROBE_FAILURES, CART, "server_error", "store"): "_x20 1x5 2x35",
        },
        "9m15s",
        f"{WHO} responds, but what it needs to sell does not work: a critical probe fails "
        "(100% of the time). The latest failures are of type server_error.",
        step="15s",
    ),
    Case(
        "StoreVitalProbeFailing",
        "a store that is down has its own message",
        {of(health.UP): "1x4 0x30", of(health.HEALTH, 'state="critical"'): "0x4 1x30"},
        "30m",
    ),
    Case(
        "StoreCredentialsRejected",
        "it goes on while the exporter restarts, and is not reported as over",
        {
            of(health.UP): "1x4 0x6 stale",
            of(health.PROBE_SUCCESS, LIVENESS): "1x4 0x6 stale",
            REFUSED: "_x4 1x6 stale",
        },
        "14m",
        f"{WHO} refuses our credentials altogether.",
    ),
    Case(
        "StoreCredentialsRejected",
        "a missing permission goes on while the exporter restarts as well",
        {
            of(health.PROBE_SUCCESS, LIVENESS): "1x30 stale",
            of(business.COLLECTOR_SUCCESS, 'collector="orders"'): "1x4 0x26 stale",
            failures(business.COLLECTOR_FAILURES, 'collector="orders"', "forbidden", "config"): (
                "_x4 1x14 2x12 stale"
            ),
        },
        "34m",
        f"{WHO} refuses our credentials, or a permission that they need, in 1 of the probes and "
        "collectors.",
        "warning",
    ),
    Case(
        "StoreDown",
        "a store that refuses our credentials is not down without an exporter either",
        {
            of(health.UP): "1x4 0x6 stale",
            of(health.PROBE_SUCCESS, LIVENESS): "1x4 0x6 stale",
            REFUSED: "_x4 1x6 stale",
        },
        "14m",
    ),
    Case(
        "StoreCredentialsRejected",
        "a new key ends it with its first success",
        {of(health.PROBE_SUCCESS, LIVENESS): "0x8 1x10", REFUSED: "1x8 stale"},
        "10m",
    ),
    Case(
        "StoreCredentialsRejected",
        "timeouts are no matter of credentials",
        {of(health.PROBE_SUCCESS, LIVENESS): "0x20", TIMED_OUT_PROBE: "1x20"},
        "15m",
    ),
    Case(
        "StoreDegraded",
        "a store whose cart does not work for a quarter of an hour is degraded",
        {
            of(health.HEALTH, 'state="degraded"'): "0x4 1x30",
            failures(health.PROBE_FAILURES, CART, "server_error", "store"): "0x4 1+1x30",
            why(CART, "Uncaught TypeError: (id)"): "_x4 1x30",
        },
        "25m",
        f"{WHO} has been degraded for more than a quarter of an hour, continuously or again and "
        "again: a probe that is not critical fails or reports a problem, such as a slow response. "
        "Failing probes: cart. The latest failures are of type server_error.",
        "warning",
        facts={"error": "cart: Uncaught TypeError: (id)"},
    ),
    Case(
        "StoreDegraded",
        "a store that responds slowly is degraded, and the message says how slowly",
        {
            of(health.API_THROTTLED): "0+1x35",
            of(health.HEALTH, 'state="degraded"'): "0x4 1x30",
            of(health.PROBE_PHASE, f'{CART}, phase="processing"'): "4x35",
            of(health.PROBE_PHASE, f'{LIVENESS}, phase="processing"'): "6x35",
            of(health.PROBE_PHASE, f'{LIVENESS}, phase="transfer"'): "0.25x35",
        },
        "25m",
        f"{WHO} has been degraded for more than a quarter of an hour, continuously or again and "
        "again: a probe that is not critical fails or reports a problem, such as a slow response. "
        "Its slowest response, to the probe liveness, took 6.2 s. It asks for fewer requests.",
        "warning",
    ),
    Case(
        "StoreDegraded",
        "a restart of the exporter is not its end",
        {of(health.HEALTH, 'state="degraded"'): "0x4 1x20 stale"},
        "27m",
        f"{WHO} has been degraded for more than a quarter of an hour, continuously or again and "
        "again: a probe that is not critical fails or reports a problem, such as a slow response.",
        "warning",
    ),
    Case(
        "StoreDegraded",
        "ten minutes of it are not worth a ticket",
        {of(health.HEALTH, 'state="degraded"'): "0x4 1x10 0x10"},
        "14m",
    ),
]
