"""What is on a page can be read: widths, titles, legends and the grid, of every panel."""

from __future__ import annotations

import re

import pytest

from store_exporter.metrics.catalogue import business
from store_exporter.mixin import series
from store_exporter.mixin.dashboards.columns import NOTE
from store_exporter.mixin.dashboards.drawing import colours
from store_exporter.mixin.dashboards.panels import DashboardPage, Panel, PanelKind
from store_exporter.mixin.dashboards.values import Nothing
from tests.mixin import screen
from tests.mixin.drawn import (
    LONGEST,
    PAGES,
    document_of,
    each,
    named,
    panels,
)

GRAPHS = each(PanelKind.GRAPH)

STATS = each(PanelKind.STAT)


@pytest.mark.parametrize("page", PAGES, ids=[page.file for page in PAGES])
def test_every_title_is_whole_on_every_screen(page: DashboardPage) -> None:
    for panel in page.panels:
        title = panel.title.replace("$currency", "EUR")
        for size in (*screen.SCREENS, screen.PHONE):
            room = screen.panel(panel.width, size) - screen.TITLE_REST
            assert screen.text(title) <= room, (panel.title, size)


@STATS
def test_every_single_figure_and_its_name_can_be_read(panel: Panel) -> None:
    names = [named(query.legend) for query in panel.queries]
    for size in screen.SCREENS:
        room = screen.panel(panel.width, size) - 2 * screen.CELL_PADDING
        assert all(screen.text(name) <= room for name in names), size
        value = {"locale": "59,123,456", **LONGEST}.get(panel.unit, "999 Mil")
        assert screen.text(value) <= room, size


@STATS
def test_several_figures_have_letters_of_a_size_that_can_be_read(panel: Panel) -> None:
    # Those of three objectives, or of five currencies, were seven pixels high.
    several = len(panel.queries) > 1 or "{{" in panel.queries[0].legend
    assert panel.named or panel.text or not several


@pytest.mark.parametrize("page", PAGES, ids=[page.file for page in PAGES])
def test_rows_leave_no_hole_in_the_grid(page: DashboardPage) -> None:
    for row in page.rows:
        filled, heights = 0, set()
        for panel in row.panels:
            filled += panel.width
            heights.add(panel.height)
            assert filled <= 24, (row.title, panel.title)
            assert len(heights) == 1, (row.title, panel.title)
            if filled == 24:
                filled, heights = 0, set()
        assert filled == 0, f"{row.title}: its last line is {filled} of 24 wide"


@GRAPHS
def test_a_legend_shows_what_matters_first_and_at_least_four_series(panel: Panel) -> None:
    legend = document_of(panel)["options"]["legend"]
    assert (legend["sortBy"], legend["sortDesc"]) == ("Last *", not panel.least_first)
    assert panel.least_first == bool(re.search(r"bottomk|^min by", panel.queries[0].expression))
    varies = any(
        re.search(
            r"\{\{(fault|error_type|operation|domain|source|collector|payment_method)\}\}", q.legend
        )
        for q in panel.queries
    )
    wanted = 4 if varies else min(4, len(panel.queries))
    assert screen.legend_rows(panel.height) >= wanted
    for query in panel.queries:
        name = named(query.legend)
        needed = (
            screen.text(name) + len(legend["calcs"]) * screen.LEGEND_FIGURE + screen.LEGEND_MARK
        )
        assert needed <= screen.panel(panel.width, min(screen.SCREENS)), name


@pytest.mark.parametrize("length", [5, 26, 27, 42, 43, 60])
def test_a_name_of_any_length_leaves_room_for_the_figures_of_its_legend(length: int) -> None:
    name = "garden-furniture-and-more-for-all-who-like-to-sit-outside-01"[-length:]
    named_by_store = [
        panel
        for page in PAGES
        for panel in page.panels
        if panel.kind in (PanelKind.GRAPH, PanelKind.TIMELINE)
        and re.search(r"\{\{(org|domain)\}\}", panel.queries[0].legend)
    ]
    assert len(named_by_store) > 3
    for panel in named_by_store:
        document = document_of(panel)
        (rename,) = document["transformations"]
        assert rename["id"] == "renameByRegex"
        pattern = rename["options"]["renamePattern"].replace("$", "\\")
        for query in panel.queries:
            whole = re.sub(r"\{\{(org|domain)\}\}", name, named(query.legend))
            shown = re.sub(rename["options"]["regex"], pattern, whole)
            assert shown == whole or (len(shown) < len(whole) and shown[-10:] == whole[-10:])
            needed = screen.text(shown, 12) + screen.LEGEND_MARK
            if panel.kind is PanelKind.GRAPH:
                needed += len(document["options"]["legend"]["calcs"]) * screen.LEGEND_FIGURE
            assert needed <= screen.panel(panel.width, min(screen.SCREENS)), shown


