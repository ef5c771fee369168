"""What is on a page can be read: widths, titles, legends and the grid, of every panel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from store_exporter.metrics.catalogue import business
from store_exporter.mixin import alerts, dashboards, series
from store_exporter.mixin.dashboards.columns import COLUMNS, NOTE
from store_exporter.mixin.dashboards.drawing import colours
from store_exporter.mixin.dashboards.panels import DashboardPage, Panel, PanelKind
from store_exporter.mixin.dashboards.values import Nothing
from tests.mixin import screen
from tests.mixin.synthetic import VALUES

PAGES = dashboards.pages()
LONGEST = {
    "percentunit": "100.0%",
    "s": "59.9 mins",
    "short": "999 Mil",
    "locale": "912,345.67",
    "dateTimeFromNow": "a few seconds ago",
    "dateTimeAsIso": "2026-11-26 07:05:10",
}
"""The longest text that a figure of each unit commonly has."""
COUNT = "999,999"
"""What is counted is written out."""
DOMAIN = "garden.globex.example"
ORG = "northwind-traders"
USUAL = {
    "domain": DOMAIN,
    "operation": "apply_coupon_to_cart",
    "error_type": "invalid_response",
    "collector": "order_statuses",
    "source": "order_statuses",
    "job": "store-exporter",
    "slo": "availability",
    "platform": "woocommerce",
    "probe": "storefront",
    "org": "northwind",
    "stock": "low",
    "state": "disabled",
    "fault": "cancelled",
    "status": "completed",
    "phase": "processing",
    "result": "success",
    "reason": "overlap",
    "outcome": "duplicate",
}
"""A usual value of labels that name a series, rather a long one."""


def named(legend: str) -> str:
    """A legend with values in place of labels: a usual one, or else the longest of all figures."""
    values = {name: max(known, key=len) for name, known in VALUES.items()} | USUAL
    return re.sub(r"\{\{(\w+)\}\}", lambda m: values.get(m[1], m[1]), legend)


def panels(*kinds: PanelKind) -> Iterator[tuple[DashboardPage, Panel]]:
    for page in PAGES:
        yield from ((page, panel) for panel in page.panels if panel.kind in kinds)


def each(*kinds: PanelKind) -> pytest.MarkDecorator:
    found = list(panels(*kinds))
    names = [f"{page.file}: {panel.title}" for page, panel in found]
    return pytest.mark.parametrize("panel", [panel for _, panel in found], ids=names)


TABLES = each(PanelKind.TABLE)
GRAPHS = each(PanelKind.GRAPH)
STATS = each(PanelKind.STAT)


@TABLES
def test_all_columns_of_a_table_fit_its_panel_on_every_screen(panel: Panel) -> None:
    labels = [COLUMNS[label] for label in panel.columns]
    fixed = sum(query.width for query in panel.queries)
    fixed += sum(column.width for column in labels if not column.grows)
    growing = [column.width for column in labels if column.grows]
    for size in screen.SCREENS:
        room = screen.table(panel.width, size)
        # Grafana shares what is left equally, and gives no column less than its least.
        share = (room - fixed) / len(growing)
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
            (label,) = re.findall(r'vector\(NaN\), "(\w+)"', panel.expression(query))
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
def test_figures_stand_before_facts_and_the_org_comes_last(panel: Panel) -> None:
    organize = document_of(panel)["transformations"][1]["options"]
    order = sorted(organize["indexByName"], key=organize["indexByName"].__getitem__)
    figures = [i for i, name in enumerate(order) if name.startswith("Value")]
    facts = [order.index(label) for label in panel.facts]
    assert all(fact > max(figures) for fact in facts)
    if "org" in panel.columns:
        assert order[-1] == "org"


def test_viewers_of_one_org_have_no_column_for_it() -> None:
    for document in dashboards.documents(of=dashboards.for_orgs(), one_org=True).values():
        for panel in document["panels"]:
            if panel["type"] == "table":
                assert panel["transformations"][1]["options"]["excludeByName"]["org"] is True
                assert "__data.fields.org}" not in str(panel)


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
        assert screen.text(value, 24 if panel.named else 14) <= room, size


@STATS
def test_several_figures_have_letters_of_a_size_that_can_be_read(panel: Panel) -> None:
    # Those of three objectives, or of five currencies, were seven pixels high.
    several = len(panel.queries) > 1 or "{{" in panel.queries[0].legend
    assert panel.named or panel.text or not several
    assert document_of(panel)["options"].get("text", {}).get("valueSize", 0) >= 24 * panel.named


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
def test_bars_of_days_are_of_whole_days(panel: Panel) -> None:
    # A shift by nothing is rounded to days by Grafana, whatever part of one is zoomed into.
    document = document_of(panel)
    whole = (document.get("interval"), document.get("timeShift")) == ("1d", "0d/d")
    bars = document["fieldConfig"]["defaults"]["custom"]
    assert (bars.get("drawStyle") == "bars") == whole
    # Grafana's own limit of 200 pixels would make the bar of a lone day look like a part of it.
    assert (bars.get("barMaxWidth", 200) > max(screen.SCREENS)) == whole


@STATS
def test_figures_with_names_stand_below_each_other(panel: Panel) -> None:
    # Side by side, those of a shop with four currencies had letters four pixels high.
    orientation = document_of(panel)["options"]["orientation"]
    assert (orientation == "horizontal") == panel.named


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
            assert document_of(panel)["options"]["textMode"] == "value_and_name"


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
                f'or on () label_replace(vector(NaN), "{NOTE}", "{query.otherwise}", "", "")'
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


DOCUMENTS = {
    (page.file, panel["title"]): panel
    for page in PAGES
    for panel in dashboards.documents(of=[page])[page.file]["panels"]
}


def document_of(panel: Panel) -> Any:
    """Grafana's JSON of a panel."""
    (page,) = [page for page in PAGES if any(panel is each for each in page.panels)]
    return DOCUMENTS[page.file, panel.title]


def properties_of(panel: Panel, ref: str) -> dict:  # type: ignore[type-arg]
    """What is set for the series of one query."""
    (found,) = [
        override["properties"]
        for override in document_of(panel)["fieldConfig"]["overrides"]
        if override["matcher"] == {"id": "byFrameRefID", "options": ref}
    ]
    return {each["id"]: each["value"] for each in found}
