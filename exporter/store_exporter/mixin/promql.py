"""PromQL from metrics of the catalogue: small functions, each returning an expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ..metrics.catalogue import Metric
from ..metrics.catalogue.health import STORE_LABELS
from ..metrics.catalogue.operations import OPERATION_LABELS

STORE = STORE_LABELS
OPERATION = OPERATION_LABELS
SHOP = ("org", "domain")
"""The labels of a store whatever its platform: one that moved has two of them for some minutes."""
BUCKET = ("le", "vmrange")
"""The label of a bucket: Prometheus' upper bound, or VictoriaMetrics' range."""


def quote(value: str) -> str:
    """Return a PromQL string literal."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def equal(label: str, value: str) -> str:
    """Match a label's exact value."""
    return f"{label}={quote(value)}"


def one_of(label: str, values: Iterable[str], *, negate: bool = False) -> str:
    """Match a label against a list of exact values, or against everything else."""
    values = list(values)
    if len(values) == 1:
        return f"{label}{'!=' if negate else '='}{quote(values[0])}"
    pattern = "|".join(re.sub(r"([.+*?()|\[\]{}^$\\])", r"\\\1", value) for value in values)
    return f"{label}{'!~' if negate else '=~'}{quote(pattern)}"


def variables(*labels: str) -> tuple[str, ...]:
    """Match each label against the dashboard variable of the same name."""
    return tuple(f'{label}=~"${label}"' for label in labels)


def select(metric: Metric | str, *matchers: str, suffix: str = "") -> str:
    """Return an instant selector. `suffix` is `_bucket`, `_count` or `_sum` of a histogram."""
    name = metric.name if isinstance(metric, Metric) else metric
    return f"{name}{suffix}{{{', '.join(matchers)}}}" if matchers else f"{name}{suffix}"


def named(name: str, *matchers: str) -> str:
    """Return an instant selector whose other matchers may match the name as well."""
    return f"{{{', '.join((equal('__name__', name), *matchers))}}}"


def firing(*matchers: str) -> str:
    """Select the firing alerts, as Prometheus itself records them."""
    return select("ALERTS", equal("alertstate", "firing"), *matchers)


def firing_since(*matchers: str) -> str:
    """When each firing alert became active, in Unix milliseconds, the unit of Grafana."""
    known = select("ALERTS_FOR_STATE", *matchers)
    return f"1000 * ({known} and ignoring (alertstate) {firing(*matchers)})"


def hourly(rate: str) -> str:
    """Turn a rate per second into a rate per hour, the unit in which people count calls."""
    return f"3600 * {rate}"


def over(selector: str, window: str, offset: str = "") -> str:
    """Turn an instant selector into a range selector."""
    return at(f"{selector}[{window}]", offset)


def at(selector: str, offset: str = "") -> str:
    """Evaluate a selector some time ago; now if there is no offset."""
    return f"{selector} offset {offset}" if offset else selector


def rate(metric: Metric | str, window: str, *matchers: str, suffix: str = "") -> str:
    """Per-second rate of a counter or histogram."""
    return f"rate({over(select(metric, *matchers, suffix=suffix), window)})"


def increase(metric: Metric | str, window: str, *matchers: str) -> str:
    """Increase of a counter over a window, extrapolated to its ends."""
    return f"increase({over(select(metric, *matchers), window)})"


def fresh_increase(metric: Metric, window: str, *matchers: str) -> str:
    """Whether a counter increased within a window, even if its first sample is that increase.

    `increase` does not see that a series begins with the value 1, as a counter with an error type
    does. A series that begins with 0 has not increased yet, and one without samples at the window's
    start, such as while Prometheus was down, does not begin then.
    """
    selector = select(metric, *matchers)
    born = f"{selector} > 0 unless last_over_time({over(selector, window, window)})"
    return f"((increase({over(selector, window)}) > 0) or ({born}))"


def moved(metric: Metric, window: str, *matchers: str) -> str:
    """Whether a counter changed within a window, from only three of its values, to be fast.

    A counter that was reset and has reached its old value again has changed as well; the value in
    the middle of the window shows that. As in `fresh_increase`, one that begins above zero changed,
    but not one that had samples in the half hour before the window.
    """
    now = select(metric, *matchers)
    half, then = at(now, duration(seconds(window) / 2)), over(now, "30m", window)
    return f"({now} > 0 unless ({now} == last_over_time({then}) unless {now} != {half}))"