@GRAPHS
def test_bars_of_days_begin_at_the_viewers_midnight(panel: Panel) -> None:
    # If a panel has a shift, Grafana sends no offset from UTC for viewers who have chosen no zone.
    document = document_of(panel)
    whole = (document.get("interval"), document.get("timeShift")) == ("1d", None)
    bars = document["fieldConfig"]["defaults"]["custom"]
    assert (bars.get("drawStyle") == "bars") == whole


@STATS
def test_figures_with_names_are_rows_of_a_list_that_can_be_scrolled(panel: Panel) -> None:
    # As single figures, those of nine currencies were drawn over each other.
    document = document_of(panel)
    assert (document["type"] == "table") == panel.named
    if not panel.named:
        return
    (asked,) = document["targets"]
    assert (asked["format"], asked["instant"]) == ("table", True)
    assert all(query.expression in asked["expr"] for query in panel.queries)
    assert document["options"]["showHeader"] is False
    properties = {
        each["id"]: each["value"]
        for override in document["fieldConfig"]["overrides"]
        for each in override["properties"]
    }
    assert properties["custom.wrapText"] is True  # words in place of a currency
    assert screen.text("59,123,456") + 2 * screen.CELL_PADDING <= properties["custom.width"]


@GRAPHS
def test_what_is_past_or_normal_is_dashed_grey_and_unfilled(panel: Panel) -> None:
    for number, query in enumerate(panel.queries):
        past = bool(re.search(r" offset (?!-)|_normal\b", query.expression))
        assert query.past == past, query.legend
        if past:
            properties = properties_of(panel, chr(ord("A") + number))
            assert properties["color"]["fixedColor"] == "#808080"
            assert properties["custom.lineStyle"]["fill"] == "dash"
            assert properties["custom.fillOpacity"] == 0


@GRAPHS
def test_currencies_never_share_an_axis(panel: Panel) -> None:
    money = (business.REVENUE, business.REFUNDS, business.CART_ABANDONED_VALUE)
    names = {metric.name for metric in money} | {series.REVENUE_HOURLY, series.REVENUE_NORMAL}
    for query in panel.queries:
        for found in re.findall(r"([\w:]+)\{([^}]*)\}", query.expression):
            if found[0] in names:
                assert 'currency=~"$currency"' in found[1], panel.title
                assert "$currency" in panel.title


@STATS
def test_an_amount_of_money_is_shown_with_its_currency(panel: Panel) -> None:
    for query in panel.queries:
        if "currency" in query.expression:
            assert "{{currency}}" in query.legend
            assert panel.named


def test_rates_are_by_the_hour_and_say_so() -> None:
    for page, panel in panels(*PanelKind):
        units = {panel.unit, *(query.unit for query in panel.queries)}
        assert not units & {"ops", "reqps", "rps", "cps", "opm"}, (page.file, panel.title)
        for query in panel.queries:
            if query.expression.startswith(("3600 * ", "(3600 * ")):
                said = f"{panel.title} {query.legend}".lower()
                assert re.search(r"hour|/h|calls", said), (page.file, panel.title)


def test_thresholds_rise_so_that_each_can_show() -> None:
    for page, panel in panels(*PanelKind):
        for steps in (panel.steps, *(query.steps for query in panel.queries)):
            bounds = [float("-inf") if bound is None else bound for bound, _ in steps]
            assert bounds == sorted(set(bounds)), (page.file, panel.title)


