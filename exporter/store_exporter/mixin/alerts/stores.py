"""Alerts on a store's health: reachable, accepting our credentials, certified, quick."""

from __future__ import annotations

from ...errors import Fault
from ...metrics.catalogue import health
from .. import promql, series
from ..model import Alert, Cause, Group, Runbook
from ..names import AlertName, Dashboards
from ..policy import LIVENESS_PROBE, MINUTE, SEASONAL, THRESHOLDS
from ..promql import STORE, equal
from .causes import outage, unusable
from .outages import CALM, DOWN_AFTER, FAILED
from .texts import (
    ANY_ERROR,
    CHANGED,
    FAILING,
    LOSS,
    LOST,
    PROBE_CAUSE,
    SHARE,
    STATUS,
    WHO,
    error_type,
    unavailable,
)


def groups() -> list[Group]:
    """Every alert on the health of stores."""
    lasting = [vital_probe_failing(), store_degraded(), latency_regression()]
    return [
        Group("store-exporter.alerts.stores", [store_down(), *credentials_rejected()]),
        # As often as probes run.
        Group("store-exporter.alerts.health", lasting, interval=MINUTE),
    ]


def store_down() -> Alert:
    """The liveness probe fails for a reason other than our credentials, or did so repeatedly."""
    reported = promql.firing(equal("alertname", AlertName.STORE_DOWN))
    # Else each outage of a night would be two messages.
    again = f"{series.STORE_UP} == 1 and {series.RESTLESS} and {promql.on(*STORE)} {reported}"
    again_and_again = "{{ if $value }} again and again{{ end }}"
    return Alert(
        AlertName.STORE_DOWN,
        f"({series.STORE_UP} == 0 or {again}) unless {promql.on(*STORE)} {series.LIVENESS_REFUSED}",
        DOWN_AFTER,
        "critical",
        "A store is down.",
        "A store did not respond.",
        f"{WHO} keeps failing its liveness probe{again_and_again}.{PROBE_CAUSE}{STATUS}",
        Dashboards.SHOP,
        Runbook(
            "The liveness probe, a cheap authenticated request, has failed for two minutes in a "
            "row. Shoppers most likely cannot buy, and every operation against this store fails. "
            "From the third outage within an hour on, the alert lasts until there were fewer than "
            "three within the past hour.",
            (
                (
                    "Open the store's front page in a browser from another network. If it works "
                    "there, the exporter's network or address is blocked."
                ),
                (
                    "Run `store-exporter probe DOMAIN` where the exporter runs: it shows the "
                    "request, the response and the duration of each phase."
                ),
                "Read the error type in the message; the table below explains each.",
                (
                    'Read the line "Changed within a day" of the message: an update or a '
                    "deployment just before the failure is the most likely cause."
                ),
                (
                    "Look at the shop dashboard: did latency rise before the failure "
                    "(overload), or did it fail at once (DNS, certificate, deployment)?"
                ),
            ),
            (
                (
                    "Undo what changed just before, if it is yours. Otherwise tell the merchant or "
                    "the hosting company, with the error type and the time."
                ),
                (
                    "While somebody works on the store, `store-exporter maintenance DOMAIN --for "
                    "2h --reason TEXT` holds its alerts back."
                ),
                (
                    "If the store was closed for good, remove it from the configuration and "
                    "reload; the alert ends five minutes later, as after any recovery."
                ),
            ),
        ),
        inhibited_by=(outage(),),
        faults=(Fault.STORE, Fault.CONFIG),
        facts={**unavailable(), "loss": LOST},
        probe=LIVENESS_PROBE,
        keep=CALM,
        ended=f"had failed{again_and_again} for",
        joined=(LOSS,),
    )


