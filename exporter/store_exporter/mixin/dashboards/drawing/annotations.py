"""Marks in graphs: starts of alerts, maintenance, and changes at the stores."""

from __future__ import annotations

from ....metrics.catalogue.health import STORE_LABELS
from ... import changes, promql, series
from .sdk import DATASOURCE, build

FIRING = ("org", "domain", "platform", "job", "instance")
"""Labels of alerts that are variables of dashboards."""


def firing(variables: tuple[str, ...], *, enabled: bool) -> build.AnnotationQuery:
    """Marks the starts of the chosen stores' alerts.

    The value of Prometheus' own `ALERTS_FOR_STATE` is the time at which an alert became active. So
    each alert is one mark, not a region over its whole duration.
    """
    chosen = promql.variables(*(name for name in FIRING if name in variables))
    return (
        build.AnnotationQuery()
        .name("Alerts")
        .datasource(DATASOURCE)
        .enable(enabled)
        .icon_color("red")
        .expr(promql.firing_since(promql.one_of("severity", ("none",), negate=True), *chosen))
        .use_value_for_time(True)
        .title_format("{{alertname}}")
        .text_format("{{severity}} {{org}} {{domain}}")
        .step("60s")
    )


def maintenance(variables: tuple[str, ...]) -> build.AnnotationQuery:
    """A region for each time in which a chosen store was in maintenance.

    Grafana joins samples one step apart into one region.
    """
    chosen = promql.variables(*(name for name in FIRING if name in variables))
    return (
        build.AnnotationQuery()
        .name("Maintenance")
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color("blue")
        .expr(f"{promql.select(series.MAINTENANCE, *chosen)} == 1")
        .title_format("Maintenance")
        .text_format("{{org}} {{domain}}")
        .step("60s")
    )


def changed(variables: tuple[str, ...], *, enabled: bool) -> build.AnnotationQuery:
    """Marks the changes at the chosen stores; the value of each series is the time of a change."""
    events = changes.of(name for name in STORE_LABELS if name in variables)
    return (
        build.AnnotationQuery()
        .name("Changes")
        .datasource(DATASOURCE)
        .enable(enabled)
        .icon_color("purple")
        .expr(f"1000 * {events}")
        .use_value_for_time(True)
        .title_format("{{kind}} {{component}}")
        .text_format("{{before}} → {{after}} {{org}} {{domain}}")
        .step("60s")
    )