def test_faults_error_types_and_quantiles_have_one_colour_on_all_dashboards() -> None:
    found: dict[tuple[str, ...], set[str]] = {}
    for page, panel in panels(PanelKind.GRAPH):
        for number, query in enumerate(panel.queries):
            labels = re.findall(r"\{\{(\w+)\}\}", query.legend)
            if query.past or not (
                set(labels) & colours.COLOURS.keys() or re.match("p[59]", query.legend)
            ):
                continue
            fixed = {
                override["matcher"]["options"]: each["value"]["fixedColor"]
                for override in document_of(panel)["fieldConfig"]["overrides"]
                for each in override["properties"]
                if each["id"] == "color"
            }
            assert fixed, (page.file, panel.title, chr(ord("A") + number))
            for pattern, colour in fixed.items():
                name = re.sub(r"\\b|[/^$]", "", pattern)
                found.setdefault((*labels, name)[-2:], set()).add(colour)
    assert {("fault", "store"), ("error_type", "timeout"), ("p95",)} <= found.keys()
    assert {name: seen for name, seen in found.items() if len(seen) > 1} == {}


def test_a_warning_can_be_read_on_white() -> None:
    for page in PAGES:
        for panel in page.panels:
            assert "'yellow'" not in str(document_of(panel)), panel.title


def test_no_two_error_types_look_alike() -> None:
    shades = colours.COLOURS["error_type"]
    assert len(set(shades.values())) == len(shades)


def test_what_is_said_of_nothing_can_be_read_and_no_other_words_are_used() -> None:
    used = set()
    for page, panel in panels(*PanelKind):
        shown = document_of(panel)["fieldConfig"]["defaults"]["noValue"]
        queried = " ".join(panel.expression(query) for query in panel.queries)
        said = [shown, *(words for words in Nothing if f'"{words}"' in queried)]
        used |= {Nothing(words) for words in said}
        for size in (*screen.SCREENS, screen.PHONE):
            room = screen.panel(panel.width, size) - 2 * screen.CELL_PADDING
            assert all(screen.text(words) <= room for words in said), (page.file, panel.title)
    assert used == set(Nothing)


def test_figures_of_another_day_say_in_small_letters_that_there_are_none_yet() -> None:
    # A single figure fills its panel, so words in its place shout unless they are long.
    found = [panel for _, panel in panels(PanelKind.STAT) if panel.earlier]
    assert found
    for panel in found:
        at_most = screen.panel(panel.width, 1600) / screen.text(panel.nothing, 1)
        assert at_most <= 34, panel.title


def test_a_table_of_several_queries_that_may_all_be_empty_says_so_in_a_row() -> None:
    # Of several queries that find nothing Grafana shows the headings alone.
    for page, panel in panels(PanelKind.TABLE):
        said = [query for query in panel.queries if query.otherwise]
        if len(panel.queries) > 1 and all(query.empty for query in panel.queries):
            assert said, (page.file, panel.title)
        for query in said:
            assert panel.expression(query).endswith(
                f'or on () label_replace(vector(-1e+300), "{NOTE}", "{query.otherwise}", "", "")'
            ), (page.file, panel.title)


def test_what_is_unknown_is_grey_whatever_its_thresholds() -> None:
    for page, panel in panels(PanelKind.STAT, PanelKind.TABLE):
        document = document_of(panel)
        places = [document["fieldConfig"]["defaults"].get("mappings", [])]
        for override in document["fieldConfig"]["overrides"]:
            properties = {each["id"]: each["value"] for each in override["properties"]}
            if "thresholds" in properties:
                places.append(properties["mappings"])
        for mappings in places:
            (special,) = [each for each in mappings if each["type"] == "special"]
            assert special["options"]["match"] == "null+nan", (page.file, panel.title)
            assert special["options"]["result"]["color"] == "#808080"


def properties_of(panel: Panel, ref: str) -> dict:  # type: ignore[type-arg]
    """What is set for the series of one query."""
    (found,) = [
        override["properties"]
        for override in document_of(panel)["fieldConfig"]["overrides"]
        if override["matcher"] == {"id": "byFrameRefID", "options": ref}
    ]
    return {each["id"]: each["value"] for each in found}
