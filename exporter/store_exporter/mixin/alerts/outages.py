"""Alerts that replace many messages by one: on many stores at once, and on an unstable store.

An inhibiting alert must reach Alertmanager before the first message of an inhibited one is sent.
So `StoresDown` fires a minute earlier than `StoreDown`, and ends later.
"""

from __future__ import annotations

from ...errors import Fault
from ...metrics.catalogue import Metric, health
from .. import promql, series
from ..go_templates import given
from ..model import Alert, Group
from ..names import AUDIENCE, ORG_ONLY, AlertName, Dashboards
from ..objectives import DEFAULT, Objective
from ..policy import HOUR, LIVENESS_PROBE, MESSAGES, MINUTE, THRESHOLDS
from ..promql import STORE, equal
from ..rules import costs
from .causes import UNUSABLE
from .texts import (
    AMOUNTS,
    CHANGED,
    FAILING,
    OUTAGE,
    OUTAGE_CAUSE,
    OUTAGE_FACTS,
    PROBE_CAUSE,
    SHARE,
    WHO,
    cost,
    counted,
    enumerated,
    queried,
    unavailable,
)

DOWN_AFTER = 2 * MINUTE
"""How long a store must be down before it is reported."""
CALM = 5 * MINUTE
"""How long a store must have been up again before its outage counts as over."""
_NAMED = 8
"""The most stores that the message about an outage names; the dashboard lists all of them."""
FAILED = "had failed for"
_DOWN = f"{series.AVAILABLE} == 0"
_CHOSEN = "{platform=%q}"
"""Selects the alert's platform, in templates."""


def _extent() -> str:
    """Template text that counts the stores that are down, of a platform and of all."""
    everywhere, all_watched = (
        f"{{{{ query {promql.quote(f'count({found})')} | first | value }}}}"
        for found in (_DOWN, series.AVAILABLE)
    )
    of_platform = given(
        f'printf "count({series.AVAILABLE}{_CHOSEN})" $labels.platform | query',
        "{{ . | first | value }}",
    )
    return (
        f"{{{{ $value }}}} of the {of_platform} {{{{ $labels.platform }}}} stores watched do not "
        f"respond; over all platforms {everywhere} of {all_watched}."
    )


def _failures() -> str:
    """Template text that names the most frequent types of failure of a platform's stores."""
    failures = f"increase({health.PROBE_FAILURES.name}{_CHOSEN}[10m])"
    stores = f"sum by ({', '.join(STORE)}, error_type) ({failures}) > 0"
    most = f"topk(3, count by (error_type) ({stores}))"
    each = f" {{{{ .Labels.error_type }}}} ({counted('store', '.Value')})"
    text = f" Types of failure:{enumerated(each, ',')}."
    return given(f'printf "{most}" $labels.platform | query', text)


def _known(metric: Metric, label: str, *matchers: str) -> str:
    """The values that stores have of a label of an info metric."""
    # A name that no longer resolves had an address an hour ago.
    recent = promql.over(promql.select(metric, *matchers), "1h")
    return promql.aggregate("max", (*STORE, label), f"last_over_time({recent})")


def _in_common(metric: Metric, label: str) -> str:
    """Template text for the most frequent label value of stores that are down, with both counts."""
    down = f"{_known(metric, label, 'platform=%q')} and {promql.on(*STORE)} {_DOWN}"
    every = promql.quote(f"count({_known(metric, label, 'platform=%q', f'{label}=%q')})")
    most = f'(. | first | label "{label}")'
    return queried(
        f"topk(1, count by ({label}) ({down}))",
        f" The most frequent {label} among them is {{{{ {most} "
        '| printf "%q" }} ({{ . | first | value }}'
        + given(f"printf {every} $labels.platform {most} | query", " of {{ . | first | value }}")
        + " stores).",
        "platform",
    )


def _one_network() -> str:
    """Platforms with a network in which many stores, and a large share of them, are down."""
    by = ("platform", "network")
    known = f"{_known(health.NETWORK, 'network')} and {promql.on(*STORE)}"
    down, watched = (
        promql.aggregate("count", by, f"{known} ({stores})") for stores in (_DOWN, series.AVAILABLE)
    )
    share = f"({down} >= {THRESHOLDS.outage_stores:g}) / {watched}"
    return promql.aggregate("max", ("platform",), f"{share} >= {THRESHOLDS.outage_network_share:g}")


