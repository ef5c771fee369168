"""How a table is shown: its columns, their widths, and what a click on a row's name opens."""

from __future__ import annotations

from typing import Any

from ... import alerts
from ..columns import COLUMNS, NOTE, Column
from ..firing import RANKS
from ..panels import Panel, Query
from .finish import absent, mappings, thresholds, unknown, written
from .sdk import build_common, common, model, table

Links = list[tuple[str, str]]
COLOURED = {"type": "color-text"}
ABSENT = [
    absent("", each) for each in (model.SpecialValueMatch.NULL, model.SpecialValueMatch.EMPTY)
]
"""A label that a row has not: an empty cell, and not the words for figures that are not there."""


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
        properties = _label(label)
        if label == panel.subjects[0]:
            properties.append(("links", [{"title": title, "url": url} for title, url in links]))
        builder.override_by_name(shown.title, _values(properties))
    builder.override_by_name(COLUMNS[NOTE].title, _values(_label(NOTE)))
    for query in panel.queries:
        builder.override_by_name(query.legend, _values(_figure(query, panel.unit)))
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
    before, after = panel.subjects[: panel.lead], panel.subjects[panel.lead :]
    first = ("Value", "Value #A")
    others = (name for name in figures if name not in first)
    order = (NOTE, *before, *first, *after, *others, *panel.facts)
    organize = {
        "excludeByName": {"Time": True, **({"org": True} if one_org else {})},
        "includeByName": {},
        "indexByName": {name: i for i, name in enumerate(order)},
        "renameByName": {
            **{name: COLUMNS[name].title for name in (NOTE, *panel.columns)},
            **figures,
        },
    }
    return [
        model.DataTransformerConfig(id_val="merge", options={}),
        model.DataTransformerConfig(id_val="organize", options=organize),
    ]


def _label(label: str) -> list[tuple[str, Any]]:
    column = COLUMNS[label]
    words = _summaries() if label == "what" else mappings(RANKS) if label == "rank" else []
    if column.words:
        words = [_words(column)]
    return [
        ("custom.minWidth" if column.grows else "custom.width", column.width),
        ("custom.wrapText", column.whole),
        # Else Grafana takes the cart 11012 for the number 11.0 K, and version 2.4 for 2.40.
        ("unit", "string"),
        ("mappings", [*words, *ABSENT]),
        *((("custom.cellOptions", COLOURED),) if label == "rank" or column.words else ()),
    ]


def _words(column: Column) -> model.ValueMap:
    options = {
        value: model.ValueMappingResult(text=text, color=color, index=number)
        for number, (value, text, color) in enumerate(column.words)
    }
    return model.ValueMap(options=options)


def _figure(query: Query, usual: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [("custom.width", query.width)]
    unit = written(query.unit or usual, query.decimals)
    if unit != usual:
        found.append(("unit", unit))
    if query.decimals is not None:
        found.append(("decimals", query.decimals))
    if query.steps:
        found.append(("thresholds", thresholds(query.steps).build()))
    # Words of the whole table, as for what is not collected, are too long for a figure's cell.
    found.append(("mappings", [*mappings(query.mappings), unknown()]))
    if query.steps or query.mappings:
        found.append(("custom.cellOptions", COLOURED))
    return found


def _summaries() -> list[model.ValueMap]:
    """The sentence of each alert, in place of its name."""
    options = {
        alert.name: model.ValueMappingResult(text=alert.summary.removesuffix("."), index=number)
        for number, alert in enumerate({each.name: each for each in alerts.alerts()}.values())
    }
    return [model.ValueMap(options=options)]


def _values(properties: list[tuple[str, Any]]) -> list[model.DynamicConfigValue]:
    return [model.DynamicConfigValue(id_val=key, value=value) for key, value in properties]
