"""The settings that differ between kinds of panels, in the SDK's terms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from ..panels import Panel, PanelKind
from ..values import GREY, Nothing, Steps
from . import colours
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
    timeseries,
)


def written(unit: str, decimals: int | None) -> str:
    """Grafana's unit; counts are written in full, as 13,241 rather than 13 K."""
    return "locale" if unit == "short" and decimals is not None else unit


def thresholds(steps: Steps) -> build.ThresholdsConfig:
    """Absolute thresholds."""
    found = [model.Threshold(value=value, color=color) for value, color in steps]
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(found)


def mappings(entries: Iterable[tuple[float | str, str, str]]) -> list[model.ValueMap]:
    """Texts and colours for values of figures or labels."""
    options = {
        value if isinstance(value, str) else f"{value:g}": model.ValueMappingResult(
            text=text, color=color, index=index
        )
        for index, (value, text, color) in enumerate(entries)
    }
    return [model.ValueMap(options=options)] if options else []


def unknown(text: str = Nothing.UNKNOWN) -> model.SpecialValueMap:
    """The text for an unknown value: grey, regardless of the thresholds."""
    return absent(text, model.SpecialValueMatch.NULL_AND_NAN)


def absent(text: str, match: model.SpecialValueMatch) -> model.SpecialValueMap:
    """The grey text in place of missing values."""
    result = model.ValueMappingResult(text=text, color=GREY, index=99)
    return model.SpecialValueMap(
        options=model.DashboardSpecialValueMapOptions(match=match, result=result)
    )


def _finish_stat(builder: stat.Panel, panel: Panel) -> None:
    builder.reduce_options(build_common.ReduceDataOptions().calcs(["lastNotNull"]))
    builder.graph_mode(common.BigValueGraphMode.NONE)
    builder.color_mode(common.BigValueColorMode.VALUE)
    if panel.text:
        builder.text_mode(common.BigValueTextMode.NAME)


_NAMES = re.compile(r"\{\{(org|domain)\}\}")
LONG_NAMES = {8: 26, 12: 42, 24: 42}
"""The most characters of a name in a legend or before a line, by the width of the panel. A longer
name would push the figures out of the legend."""
KEPT_END = 10


def _shorten(builder: Any, panel: Panel) -> None:
    """Shorten long names of orgs and stores in the middle."""
    if not any(_NAMES.search(query.legend) for query in panel.queries):
        return
    kept = LONG_NAMES[panel.width] - KEPT_END - 1
    options = {"regex": f"^(.{{{kept}}}).{{2,}}(.{{{KEPT_END}}})$", "renamePattern": "$1…$2"}
    rename = model.DataTransformerConfig(id_val="renameByRegex", options=options)
    builder.with_transformation(rename)


LEGEND = ("lastNotNull", "max", "mean")
"""The figures of each series in a graph's legend; a narrow graph has room for the first two."""
WIDE = 12
LAST = "Last *"
"""Grafana's heading of the legend column with the last values."""


def _finish_graph(builder: timeseries.Panel, panel: Panel) -> None:
    _shorten(builder, panel)
    legend = build_common.VizLegendOptions().show_legend(True)
    legend.display_mode(common.LegendDisplayMode.TABLE).placement(common.LegendPlacement.BOTTOM)
    builder.legend(
        legend.calcs(list(LEGEND if panel.width >= WIDE else LEGEND[:2]))
        .sort_by(LAST)
        .sort_desc(not panel.least_first)
    )
    order = build_common.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    builder.tooltip(order.sort(common.SortOrder.DESCENDING))
    lone = len(panel.queries) == 1 and "{{" not in panel.queries[0].legend
    # Overlapping areas would hide each other.
    builder.line_width(1).fill_opacity(25 if panel.stacked else 8 if lone else 0)
    builder.show_points(common.VisibilityMode.NEVER)
    if panel.stacked:
        builder.stacking(build_common.StackingConfig().mode(common.StackingMode.NORMAL))
    if panel.lines:
        style = build_common.GraphThresholdsStyleConfig()
        builder.thresholds_style(style.mode(common.GraphThresholdsStyleMode.DASHED))
    if panel.bars:
        builder.draw_style(common.GraphDrawStyle.BARS).fill_opacity(70)
        # A bar without another one beside it would be 200 pixels wide.
        builder.bar_alignment(common.BarAlignment.AFTER).bar_max_width(60)
    for number, query in enumerate(panel.queries):
        for pattern, colour in dict(colours.of(query)).items():
            builder.override_by_regexp(pattern, [_fixed(colour)])
        if query.past:
            builder.override_by_query(chr(ord("A") + number), _past())
        if query.right:
            right = model.DynamicConfigValue(id_val="custom.axisPlacement", value="right")
            builder.override_by_query(chr(ord("A") + number), [right])


def _fixed(colour: str) -> model.DynamicConfigValue:
    value = {"mode": "fixed", "fixedColor": colour}
    return model.DynamicConfigValue(id_val="color", value=value)


def _past() -> list[model.DynamicConfigValue]:
    """The style of past values: dashed, grey and without an area."""
    dashes = {"fill": "dash", "dash": [6, 4]}
    return [
        _fixed(GREY),
        model.DynamicConfigValue(id_val="custom.lineStyle", value=dashes),
        model.DynamicConfigValue(id_val="custom.fillOpacity", value=0),
    ]


def _finish_heatmap(builder: heatmap.Panel, panel: Panel) -> None:
    builder.calculate(False)
    builder.y_axis(heatmap.YAxisConfig().unit(panel.unit))
    color = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges")
    builder.color(color.steps(64))


def _finish_timeline(builder: statetimeline.Panel, panel: Panel) -> None:
    _shorten(builder, panel)
    builder.merge_values(True).row_height(0.8)
    builder.legend(build_common.VizLegendOptions().show_legend(False))
    # Words in place of stores must not lead to a page of a store with that name.
    no_links = model.DynamicConfigValue(id_val="links", value=[])
    for said in (Nothing.NO_STORE, Nothing.NOT_YET):
        builder.override_by_name(said, [no_links])


def _finish_bars(builder: bargauge.Panel, _: Panel) -> None:
    builder.orientation(common.VizOrientation.HORIZONTAL)
    builder.display_mode(common.BarGaugeDisplayMode.BASIC)
    builder.reduce_options(build_common.ReduceDataOptions().calcs(["lastNotNull"]))


FINISH: dict[PanelKind, Callable[[Any, Panel], None]] = {
    PanelKind.STAT: _finish_stat,
    PanelKind.GRAPH: _finish_graph,
    PanelKind.HEATMAP: _finish_heatmap,
    PanelKind.TIMELINE: _finish_timeline,
    PanelKind.BARS: _finish_bars,
}