def shared() -> dict[str, str]:
    """The facts about all stores of a platform that are down."""
    chosen = "platform=%q"
    down = f"{promql.select(series.AVAILABLE, chosen)} == 0"
    of_those = f"{promql.on('org', 'domain')} ({down})"
    worth = f"{promql.select(costs.REVENUE, chosen)} and {of_those}"
    orders = f"{promql.select(costs.ORDERS, chosen)} and {of_those}"
    lost = f"sum by (currency) (max_over_time({promql.select(costs.LOST, chosen)}[1h]))"
    named = f"topk({_NAMED + 1}, max by (org, domain) (({worth}) or {of_those}))"
    liveness = equal("probe", LIVENESS_PROBE)
    reasons = promql.select(health.PROBE_FAILURE, chosen, liveness)
    return {
        "error": queried(
            f"topk(1, count by (reason) (count by (org, domain, reason) ({reasons})))",
            '{{ . | first | label "reason" }} (' + counted("store", "(. | first | value)") + ")",
            "platform",
        ),
        "stores": queried(
            f"sort_desc({named})",
            enumerated("{{ .Labels.domain }}", most=_NAMED),
            "platform",
            "platform",
            "platform",
        ),
        "cost": cost(
            f"topk(3, sum by (currency) ({worth}))", f"sum({orders})", "platform", "platform"
        ),
        # Also of stores that are up again, which are most of them near the end of an outage.
        "loss": queried(f"topk(3, round({lost}, 10) > 0)", AMOUNTS, "platform"),
    }


_BY = ("platform",)
_DOWN_NOW = promql.aggregate("count", _BY, _DOWN)
_WATCHED = promql.aggregate("count", _BY, series.AVAILABLE)
_MANY = f"{_DOWN_NOW} / {_WATCHED} >= {THRESHOLDS.outage_share:g}"
_IN_COMMON = _in_common(health.INFO, "version") + _in_common(health.NETWORK, "network")
STORES_DOWN = Alert(
    AlertName.STORES_DOWN,
    f"{_DOWN_NOW} >= {THRESHOLDS.outage_stores:g} and ({_MANY} or {_one_network()})",
    MINUTE,
    "critical",
    "Many stores do not respond.",
    "Many stores did not respond.",
    f"{_extent()}{_failures()}{_IN_COMMON}",
    f"""
    At least {THRESHOLDS.outage_stores:g} stores of a platform, and {THRESHOLDS.outage_share:.0%} of
    those that are watched or {THRESHOLDS.outage_network_share:.0%} of those in one network, fail
    their liveness probe. So many do not fail by chance: they share a hosting company, a network, a
    CDN, a release of the platform, or the exporter's own network. This one message is about all of
    them; merchants with their own channel get a message about their own store. It is sent again
    after {MESSAGES.repeat_critical / HOUR:g} h, with the numbers of then; whether the outage grows
    in between is on the fleet dashboard.

    - Look at the fleet dashboard: which stores are down, with which error types?
    - Is it the exporter's own network? `store-exporter probe DOMAIN` from another machine; error
      types `dns`, `connection` and `timeout` for all stores of all platforms point to it.
    - If only one platform is affected, read its status page.
    - If some stores of a platform are affected, the message has the version and network of most of
      them; `whois` shows who owns a network.

    - Tell the hosting company, CDN or platform once, with the list and the time.
    - Tell the merchants who have no channel of their own.
    """,
    dashboard=Dashboards.FLEET,
    by=_BY,
    faults=(Fault.STORE, Fault.CONFIG),
    facts=shared(),
    keep=2 * CALM,
)