def aggregate(function: str, labels: Iterable[str], expression: str) -> str:
    """Aggregate by labels; by no label if the list is empty."""
    labels = ", ".join(labels)
    by = f" by ({labels})" if labels else ""
    return f"{function}{by} ({expression})"


def each(metric: Metric, *matchers: str) -> str:
    """A gauge without the label of its process: all that watch a store report the same."""
    return aggregate("max", metric.labels, select(metric, *matchers))


def total(labels: Iterable[str], expression: str) -> str:
    """Sum by labels."""
    return aggregate("sum", labels, expression)


def on(*labels: str) -> str:
    """Match two sides of an operator on these labels."""
    return f"on ({', '.join(labels)})"


def quantile(
    q: float, metric: Metric, window: str, labels: Iterable[str], matchers: Iterable[str] = ()
) -> str:
    """Quantile of a histogram, native where it is scraped as such and classic otherwise.

    VictoriaMetrics turns native and exponential histograms into buckets with the label `vmrange`
    instead of `le`. A window without observations gives no result instead of NaN.
    """
    labels, matchers = tuple(labels), tuple(matchers)
    native = total(labels, rate(metric, window, *matchers))
    classic = total((*labels, *BUCKET), rate(metric, window, *matchers, suffix="_bucket"))
    return quantile_of(q, native, classic)


def quantile_of(q: float, native: str, classic: str) -> str:
    """Quantile of rates: of native histograms if there are any, else of classic buckets."""
    return f"(histogram_quantile({q:g}, {native}) or histogram_quantile({q:g}, {classic})) >= 0"


def share_within(
    bound: float, labels: Iterable[str], native: str, classic: Callable[[str], str]
) -> str:
    """Share of observations up to `bound`, which is a bound of the classic buckets.

    NaN without observations. VictoriaMetrics supports `histogram_fraction`, but not for native
    histograms, and rejects every expression that contains `histogram_count`.

    Args:
        bound: in the unit of the histogram.
        labels: the labels to keep.
        native: rates of native histograms.
        classic: returns the rates of the buckets that a matcher selects.
    """
    labels = tuple(labels)
    # Prometheus 3 writes the bound 1 as "1.0", OTLP and older versions as "1".
    text = f"{bound:g}"
    value = text if "." in text else f"{text}|{text}\\.0"
    bucket = f"le=~{quote(value)}" if "|" in value else equal("le", value)
    within, everything = (total(labels, classic(each)) for each in (bucket, equal("le", "+Inf")))
    ranges = total((*labels, "vmrange"), classic('vmrange!=""'))
    return (
        f"histogram_fraction(0, {bound:g}, {total(labels, native)}) or {within} / {everything}"
        f" or histogram_fraction(0, {bound:g}, {ranges})"
    )


def labelled(expression: str, label: str, value: str) -> str:
    """Give all series of an expression a label."""
    return f'label_replace({expression}, "{label}", "{value}", "", "")'


def or_zero(expression: str, like: str) -> str:
    """The expression, and zero for label sets that only `like` has."""
    return f"({expression} or 0 * {like})"


def lines(expression: str) -> str:
    """Break an expression into lines before its outermost set operators, for people to read."""
    depth, start, found = 0, 0, []
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[({\[]|[)}\]]| (?:or|and|unless) ', expression):
        token = match.group()
        if token[0] in "({[":
            depth += 1
        elif token[0] in ")}]":
            depth -= 1
        elif token[0] == " " and depth == 0:
            found.append(expression[start : match.start()])
            start = match.start() + 1
    return "\n".join([*found, expression[start:]])


def seconds(duration: str) -> float:
    """Seconds of a simple PromQL duration such as `90s`, `5m`, `6h`, `30d`, `1w` or `1y`."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 365 * 86400}
    return float(duration[:-1]) * units[duration[-1]]


def duration(value: float) -> str:
    """A PromQL duration in the largest whole unit; parts of a second become milliseconds."""
    if value != int(value):
        return f"{round(value * 1000)}ms"
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if value and value % size == 0:
            return f"{int(value // size)}{unit}"
    return f"{int(value)}s"
