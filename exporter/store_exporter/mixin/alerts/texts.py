"""Texts that several alerts share, and the facts beside their descriptions.

A fact is an annotation of its own, whose template is empty if nothing is known. Messages for
people (`mixin/messages/texts.py`) show it on a separate line.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...metrics.catalogue import Metric, business, health
from .. import promql, series
from ..go_templates import each, given, when
from ..go_templates import value as shown
from ..model import Joined
from ..names import MANY
from ..policy import LIVENESS_PROBE
from ..promql import SHOP, equal, select
from ..rules import costs

WHO = "{{ $labels.domain }} ({{ $labels.org }})"
SHARE = '{{ $value | humanizePercentage | reReplaceAll "([0-9]{2})[.][0-9]+" "$1" }}'
"""An alert's value as a percentage, with decimals only below ten."""

_COUNT = '$value | printf "%.0f"'
TIME = (
    "{{ $value | humanizeDuration | "
    'reReplaceAll "^([0-9]+d [0-9]+h|[0-9]+h [0-9]+m|[0-9]+m) .*$" "$1" | '
    'reReplaceAll "( 0[hms])+$" "" }}'
)
"""An alert's value as a time in its two largest units: `1d 4h`, and `2h` for `2h 0m 0s`."""
ARE = when("eq $value 1.0", "is", "are")
PROCESS = ("job", "instance")


def counted(noun: str, value: str = "$value") -> str:
    """Template text for a number and a noun, in the plural unless it is 1."""
    return f"{shown(value)} {noun}{when(f'ne {value} 1.0', 's')}"


def estimated(noun: str) -> str:
    """Template text for an alert's value and a noun; `increase` estimates 40.18 or 1.02 of them."""
    plural = when(f'ne ({_COUNT}) "1"', "s")
    return f"{shown(_COUNT)} {noun}{plural}"


def ends(soon: str, over: str) -> str:
    """Template text for when something ends or ended, from the alert's value in seconds."""
    ago = TIME.replace("humanizeDuration |", 'humanizeDuration | reReplaceAll "^-" "" |')
    return when("lt $value 0.0", f"{over} {ago} ago", f"{soon} in {TIME}") + "."


def enumerated(item: str, between: str = ", ", *, most: int = 0) -> str:
    """Template text for the results of a query, or the first ones, each `.` in the item's text."""
    one = when("$i", between) + item
    if most:
        one = when(f"eq $i {most}", " and others", one)
    return each("$i, $each := .", one)


def queried(query: str, found: str, *labels: str) -> str:
    """Template text about the results of a query; empty if there are none.

    It is also empty while many alerts of the same name fire, because the query would run for each.

    Args:
        query: PromQL with a `%q` for each of `labels`, as `chosen` makes it.
        found: template text; `.` is the list of results.
        labels: labels of the alert.
    """
    values = "".join(f" $labels.{label}" for label in labels)
    template = given(f"printf {promql.quote(query)}{values} | query", found)
    return when(f"not $labels.{MANY}", template)


def chosen(metric: Metric | str, *labels: str, more: str = "") -> str:
    """Select the series that share the alert's labels."""
    return select(metric, *(f"{label}=%q" for label in labels), *([more] if more else []))


def _most_frequent(failures: Metric, window: str, *more: str) -> tuple[str, tuple[str, ...]]:
    labels = (*SHOP, *more)
    moved = f"increase({chosen(failures, *labels)}[{window}])"
    return f"topk(1, sum by (error_type) ({moved}) > 0)", labels


def cause(failures: Metric, window: str, *more: str) -> str:
    """Template text that names the most frequent error type within a window, if there is one.

    Args:
        failures: a counter with the label `error_type`.
        window: a duration long enough for two runs.
        more: labels of the alert, beside org and domain, that the failures must share.
    """
    query, labels = _most_frequent(failures, window, *more)
    said = ' The latest failures are of type {{ . | first | label "error_type" }}.'
    return queried(query, said, *labels)


def error_type(failures: Metric, window: str, *more: str) -> str:
    """That error type alone; messages look up its meaning and remedy by it."""
    query, labels = _most_frequent(failures, window, *more)
    return queried(query, '{{ . | first | label "error_type" }}', *labels)


PROBE_CAUSE = cause(health.PROBE_FAILURES, "10m")
COLLECTOR_CAUSE = cause(business.COLLECTOR_FAILURES, "1h", "collector")
_OF_LIVENESS = equal("probe", LIVENESS_PROBE)

STATUS = queried(
    f"max({chosen(health.PROBE_STATUS, *SHOP, more=_OF_LIVENESS)}) >= 400",
    " It responds with HTTP {{ . | first | value }}.",
    *SHOP,
)
"""The HTTP status of a refusal, if there was a response."""
_REASON = '{{ . | first | label "reason" }}'

ERROR = queried(
    f"topk(1, {chosen(health.PROBE_FAILURE, *SHOP, more=_OF_LIVENESS)})", _REASON, *SHOP
)
"""Why the liveness probe fails, in the store's words if it responded."""

ANY_ERROR = queried(
    f"topk(1, {chosen(health.PROBE_FAILURE, *SHOP)})",
    f'{{{{ . | first | label "probe" }}}}: {_REASON}',
    *SHOP,
)
"""The same for any probe that fails."""

