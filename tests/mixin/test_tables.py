"""Tables can be read on every screen: widths of columns, rows, links and figures."""

from __future__ import annotations

import re

from store_exporter.mixin import alerts, dashboards
from store_exporter.mixin.dashboards.columns import COLUMNS, NOTE
from store_exporter.mixin.dashboards.panels import Panel, PanelKind
from store_exporter.mixin.dashboards.values import Nothing
from tests.mixin import screen
from tests.mixin.drawn import (
    DOMAIN,
    LONGEST,
    USUAL,
    document_of,
    each,
    panels,
)

COUNT = "999,999"
"""What is counted is written out."""

ORG = "northwind-traders"

TABLES = each(PanelKind.TABLE)


@TABLES
def test_all_columns_of_a_table_fit_its_panel_on_every_screen(panel: Panel) -> None:
    labels = [COLUMNS[label] for label in panel.columns]
    fixed = sum(query.width for query in panel.queries)
    fixed += sum(column.width for column in labels if not column.grows)
    growing = [column.width for column in labels if column.grows]
    for size in screen.SCREENS:
        room = screen.table(panel.width, size)
        # Grafana shares what is left equally, and gives no column less than its least.
        share = (room - fixed) / max(len(growing), 1)
        needed = fixed + sum(max(width, share) for width in growing)
        assert needed <= room + 0.1, (size, needed)


@TABLES
def test_a_phone_shows_what_a_row_is_about_and_its_first_figure(panel: Panel) -> None:
    organize = document_of(panel)["transformations"][1]["options"]
    order = sorted(organize["indexByName"], key=organize["indexByName"].__getitem__)
    first = [name for name in order if name not in (NOTE, "Value #A")][:2]
    # Of what fires, where it does matters more than since when.
    assert first == [panel.columns[0], panel.columns[1] if "what" in panel.columns else "Value"]
    widths = {"Value": panel.queries[0].width}
    widths |= {label: COLUMNS[label].width for label in panel.columns}
    assert sum(widths[name] for name in first) <= screen.table(panel.width, screen.PHONE)


def columns(panel: Panel) -> dict[str, int]:
    """The width of each column by its heading, from left to right."""
    before, after = panel.subjects[: panel.lead], panel.subjects[panel.lead :]
    first, *others = panel.queries
    return {
        **{COLUMNS[label].title: COLUMNS[label].width for label in before},
        first.legend: first.width,
        **{COLUMNS[label].title: COLUMNS[label].width for label in after},
        **{query.legend: query.width for query in others},
        **{COLUMNS[label].title: COLUMNS[label].width for label in panel.facts},
    }


@TABLES
def test_a_phone_shows_the_figure_by_which_a_table_is_sorted(panel: Panel) -> None:
    sort = panel.sort.removeprefix("+")
    # Of what fires, the worst comes first, and where it does matters more than how bad it is.
    if "what" not in panel.columns and sort:
        widths = columns(panel)
        shown = [*widths].index(sort) + 1
        needed = sum([*widths.values()][:shown])
        assert needed <= screen.table(panel.width, screen.PHONE)


def test_a_phone_shows_what_sells_best_and_which_cart_was_left_when_in_whole() -> None:
    for title in (
        "Best sellers of seven days ($currency)",
        "Abandoned carts worth most ($currency)",
    ):
        (panel,) = [panel for _, panel in panels(PanelKind.TABLE) if panel.title == title]
        # All figures, in the currency that the title names.
        figures = {query.legend for query in panel.queries}
        needed = sum(
            width
            for name, width in columns(panel).items()
            if name in figures or name == COLUMNS[panel.columns[0]].title
        )
        assert needed <= screen.table(panel.width, screen.PHONE), title
        assert "currency" not in panel.columns


def test_a_table_that_is_known_to_be_empty_says_none_and_nothing_else_that_looks_like_a_row() -> (
    None
):
    known = [
        (panel, query)
        for _, panel in panels(PanelKind.TABLE)
        for query in panel.queries
        if query.known
    ]
    assert len(known) == 3
    for panel, query in known:
        assert f'and on () {query.known}, "{NOTE}", "{Nothing.NONE}"' in panel.expression(query)


