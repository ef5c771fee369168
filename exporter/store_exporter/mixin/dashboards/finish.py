"""What differs between kinds of panels, in the SDK's terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .panels import Kind, Mapping, Panel, Query, Steps
from .sdk import (
    HeatmapColorMode,
    bargauge,
    build,
    build_common,
    common,
    heatmap,
    model,
    stat,
    statetimeline,
    table,
    timeseries,
)


def thresholds(steps: Steps) -> build.ThresholdsConfig:
    """Absolute thresholds."""
    found = [model.Threshold(value=value, color=color) for value, color in steps]
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(found)


def mappings(entries: tuple[Mapping, ...]) -> list[model.ValueMap]:
    """Texts and colours for values."""
    if not entries:
        return []
    options = {
        f"{value:g}": model.ValueMappingResult(text=text, color=color, index=index)
        for index, (value, text, color) in enumerate(entries)
    }
    return [model.ValueMap(options=options)]


def _finish_stat(builder: stat.Panel, _: Panel) -> None:
    builder.reduce_options(build_common.ReduceDataOptions().calcs(["lastNotNull"]))
    builder.graph_mode(common.BigValueGraphMode.NONE)
    builder.color_mode(common.BigValueColorMode.VALUE)


def _finish_graph(builder: timeseries.Panel, panel: Panel) -> None:
    legend = build_common.VizLegendOptions().show_legend(True)
    legend.display_mode(common.LegendDisplayMode.TABLE).placement(common.LegendPlacement.BOTTOM)
    builder.legend(legend.calcs(["mean", "max", "lastNotNull"]))
    order = build_common.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    builder.tooltip(order.sort(common.SortOrder.DESCENDING))
    builder.line_width(1).fill_opacity(25 if panel.stacked else 8)
    builder.show_points(common.VisibilityMode.NEVER)
    if panel.stacked:
        builder.stacking(build_common.StackingConfig().mode(common.StackingMode.NORMAL))
    if panel.lines:
        style = build_common.GraphThresholdsStyleConfig()
        builder.thresholds_style(style.mode(common.GraphThresholdsStyleMode.DASHED))


def _finish_table(builder: table.Panel, panel: Panel) -> None:
    titles = [query.legend for query in panel.queries]
    # A lone query's column is called Value, one of several Value #A.
    names = {f"Value #{chr(ord('A') + i)}": title for i, title in enumerate(titles)}
    names["Value"] = titles[0]
    organize = {
        "excludeByName": {"Time": True},
        "includeByName": {},
        "indexByName": {name: i for i, name in enumerate([*panel.columns, *names])},
        "renameByName": names,
    }
    builder.with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
    builder.with_transformation(model.DataTransformerConfig(id_val="organize", options=organize))
    for query in panel.queries:
        builder.override_by_name(query.legend, _column(query))
    if panel.sort:
        name = panel.sort.removeprefix("+")
        by = build_common.TableSortByFieldState().display_name(name)
        builder.sort_by([by.desc(not panel.sort.startswith("+"))])


def _column(query: Query) -> list[model.DynamicConfigValue]:
    found: list[tuple[str, Any]] = []
    if query.unit:
        found.append(("unit", query.unit))
    if query.decimals is not None:
        found.append(("decimals", query.decimals))
    if query.steps:
        found.append(("thresholds", thresholds(query.steps).build()))
        found.append(("custom.cellOptions", {"type": "color-text"}))
    if query.mappings:
        found.append(("mappings", mappings(query.mappings)))
        found.append(("custom.cellOptions", {"type": "color-text"}))
    return [model.DynamicConfigValue(id_val=key, value=value) for key, value in found]


def _finish_heatmap(builder: heatmap.Panel, panel: Panel) -> None:
    builder.calculate(False)
    builder.y_axis(heatmap.YAxisConfig().unit(panel.unit))
    color = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges")
    builder.color(color.steps(64))


def _finish_timeline(builder: statetimeline.Panel, _: Panel) -> None:
    builder.merge_values(True).row_height(0.8)
    builder.legend(build_common.VizLegendOptions().show_legend(False))


def _finish_bars(builder: bargauge.Panel, _: Panel) -> None:
    builder.orientation(common.VizOrientation.HORIZONTAL)
    builder.display_mode(common.BarGaugeDisplayMode.BASIC)
    builder.reduce_options(build_common.ReduceDataOptions().calcs(["lastNotNull"]))


FINISH: dict[Kind, Callable[[Any, Panel], None]] = {
    Kind.STAT: _finish_stat,
    Kind.GRAPH: _finish_graph,
    Kind.TABLE: _finish_table,
    Kind.HEATMAP: _finish_heatmap,
    Kind.TIMELINE: _finish_timeline,
    Kind.BARS: _finish_bars,
}
