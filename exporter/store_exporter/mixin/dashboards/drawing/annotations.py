"""Marks in graphs: starts of alerts, maintenance, and changes at the stores."""

from __future__ import annotations

from collections.abc import Iterator

from ....metrics.catalogue.health import STORE_LABELS
from ... import changes, promql, series
from .sdk import DATASOURCE, build

FIRING = ("org", "domain", "platform", "job", "instance")
"""Labels of alerts that are variables of dashboards."""


def marks(variables: tuple[str, ...], *, enabled: bool) -> Iterator[build.AnnotationQuery]:
    """Yield the marks of a dashboard with these variables.

    The values of `ALERTS_FOR_STATE`, which is Prometheus' own, and of the changes are times: of
    when an alert became active and of when a change happened. So each of these is one mark, not a
    region over its whole duration. Grafana joins samples of maintenance into one region if they
    are one step apart.
    """
    chosen = promql.variables(*(name for name in FIRING if name in variables))
    firing = promql.firing_since(promql.one_of("severity", ("none",), negate=True), *chosen)
    yield (
        _mark("Alerts", "red", firing, "{{alertname}}", "{{severity}} {{org}} {{domain}}")
        .enable(enabled)
        .use_value_for_time(True)
    )
    if "domain" in variables:
        maintained = f"{promql.select(series.MAINTENANCE, *chosen)} == 1"
        yield _mark("Maintenance", "blue", maintained, "Maintenance", "{{org}} {{domain}}")
    events = changes.of(name for name in STORE_LABELS if name in variables)
    text = "{{before}} → {{after}} {{org}} {{domain}}"
    yield (
        _mark("Changes", "purple", f"1000 * {events}", "{{kind}} {{component}}", text)
        .enable(enabled)
        .use_value_for_time(True)
    )


def _mark(name: str, color: str, query: str, title: str, text: str) -> build.AnnotationQuery:
    return (
        build.AnnotationQuery()
        .name(name)
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color(color)
        .expr(query)
        .title_format(title)
        .text_format(text)
        .step("60s")
    )