def test_a_phone_shows_which_store_is_down_and_how_much_trouble_it_is_in() -> None:
    (worst,) = [p for page, p in panels(PanelKind.TABLE) if p.sort == "Trouble"]
    assert [query.legend for query in worst.queries[:2]] == ["State", "Trouble"]
    needed = COLUMNS["domain"].width + sum(query.width for query in worst.queries[:2])
    assert needed <= screen.table(worst.width, screen.PHONE)


@TABLES
def test_every_column_is_wide_enough_for_its_heading_and_its_figures(panel: Panel) -> None:
    for label in panel.columns:
        column = COLUMNS[label]
        sort = screen.SORT_ICON if panel.sort.removeprefix("+") == column.title else 0
        needed = screen.text(column.title) + sort + 2 * screen.CELL_PADDING + screen.HEADING_REST
        assert needed <= column.width, column.title
    for query in panel.queries:
        room = query.width - 2 * screen.CELL_PADDING
        heading = screen.text(query.legend)
        sorted_by = panel.sort.removeprefix("+") == query.legend
        rest = screen.SORT_ICON if sorted_by else screen.CELL_BORDER
        assert heading + rest <= room, query.legend
        whole = query.unit in ("", "short") and query.decimals == 0
        figure = COUNT if whole else LONGEST[query.unit or "short"]
        shown = [words for _, words, _ in query.mappings] or [figure]
        assert all(screen.text(words) <= room for words in shown), query.legend


def test_what_is_wrong_fits_two_lines_of_its_row_where_the_panel_is_wide() -> None:
    longest = max(screen.text(alert.summary) for alert in alerts.alerts() if "domain" in alert.by)
    found = [panel for _, panel in panels(PanelKind.TABLE) if "what" in panel.columns]
    assert found
    for panel in found:
        assert document_of(panel)["options"]["cellHeight"] == "lg"
        fixed = sum(COLUMNS[label].width for label in panel.columns if not COLUMNS[label].grows)
        room = screen.table(panel.width, 1600)
        growing = (room - fixed - panel.queries[0].width) / 2
        assert longest * 1.1 <= 2 * (growing - 2 * screen.CELL_PADDING)


def lines(content: str, room: float) -> int:
    """How many lines a text takes, broken between its words."""
    count, line = 1, ""
    for word in content.split():
        longer = f"{line} {word}".strip()
        if screen.text(longer) > room:
            count, longer = count + 1, word
        line = longer
    return count


def test_what_is_wrong_fits_two_lines_of_its_row_on_a_phone() -> None:
    # A third line would lie over the next row: Grafana measures the alert's name alone.
    room = COLUMNS["what"].width - 2 * screen.CELL_PADDING
    for alert in alerts.alerts():
        if alert.severity != "none":
            assert lines(alert.summary.removesuffix("."), room) <= 2, (
                f"shorten {alert.summary!r}: it takes more than two lines on a phone"
            )


