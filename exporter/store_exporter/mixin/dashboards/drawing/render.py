"""A page as Grafana's classic dashboard JSON, built by grafana-foundation-sdk."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ... import policy, promql
from ..panels import DashboardPage, Panel, PanelKind, Query, Variable
from . import links as click
from . import tables
from .annotations import marks
from .finish import FINISH, mappings, thresholds, unknown, written
from .sdk import (
    DATASOURCE,
    JSONEncoder,
    PromQueryFormat,
    bargauge,
    build,
    heatmap,
    model,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)

LABEL_VALUES, QUERY_RESULT = 1, 3
"""Kinds of variable queries, with the numbers that Grafana's editor uses for them."""


def as_document(
    page: DashboardPage, links: policy.Links = policy.LINKS, *, one_org: bool = False
) -> dict[str, Any]:
    """Return the dashboard as Grafana's JSON.

    Args:
        page: the dashboard.
        links: addresses of the pages that it links to.
        one_org: whether its viewers see only one org; tables then omit its name, rows that
            compare orgs are left out, and neither org nor data source is offered as a choice.
    """
    names = tuple(variable.name for variable in page.variables)
    offered = [
        replace(each, hidden=each.hidden or (one_org and each.name == "org"))
        for each in page.variables
    ]
    board = (
        build.Dashboard(page.title)
        .uid(page.of.uid)
        .description(page.description)
        .tags([policy.TAG])
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time(page.since, "now")
        # The organisation's time zone if it has one, not the browser's, which is the SDK's default.
        .timezone("")
        .refresh(page.refresh)
        .link(siblings())
        .variables([datasource(hidden=one_org), *map(query_variable, offered)])
    )
    for mark in marks(names, enabled=page.marks):
        board.annotation(mark)
    numbers = itertools.count(1)
    for row in page.rows:
        if one_org and all(panel.subjects == ("org",) for panel in row.panels):
            continue
        board.with_row(build.Row(row.title).id(next(numbers)))
        for panel in row.panels:
            shown = render(panel, names, links, one_org=one_org)
            board.with_panel(shown.id(next(numbers)))
    document: dict[str, Any] = without_placement(
        json.loads(json.dumps(board.build(), cls=JSONEncoder))
    )
    # A link would pass a hidden value on to a page of another time; the SDK has no method for this.
    hidden = {variable.name for variable in offered if variable.hidden}
    for each in document["templating"]["list"]:
        each["skipUrlSync"] = each["name"] in hidden
    return document


def without_placement(content: Any) -> Any:
    """Drop the key `placement`, which the SDK sets in every link and annotation.

    It moves them into a menu, from which some versions of Grafana do not show links to dashboards
    at all (grafana-foundation-sdk issue 1272, grafana issue 115084).
    """
    if isinstance(content, dict):
        return {k: without_placement(v) for k, v in content.items() if k != "placement"}
    return [without_placement(each) for each in content] if isinstance(content, list) else content