_OUTAGE = promql.firing(equal("alertname", AlertName.STORES_DOWN))
# An org's own message while `StoresDown` holds back `StoreDown`.
STORE_DOWN_AMONG_MANY = Alert(
    AlertName.STORE_DOWN_AMONG_MANY,
    f"{_DOWN} and {promql.on('platform')} {_OUTAGE}"
    f" unless {promql.on(*STORE)} {series.LIVENESS_REFUSED}",
    MINUTE,
    "critical",
    "A store is down, and so are many others.",
    "A store did not respond, like many others at the same time.",
    f"{WHO} keeps failing its liveness probe, and so do many other stores; whoever runs the "
    f"platform has been notified.{OUTAGE_CAUSE}",
    f"""
    The store and many others of its platform do not respond. The cause is most likely something
    that they share, and somebody is working on it. Only the store's own org gets this message; the
    platform gets one message, {AlertName.STORES_DOWN}, for all.

    - Open the store's front page in a browser.

    - If it lasts, tell your customers, such as by a notice on social media.
    """,
    labels={AUDIENCE: ORG_ONLY},
    faults=(Fault.STORE, Fault.CONFIG),
    facts={**OUTAGE_FACTS, "failing": FAILING, "changed": CHANGED},
    probe=LIVENESS_PROBE,
    keep=CALM,
    ended=FAILED,
    joined=OUTAGE,
)


def _unless_told(window: str, of: tuple[Objective, ...]) -> str:
    """Leave out stores whose outages caused a page about a budget, unless this fires already.

    A strict objective is missed before this alert has seen enough changes. Objectives that an
    outage does not affect, such as latency, are about something else and do not count.
    """
    counting = [objective.name for objective in of if objective.counts_outages]
    if not counting:
        return ""
    page = promql.firing(
        equal("alertname", AlertName.STORE_ERROR_BUDGET_BURN),
        equal("severity", "critical"),
        promql.one_of("slo", counting),
    )
    own = promql.firing(equal("alertname", AlertName.STORE_UNSTABLE))
    same = promql.on(*STORE)
    return f" unless {same} (last_over_time({promql.over(page, window)}) unless {same} {own})"


def store_unstable(of: tuple[Objective, ...]) -> Alert:
    """A store is down again and again, each time too briefly for `StoreDown`."""
    recent = promql.over(series.STORE_UP, "30m")
    down = f"1 - avg_over_time({recent})"
    return Alert(
        AlertName.STORE_UNSTABLE,
        f"({down} > {THRESHOLDS.unstable_share:g})"
        f" and (changes({recent}) >= {THRESHOLDS.unstable_changes:g})"
        f"{_unless_told('30m', of)}",
        DOWN_AFTER,
        "critical",
        "A store keeps going up and down.",
        "A store kept going up and down.",
        f"{WHO} was down for {SHARE} of the last half hour, in short outages.{PROBE_CAUSE}",
        f"""
        The store fails its liveness probe and recovers, over and over: every outage is too short
        for {AlertName.STORE_DOWN}, but together they keep shoppers from buying. Typical causes are
        one broken server behind a load balancer, a shop that restarts, or a limit of its hosting
        that is reached at every peak. A store with strict objectives that already has a page about
        its uptime or availability, {AlertName.STORE_ERROR_BUDGET_BURN}, gets no second one.

        - The shop dashboard shows when it fails: at full minutes (a scheduled job), at peaks (a
          limit), or at random (one of several servers)?
        - Run `store-exporter probe DOMAIN` a few times and compare addresses and phases.

        - Have the hosting company look at the servers, limits and restarts of the shop.
        - Take the broken server out of the load balancer.
        """,
        inhibited_by=UNUSABLE,
        faults=(Fault.STORE, Fault.CONFIG),
        facts=unavailable(),
        window="30m",
        keep=30 * MINUTE,
        ended="kept failing for",
    )


def groups(of: tuple[Objective, ...] = DEFAULT) -> list[Group]:
    """Every alert of this module; `of` are the objectives whose error budgets have alerts."""
    return [
        Group("store-exporter.alerts.outages", [STORES_DOWN]),
        # With a thousand stores this one takes seconds. StoresDown must not wait for it.
        Group("store-exporter.alerts.among_many", [STORE_DOWN_AMONG_MANY], interval=MINUTE / 2),
        Group("store-exporter.alerts.unstable", [store_unstable(of)], interval=MINUTE),
    ]