@TABLES
def test_a_label_that_looks_like_a_number_is_shown_as_it_is(panel: Panel) -> None:
    # Else the cart 11012 would be 11.0 K, and version 2.4 would be 2.40.
    units = {
        override["matcher"]["options"]: each["value"]
        for override in document_of(panel)["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "unit"
    }
    for label in panel.columns:
        assert units[COLUMNS[label].title] == "string"


def test_what_is_counted_is_written_out() -> None:
    # A merchant counts 13,241 orders, and not 13 K.
    found = 0
    for page, panel in panels(PanelKind.STAT, PanelKind.BARS, PanelKind.TABLE):
        config = document_of(panel)["fieldConfig"]
        units = {
            override["matcher"]["options"]: each["value"]
            for override in config["overrides"]
            for each in override["properties"]
            if each["id"] == "unit"
        }
        for query in panel.queries:
            decimals = query.decimals if panel.kind is PanelKind.TABLE else panel.decimals
            if decimals == 0 and (query.unit or panel.unit) in ("short", "locale"):
                unit = units.get(query.legend, config["defaults"]["unit"])
                assert unit == "locale", (page.file, panel.title)
                found += 1
    assert found > 30


def test_graphs_of_orders_within_some_time_show_whole_orders() -> None:
    # increase() extrapolates, so that without rounding a shop would have had 37.6 orders.
    found = [panel for _, panel in panels(PanelKind.GRAPH) if panel.title.startswith("Orders in")]
    assert len(found) > 3
    assert {panel.title: panel.decimals for panel in found if panel.decimals != 0} == {}


def test_a_usual_domain_and_org_and_a_long_operation_are_shown_on_one_line() -> None:
    # The name of an operation has no blank at which it could be broken.
    for label, shown in (("domain", DOMAIN), ("org", ORG), ("operation", USUAL["operation"])):
        assert screen.text(shown) <= COLUMNS[label].width - 2 * screen.CELL_PADDING


@TABLES
def test_only_the_subject_of_a_row_is_a_link(panel: Panel) -> None:
    document = document_of(panel)
    assert "links" not in document["fieldConfig"]["defaults"]
    linked = {
        override["matcher"]["options"]
        for override in document["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "links" and each["value"]
    }
    assert linked <= {COLUMNS[panel.subjects[0]].title}
    assert linked or not panel.links


@TABLES
def test_words_in_place_of_rows_are_no_link(panel: Panel) -> None:
    # They would lead to the page of a store that is called so.
    (organize,) = (
        each["options"]
        for each in document_of(panel)["transformations"]
        if each["id"] == "organize"
    )
    for query in panel.queries:
        if query.otherwise:
            (label,) = re.findall(r'vector\(-1e\+300\), "(\w+)"', panel.expression(query))
            title = organize["renameByName"][label]
            assert title not in {COLUMNS[name].title for name in panel.columns}


def test_words_in_place_of_the_bars_of_a_timeline_are_no_link() -> None:
    timelines = [panel for _, panel in panels(PanelKind.TIMELINE) if panel.links]
    assert timelines
    for panel in timelines:
        document = document_of(panel)
        assert document["fieldConfig"]["defaults"]["links"]
        unlinked = {
            override["matcher"]["options"]
            for override in document["fieldConfig"]["overrides"]
            if {"id": "links", "value": []} in override["properties"]
        }
        queried = " ".join(panel.expression(query) for query in panel.queries)
        said = {words for words in Nothing if f'"{words}"' in queried}
        assert said
        assert said <= unlinked, panel.title


def test_a_long_name_of_an_org_stays_on_one_line() -> None:
    # In four lines, it made every row of what fires four lines high.
    found = 0
    for _, panel in panels(PanelKind.TABLE):
        for override in document_of(panel)["fieldConfig"]["overrides"]:
            if override["matcher"]["options"] == COLUMNS["org"].title:
                properties = {each["id"]: each["value"] for each in override["properties"]}
                assert properties["custom.wrapText"] is False, panel.title
                found += 1
    assert found > 5


@TABLES
def test_a_long_store_at_the_end_of_a_row_does_not_make_it_higher(panel: Panel) -> None:
    # A phone does not show it, and in four lines it left room for four rows.
    wrapped = {
        override["matcher"]["options"]: each["value"]
        for override in document_of(panel)["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "custom.wrapText"
    }
    if "domain" in panel.columns:
        assert wrapped[COLUMNS["domain"].title] is ("domain" not in panel.facts)


@TABLES
def test_figures_stand_before_facts_and_the_org_comes_last(panel: Panel) -> None:
    organize = document_of(panel)["transformations"][1]["options"]
    order = sorted(organize["indexByName"], key=organize["indexByName"].__getitem__)
    figures = [i for i, name in enumerate(order) if name.startswith("Value")]
    facts = [order.index(label) for label in panel.facts]
    assert all(fact > max(figures) for fact in facts)
    if "org" in panel.facts:
        assert order[-1] == "org"


def test_viewers_of_one_org_have_no_column_and_no_choice_for_it() -> None:
    for document in dashboards.documents(of=dashboards.for_orgs(), one_org=True).values():
        offered = {each["name"] for each in document["templating"]["list"] if not each.get("hide")}
        assert "domain" in offered
        assert not offered & {"org", "datasource"}
        assert not any("each org" in panel["title"] for panel in document["panels"])
        for panel in document["panels"]:
            if panel["type"] == "table":
                organize = panel["transformations"][-1]["options"]
                listed = panel["options"].get("showHeader") is False  # figures, never by org
                assert listed or organize["excludeByName"]["org"] is True
                assert "__data.fields.org}" not in str(panel)
