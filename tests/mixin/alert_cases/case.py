"""One situation of an alert: input series, and what its message says.

Series are written as promtool has them: `start+stepxcount`, `_` for no sample. The clock of a case
starts at Unix time 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from store_exporter.metrics.catalogue import Metric, health

STORE = 'org="acme", domain="books.example", platform="woocommerce"'
PROCESS = 'job="store-exporter", instance="exporter:10847"'
WHO = "books.example (acme)"
DAY = 86400


def of(metric: Metric | str, more: str = "", base: str = STORE, suffix: str = "") -> str:
    """A series of a metric, of the one store or process of these cases."""
    name = metric.name if isinstance(metric, Metric) else metric
    return f"{name}{suffix}{{{', '.join(part for part in (base, more) if part)}}}"


def failures(metric: Metric, kind: str, error_type: str, fault: str) -> str:
    """A counter of failures of one type."""
    return of(metric, f'{kind}, error_type="{error_type}", fault="{fault}"')


def why(kind: str, reason: str, base: str = STORE, error_type: str = "server_error") -> str:
    """Why a probe fails."""
    return of(health.PROBE_FAILURE, f'{kind}, error_type="{error_type}", reason="{reason}"', base)


def event(kind: str, component: str, before: str, after: str) -> str:
    """Something that changed, with its time as the value."""
    own = f'kind="{kind}", component="{component}", before="{before}", after="{after}"'
    return of(health.EVENT, own)


@dataclass(frozen=True, slots=True)
class Case:
    """One situation.

    Attributes:
        alert: the alert it is about.
        says: one sentence, the test's name.
        series: input, with a sample every `step`.
        at: when to look.
        message: the description of the alert that fires; None when none may.
        severity, labels: of the alert that fires, beside those of the store.
        base: the labels that the alert takes from its series.
        step: between samples.
        pace: between evaluations; as often as samples come unless a long history makes that slow.
        groups: the recording rules that matter; the rest are left out for speed.
        facts: annotations that are looked at beside summary and description.
    """

    alert: str
    says: str
    series: Mapping[str, str]
    at: str
    message: str | None = None
    severity: str = "critical"
    labels: Mapping[str, str] = field(default_factory=dict)
    base: str = STORE
    step: str = "1m"
    pace: str = ""
    groups: tuple[str, ...] = ("health", "health.minute", "credentials")
    facts: Mapping[str, str] = field(default_factory=dict)


LIVENESS = 'probe="liveness"'
CART = 'probe="cart"'
TIMEOUTS = failures(health.PROBE_FAILURES, LIVENESS, "timeout", "store")
REFUSED = why(LIVENESS, "HTTP 401", error_type="unauthorized")
TIMED_OUT_PROBE = why(LIVENESS, "no answer", error_type="timeout")

MOVED = STORE.replace("woocommerce", "shopify")