def credentials_rejected() -> list[Alert]:
    """The store responds, but refuses our credentials for all requests or for some."""
    runbook = Runbook(
        "The store responds with 401 or 403: the API key was revoked or replaced, its secret "
        "is wrong, its user lost a role, or it lacks a permission. When the liveness probe is "
        "refused as well (critical), nothing that needs these credentials works, and applications "
        "that share them fail in the same way; otherwise (warning) a permission is missing.",
        (
            (
                "Run `store-exporter doctor`: it checks credentials and permissions of all stores "
                "and names the permission that is missing."
            ),
            "Ask whether somebody rotated keys, removed the integration or deleted the user.",
            (
                "If the response is 403 with an HTML page, it comes from a firewall, not from the "
                "shop."
            ),
        ),
        (
            (
                "Create a new key in the store (read access is enough for monitoring), put it "
                "where the configuration's `env:` or `file:` reference points, and reload. An "
                "environment variable, and any key with systemd, needs a restart of the exporter."
            ),
            "Grant the missing permission or scope.",
        ),
    )
    return [
        Alert(
            AlertName.STORE_CREDENTIALS_REJECTED,
            expression,
            2 * MINUTE,
            severity,
            "A store rejects our credentials.",
            "A store rejected our credentials.",
            f"{WHO} refuses our credentials{where}.",
            Dashboards.SHOP,
            runbook,
            faults=(Fault.CONFIG,),
            facts={"error": ANY_ERROR, "failing": FAILING},
        )
        for severity, expression, where in (
            ("critical", series.LIVENESS_REFUSED, " altogether"),
            (
                "warning",
                f"{series.CREDENTIALS_REJECTED} > 0 unless {series.LIVENESS_REFUSED}",
                ", or a permission that they need, in {{ $value }} of the probes and collectors",
            ),
        )
    ]


def recurring(state: str, besides: str = "") -> str:
    """The share of the last hour that a store spent in a state, if that comes and goes.

    Args:
        state: value of the label `state`.
        besides: PromQL that subtracts a share that another alert reports.
    """
    recent = promql.over(promql.select(health.HEALTH, equal("state", state)), "1h")
    share = f"{promql.aggregate('max', STORE, f'avg_over_time({recent})')}{besides}"
    often = promql.aggregate("max", STORE, f"changes({recent})")
    found = (
        f"({share} > {THRESHOLDS.unstable_share:g}"
        f" and {promql.on(*STORE)} {often} >= {THRESHOLDS.unstable_changes:g})"
    )
    return f"({series.outside_maintenance(found, '1h')})"


def in_state(state: str) -> str:
    """Stores that are in a state now."""
    chosen = promql.select(health.HEALTH, equal("state", state))
    return f"{promql.aggregate('max', STORE, chosen)} == 1"


def vital_probe_failing() -> Alert:
    """The store responds, but a probe that is configured as critical fails."""
    up = f"{promql.on(*STORE)} {series.STORE_UP} == 1"
    down = f" - {promql.on(*STORE)} (1 - avg_over_time({series.STORE_UP}[1h]))"
    return Alert(
        AlertName.STORE_VITAL_PROBE_FAILING,
        f"({in_state('critical')} and {up}) or {recurring('critical', down)}",
        3 * MINUTE,
        "critical",
        "A critical probe of a store fails.",
        "A store responded, but a critical probe failed.",
        f"{WHO} responds, but what it needs to sell does not work: a critical probe fails "
        f"({SHARE} of the time).{PROBE_CAUSE}",
        Dashboards.SHOP,
        Runbook(
            "The liveness probe succeeds, but another critical probe has failed twice in a row, or "
            "keeps failing and recovering. A probe is critical by default or by `critical: true` "
            "in the configuration. Shoppers most likely cannot buy. A probe that fails for the "
            "first time runs again a minute later, whatever its interval, so a single failed run "
            "fires no alert.",
            (
                "The shop dashboard lists the probes and which of them fails.",
                "`store-exporter probe DOMAIN` prints the reason in words.",
            ),
            (
                "Act on the failing probe: tell the merchant which part of the shop is broken.",
                "If shoppers can do without it, set `critical: false` for the probe.",
            ),
        ),
        inhibited_by=unusable(),
        faults=(Fault.STORE, Fault.CONFIG),
        facts=unavailable(ANY_ERROR),
        keep=CALM,
        ended=FAILED,
    )