FAILING_PROBES = queried(
    f"count by (probe) ({chosen(health.PROBE_FAILURE, *SHOP)})",
    f" Failing probes: {enumerated('{{ $each.Labels.probe }}')}.",
    *SHOP,
)
SLOWEST = queried(
    f"topk(1, sum by (probe) ({chosen(health.PROBE_PHASE, *SHOP)}) >= 1)",
    ' Its slowest response, to the probe {{ . | first | label "probe" }}, took '
    '{{ . | first | value | printf "%.1f" }} s.',
    *SHOP,
)
"""How slow it is, if a probe waits for a second or more."""

THROTTLED = queried(
    f"max(increase({chosen(health.API_THROTTLED, *SHOP)}[10m])) > 0",
    " It asks for fewer requests.",
    *SHOP,
)

# 1240 becomes 1,240, and 1240000 becomes 1,240,000.
THOUSANDS = (
    'reReplaceAll "([0-9])([0-9]{3})\\\\b" "$1,$2" | reReplaceAll "([0-9])([0-9]{3})," "$1,$2,"'
)

_AMOUNT = f'{{{{ $each.Value | printf "%.0f" | {THOUSANDS} }}}} {{{{ $each.Labels.currency }}}}'
AMOUNTS = f"about {enumerated(_AMOUNT, ' and ')}"
"""Template text for a query's amounts by currency."""


def cost(revenue: str, orders: str, *labels: str) -> str:
    """Template text for the cost of an hour without sales; empty if it is not known.

    Args:
        revenue: query for the normal revenue of an hour, by currency.
        orders: query for the normal number of orders of an hour.
        labels: labels of the alert; each query has a `%q` for each of them.
    """
    return queried(
        f"round({revenue}, 10) > 0",
        f"{AMOUNTS} an hour"
        + queried(f"round({orders}) > 0", " in {{ . | first | value }} orders", *labels)
        + ", at this time of the week",
        *labels,
    )


COST = cost(chosen(costs.REVENUE, *SHOP), chosen(costs.ORDERS, *SHOP), *SHOP)
_FAILED = chosen(series.OPERATION_ERROR_RATE, *SHOP, more=promql.one_of("fault", series.FAILURES))

FAILING = queried(
    f"topk(3, round(300 * sum by (operation) ({_FAILED})) > 0)",
    enumerated(f"{{{{ .Labels.operation }}}} ({counted('call', '.Value')})")
    + " in the last five minutes",
    *SHOP,
)

_EVENTS = " or ".join(
    f"last_over_time({promql.over(select(health.EVENT, 'org=%q', domain), '1d')})"
    for domain in ("domain=%q", 'domain=""')
)

_CUT = ' {{ . | printf "%.40s" }}'

CHANGED = queried(
    f"sort_desc(topk(3, max by (kind, component, before, after) ({_EVENTS}) > time() - 86400))",
    enumerated(
        "{{ .Labels.kind }}"
        + given(".Labels.component", _CUT)
        + given(".Labels.before", _CUT + when("$each.Labels.after", " to", " removed"))
        + given(".Labels.after", _CUT)
    ),
    "org",
    "domain",
    "org",
)
"""The three latest events of the store, or of all stores of its org, within a day."""


def unavailable(error: str = ERROR) -> Mapping[str, str]:
    """The facts about a store in which shoppers cannot buy."""
    return {
        "error": error,
        "error_type": error_type(health.PROBE_FAILURES, "10m"),
        "cost": COST,
        "failing": FAILING,
        "changed": CHANGED,
    }


def _one(expression: str) -> str:
    """One series of each store: the one with the highest value."""
    return f"topk by ({', '.join(SHOP)}) (1, {expression})"


def _as_label(label: str, expression: str, *more: str) -> str:
    return f'count_values by ({", ".join((*SHOP, *more))}) ("{label}", {expression})'


def _amount(label: str, expression: str) -> Joined:
    """An amount and its currency as a label; of several currencies, the highest amount."""
    most = _one(f"round({expression}, 10) > 0")
    amount = _as_label("amount", most, "currency")
    return Joined((label,), f'label_join({amount}, "{label}", " ", "amount", "currency")')


LOSS = _amount("loss", costs.LOST)
"""The cost of an outage so far."""

OUTAGE = (
    Joined(("error_type", "reason"), _one(select(health.PROBE_FAILURE, _OF_LIVENESS))),
    Joined(
        ("status",),
        _as_label("status", _one(f"{select(health.PROBE_STATUS, _OF_LIVENESS)} >= 400")),
    ),
    _amount("revenue", costs.REVENUE),
    Joined(("orders",), _as_label("orders", _one(f"round({costs.ORDERS}) > 0"))),
    LOSS,
)
"""Why a store does not respond, and the cost of its outage."""


def known(label: str, text: str) -> str:
    """Template text about a joined label, which is `.`; empty if the label is empty."""
    return given(f"$labels.{label}", text)


OUTAGE_CAUSE = known("error_type", " The latest failures are of type {{ . }}.") + known(
    "status", " It responds with HTTP {{ . }}."
)

LOST = known("loss", f"about {{{{ . | {THOUSANDS} }}}}")

OUTAGE_FACTS = {
    "error": "{{ $labels.reason }}",
    "error_type": "{{ $labels.error_type }}",
    "cost": known(
        "revenue",
        f"about {{{{ . | {THOUSANDS} }}}} an hour"
        + known("orders", " in {{ . }} orders")
        + ", at this time of the week",
    ),
    "loss": LOST,
}
"""The facts about a store that is down, from the labels of `OUTAGE`."""
