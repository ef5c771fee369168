"""The layout of a table: its columns, their widths, and the links of a row's name."""

from __future__ import annotations

from typing import Any

from ... import alerts
from ..columns import COLUMNS, NOTE
from ..panels import Panel, Query
from ..values import NO_CELL, NO_FIGURE
from .finish import absent, mappings, thresholds, unknown, written
from .sdk import build_common, common, model, table

Links = list[tuple[str, str]]
COLOURED = [("custom.cellOptions", {"type": "color-text"})]
ABSENT = [
    absent("", each) for each in (model.SpecialValueMatch.NULL, model.SpecialValueMatch.EMPTY)
]
"""Shows a label that a row lacks as an empty cell, without the text for missing figures."""


def finish(builder: table.Panel, panel: Panel, links: Links, *, one_org: bool) -> None:
    """Lay out a table."""
    for transformation in transformations(panel, one_org=one_org):
        builder.with_transformation(transformation)
    # Without a column that grows, the table would fill only a part of its panel.
    grows = not any(COLUMNS[label].grows for label in panel.columns)
    for label in panel.columns:
        shown = COLUMNS[label]
        properties = _label(label, grows=grows, fact=label in panel.facts)
        if label == panel.subjects[0]:
            properties.append(_links(links))
        builder.override_by_name(shown.title, _values(properties))
    builder.override_by_name(COLUMNS[NOTE].title, _values(_label(NOTE)))
    for query in panel.queries:
        builder.override_by_name(query.legend, _values(_figure(query, panel.unit)))
    if "what" in panel.columns:
        # Grafana measures the alert's name, not its summary shown instead, which may be longer.
        builder.cell_height(common.TableCellHeight.LG)
    if panel.sort:
        name = panel.sort.removeprefix("+")
        by = build_common.TableSortByFieldState().display_name(name)
        builder.sort_by([by.desc(not panel.sort.startswith("+"))])


def named(builder: table.Panel, panel: Panel, links: Links) -> None:
    """List figures with their names.

    Grafana draws single figures over each other if they do not fit; a table has a scroll bar.
    """
    builder.show_header(False)
    options = {"excludeByName": {"Time": True}, "indexByName": {panel.name: 0, "Value": 1}}
    builder.with_transformation(model.DataTransformerConfig(id_val="organize", options=options))
    builder.override_by_name(
        panel.name, _values([("unit", "string"), ("custom.wrapText", True), _links(links)])
    )
    builder.override_by_name("Value", _values([("custom.width", 100), *COLOURED]))


def transformations(panel: Panel, *, one_org: bool) -> list[model.DataTransformerConfig]:
    """Join the rows of all queries, and order the columns."""
    figures = {f"Value #{chr(ord('A') + i)}": q.legend for i, q in enumerate(panel.queries)}
    # The column of a single query is called Value; those of several are called Value #A and so on.
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


def _label(label: str, *, grows: bool = False, fact: bool = False) -> list[tuple[str, Any]]:
    column = COLUMNS[label]
    # A long store at the end, where a phone has no room for it, would make every row higher.
    whole = column.whole and not (fact and column.grows)
    words = _summaries() if label == "what" else mappings(column.words)
    return [
        ("custom.minWidth" if grows or column.grows else "custom.width", column.width),
        ("custom.wrapText", whole),
        # Otherwise Grafana shows the cart 11012 as the number 11.0 K, and version 2.4 as 2.40.
        ("unit", "string"),
        ("mappings", [*words, *ABSENT]),
        *(COLOURED if column.words else ()),
    ]


def _figure(query: Query, usual: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [("custom.width", query.width)]
    unit = written(query.unit or usual, query.decimals)
    if unit != usual:
        found.append(("unit", unit))
    if query.decimals is not None:
        found.append(("decimals", query.decimals))
    if query.steps:
        found.append(("thresholds", thresholds(query.steps).build()))
    # The text for a whole table, such as about figures not collected, is too long for one cell.
    found.append(("mappings", [*mappings((*query.mappings, NO_FIGURE)), unknown(NO_CELL)]))
    if query.steps or query.mappings:
        found.extend(COLOURED)
    return found


def _summaries() -> list[model.ValueMap]:
    """The summary of each alert, shown in place of its name."""
    options = {
        alert.name: model.ValueMappingResult(text=alert.summary.removesuffix("."), index=number)
        for number, alert in enumerate({each.name: each for each in alerts.alerts()}.values())
    }
    return [model.ValueMap(options=options)]


def _links(links: Links) -> tuple[str, Any]:
    return "links", [{"title": title, "url": url} for title, url in links]


def _values(properties: list[tuple[str, Any]]) -> list[model.DynamicConfigValue]:
    return [model.DynamicConfigValue(id_val=key, value=value) for key, value in properties]
