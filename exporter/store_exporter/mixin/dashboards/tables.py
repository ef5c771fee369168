"""How a table is shown: its columns, their widths, and what a click on a row's name opens."""

from __future__ import annotations

from typing import Any

from .. import alerts
from .finish import mappings, thresholds, unknown
from .firing import RANKS
from .panels import COLUMNS, Column, Panel, Query
from .sdk import build_common, common, model, table

Links = list[tuple[str, str]]
COLOURED = {"type": "color-text"}


def finish(builder: table.Panel, panel: Panel, links: Links, *, one_org: bool) -> None:
    """Lay a table out.

    Args:
        builder: of the table.
        panel: what it shows.
        links: title and address of what a click on a row's name opens.
        one_org: whether it is for viewers who see one org only, to whom its name says nothing.
    """
    for transformation in transformations(panel, one_org=one_org):
        builder.with_transformation(transformation)
    for label in panel.columns:
        shown = COLUMNS[label]
        properties = _label(shown)
        if label == "what":
            properties.append(("mappings", _summaries()))
        if label == "rank":
            properties += [("mappings", mappings(RANKS)), ("custom.cellOptions", COLOURED)]
        if shown.words:
            properties += [("mappings", [_words(shown)]), ("custom.cellOptions", COLOURED)]
        if label == panel.subjects[0]:
            properties.append(("links", [{"title": title, "url": url} for title, url in links]))
        builder.override_by_name(shown.title, _values(properties))
    for query in panel.queries:
        builder.override_by_name(query.legend, _values(_figure(query)))
    if "what" in panel.columns:
        # Grafana measures the alert's name and not the sentence in its place, which may be longer.
        builder.cell_height(common.TableCellHeight.LG)
    if panel.sort:
        name = panel.sort.removeprefix("+")
        by = build_common.TableSortByFieldState().display_name(name)
        builder.sort_by([by.desc(not panel.sort.startswith("+"))])


def transformations(panel: Panel, *, one_org: bool) -> list[model.DataTransformerConfig]:
    """Put the rows of all queries together, and the columns into their order."""
    figures = {f"Value #{chr(ord('A') + i)}": q.legend for i, q in enumerate(panel.queries)}
    # A lone query's column is called Value, one of several Value #A.
    figures["Value"] = panel.queries[0].legend
    order = (*panel.subjects, *figures, *panel.facts)
    organize = {
        "excludeByName": {"Time": True, **({"org": True} if one_org else {})},
        "includeByName": {},
        "indexByName": {name: i for i, name in enumerate(order)},
        "renameByName": {**{label: COLUMNS[label].title for label in panel.columns}, **figures},
    }
    return [
        model.DataTransformerConfig(id_val="merge", options={}),
        model.DataTransformerConfig(id_val="organize", options=organize),
    ]


def _label(column: Column) -> list[tuple[str, Any]]:
    key = "custom.minWidth" if column.grows else "custom.width"
    return [(key, column.width), ("custom.wrapText", True)]


def _words(column: Column) -> model.ValueMap:
    options = {
        value: model.ValueMappingResult(text=text, color=color, index=number)
        for number, (value, text, color) in enumerate(column.words)
    }
    return model.ValueMap(options=options)


def _figure(query: Query) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [("custom.width", query.width)]
    if query.unit:
        found.append(("unit", query.unit))
    if query.decimals is not None:
        found.append(("decimals", query.decimals))
    if query.steps:
        found.append(("thresholds", thresholds(query.steps).build()))
    if query.steps or query.mappings:
        found.append(("mappings", [*mappings(query.mappings), unknown()]))
        found.append(("custom.cellOptions", COLOURED))
    return found


def _summaries() -> list[model.ValueMap]:
    """What each alert says, in place of its name."""
    options = {
        alert.name: model.ValueMappingResult(text=alert.summary.removesuffix("."), index=number)
        for number, alert in enumerate({each.name: each for each in alerts.alerts()}.values())
    }
    return [model.ValueMap(options=options)]


def _values(properties: list[tuple[str, Any]]) -> list[model.DynamicConfigValue]:
    return [model.DynamicConfigValue(id_val=key, value=value) for key, value in properties]