def siblings() -> build.DashboardLink:
    """Links to the other dashboards that keep variables and time."""
    return (
        build.DashboardLink("Store dashboards")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags([policy.TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )


def datasource(*, hidden: bool) -> build.DatasourceVariable:
    """The variable that lets one dashboard serve every tenant's datasource."""
    builder = build.DatasourceVariable("datasource").label("Data source").type("prometheus")
    return builder.hide(model.VariableHide.HIDE_VARIABLE) if hidden else builder


def query_variable(variable: Variable) -> build.QueryVariable:
    """A variable of label values, refreshed when the time range changes."""
    query = f"label_values({variable.selector}, {variable.name})"
    kind, order = LABEL_VALUES, model.VariableSort.ALPHABETICAL_ASC
    if variable.ranked:
        query = f"query_result({variable.ranked})"
        kind, order = QUERY_RESULT, model.VariableSort.DISABLED
    builder = (
        build.QueryVariable(variable.name)
        .label(variable.title)
        .datasource(DATASOURCE)
        .query(
            {
                "qryType": kind,
                "query": query,
                "refId": "PrometheusVariableQueryEditor-VariableQuery",
            }
        )
        .definition(query)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(order)
        .multi(variable.multi)
        .include_all(variable.multi)
    )
    if variable.ranked:
        builder.regex(f'/{variable.name}="([^"]+)"/')
    if variable.hidden:
        builder.hide(model.VariableHide.HIDE_VARIABLE)
    if variable.multi:
        everything = model.VariableOption(selected=True, text="All", value="$__all")
        builder.all_value(".+").current(everything)
    return builder


# The SDK's builder classes, one for each kind of panel, are alike but have no common type.
_BUILDERS: dict[PanelKind, Callable[[], Any]] = {
    PanelKind.STAT: stat.Panel,
    PanelKind.GRAPH: timeseries.Panel,
    PanelKind.TABLE: table.Panel,
    PanelKind.HEATMAP: heatmap.Panel,
    PanelKind.TIMELINE: statetimeline.Panel,
    PanelKind.BARS: bargauge.Panel,
}


def render(
    panel: Panel, variables: tuple[str, ...], links: policy.Links, *, one_org: bool = False
) -> Any:
    """Return the SDK's builder of a panel."""
    builder = (
        _BUILDERS[PanelKind.TABLE if panel.named else panel.kind]()
        .title(panel.title)
        .description(panel.description)
        .datasource(DATASOURCE)
        .span(panel.width)
        .height(panel.height)
        .unit(written(panel.unit, panel.decimals))
        .no_value(panel.nothing)
        .thresholds(thresholds(panel.steps))
        .mappings([*mappings(panel.mappings), unknown(panel.nothing)])
    )
    if panel.exemplars:
        builder.with_target(exemplars(panel.exemplars))
    for index, query in enumerate(panel.asked):
        builder.with_target(target(panel, query, chr(ord("A") + index)))
    if panel.decimals is not None:
        builder.decimals(panel.decimals)
    if panel.low is not None:
        builder.min(panel.low)
    if panel.high is not None:
        builder.max(panel.high)
    _time(builder, panel)
    leads = click.of(panel, variables, links, one_org=one_org)
    if panel.kind is PanelKind.TABLE:
        tables.finish(builder, panel, leads, one_org=one_org)
        return builder
    if panel.named:
        tables.named(builder, panel, leads)
        return builder
    if leads:
        builder.data_links([link(*each) for each in leads])
    FINISH[panel.kind](builder, panel)
    return builder


def _time(builder: Any, panel: Panel) -> None:
    """Set the time that a panel shows, and the distance of its points."""
    if panel.interval:
        builder.interval(panel.interval)
    if panel.points is not None:
        builder.max_data_points(panel.points)
    if panel.since:
        builder.time_from(panel.since).hide_time_override(True)
    # Grafana moves the points of a panel with a shift to midnights of UTC, unless a time zone has
    # been chosen; so bars of days must have none.
    if panel.earlier:
        builder.time_shift(panel.earlier)


def target(panel: Panel, query: Query, ref: str) -> prometheus.Dataquery:
    """One query of a panel."""
    result = (
        prometheus.Dataquery()
        .datasource(DATASOURCE)
        .ref_id(ref)
        .expr(panel.expression(query))
        .legend_format(query.legend or "__auto")
    )
    if panel.kind in (PanelKind.GRAPH, PanelKind.HEATMAP, PanelKind.TIMELINE):
        result.range()
    else:
        result.instant()
    if panel.named or panel.kind is PanelKind.TABLE:
        result.format(PromQueryFormat.TABLE)
    if panel.kind is PanelKind.HEATMAP:
        result.format(PromQueryFormat.HEATMAP)
    return result


def exemplars(selectors: tuple[str, ...]) -> prometheus.Dataquery:
    """A query that adds exemplars to a panel, and no figures.

    For one expression Grafana queries both figures and exemplars; for exemplars Prometheus reads
    only its selectors. The expression is about the year 1970, so it has no figures to read for any
    range. Grafana omits the query if an earlier one names the same histogram.
    """
    windows = (f"rate({promql.over(each, '$__rate_interval')} @ 0)" for each in selectors)
    return (
        prometheus.Dataquery()
        .datasource(DATASOURCE)
        .ref_id("Exemplars")
        .expr(" or ".join(windows))
        .legend_format("__auto")
        .range()
        .exemplar(exemplar=True)
    )


def link(title: str, url: str) -> build.DashboardLink:
    """A data link."""
    return build.DashboardLink(title).url(url)