def store_degraded() -> Alert:
    """The store is alive but not well."""
    return Alert(
        AlertName.STORE_DEGRADED,
        f"({in_state('degraded')}) or {recurring('degraded')}",
        15 * MINUTE,
        "warning",
        "A store is slow or partly failing.",
        "A store was slow or partly failing.",
        f"{WHO} has been degraded for more than a quarter of an hour, continuously or again and "
        f"again: a probe that is not critical fails, or the store is slow.{PROBE_CAUSE}",
        Dashboards.SHOP,
        Runbook(
            "The store is alive, but a probe that is not critical fails, or a probe reports a "
            "problem, such as a slow response. Part of the shop may not work for shoppers.",
            (
                "The shop dashboard lists the probes and which of them fails.",
                "`store-exporter probe DOMAIN` prints the reason in words.",
            ),
            (
                (
                    "Act on the failing probe: if cart fails, shoppers cannot fill a cart; if "
                    "storefront fails, the shop's page is broken although the API works."
                ),
                "Pass it on to the merchant if the cause is in the shop.",
            ),
        ),
        # One critical alert about the same fault is enough.
        inhibited_by=(
            *unusable(),
            Cause(AlertName.STORE_UNSTABLE),
            Cause(AlertName.STORE_VITAL_PROBE_FAILING),
        ),
        faults=(Fault.STORE, Fault.CONFIG),
        facts={
            "error": ANY_ERROR,
            "error_type": error_type(health.PROBE_FAILURES, "10m"),
            "failing": FAILING,
            "changed": CHANGED,
        },
    )


def latency_regression() -> Alert:
    """Much slower than at the same hour of past weeks."""
    now, normal = series.LATENCY_HOURLY, series.LATENCY_NORMAL
    p95 = promql.select(series.STORE_QUANTILE, equal("quantile", "0.95"))
    still = promql.aggregate("max", STORE, f"quantile_over_time(0.5, {p95}[15m])")
    factor = f"{SEASONAL.latency_factor:g} * {normal}"
    return Alert(
        AlertName.STORE_LATENCY_REGRESSION,
        f"({now} > {factor}) and ({now} - {normal} > {SEASONAL.latency_floor:g})"
        f" and ({still} > {factor})",
        15 * MINUTE,
        "warning",
        "A store is much slower than normal.",
        "A store was much slower than normal.",
        f"The p95 latency of {WHO} over the last hour is {{{{ $value | humanizeDuration }}}}, "
        f"more than {SEASONAL.latency_factor:g} times the normal value at this hour of the week.",
        Dashboards.TRENDS,
        Runbook(
            "Over the last hour, the p95 latency of operations against this store was more than "
            f"{SEASONAL.latency_factor:g} times the normal value at this weekday and hour, and at "
            f"least {SEASONAL.latency_floor:g} s above it. It has not recovered. Normal is the "
            "median "
            f"of the last {SEASONAL.weeks} weeks; there is no alert while fewer than "
            f"{SEASONAL.history} of them are known, or in hours with fewer than "
            f"{SEASONAL.latency_minimum:g} operations.",
            (
                "Look at the operations dashboard: are all operations slower, or is one?",
                (
                    "The shop dashboard splits a probe's time into phases: resolve, connect "
                    "and tls point to the network, processing to the shop."
                ),
                "Ask what changed: a plugin, a theme, a campaign, an import, the hosting plan.",
            ),
            (
                "Pass the figures and the time of the change to the merchant or hosting company.",
                (
                    "If this latency stays, it becomes the normal value by itself within "
                    f"{SEASONAL.history} weeks; silence the alert until then."
                ),
            ),
        ),
        inhibited_by=unusable(),
        window="1h",
    )
