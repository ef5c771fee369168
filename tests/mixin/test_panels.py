"""Every panel shows data, and figures that agree with each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store_exporter.mixin import dashboards, wide
from store_exporter.mixin.dashboards.columns import NOTE
from store_exporter.mixin.dashboards.panels import Panel, PanelKind
from store_exporter.mixin.dashboards.values import NO_FIGURE, Nothing
from store_exporter.mixin.dashboards.variables import DETAIL, LEVEL
from store_exporter.mixin.policy import DAY, HOUR, MINUTE
from tests.mixin.panels import ALL, RANGE, Series, Source, choices, figures, proof
from tests.mixin.synthetic import ERROR_SHARE, ERRORS, OPERATIONS, ORDERS_PER_HOUR, RATE, STORES
from tests.servers import Server

pytestmark = [pytest.mark.real, pytest.mark.timeout(360)]


def test_every_query_of_every_panel_has_data_for_every_value_of_every_variable(
    history: tuple[Server, float],
) -> None:
    found = proof(Source(history[0].url, history[1]), dashboards.pages())
    assert not found, "\n".join(map(str, found))


def test_panels_that_may_be_empty_show_data_when_there_is_some(
    history: tuple[Server, float],
) -> None:
    source = Source(history[0].url, history[1])
    empty = [
        (page.file, panel.title, query.legend)
        for page in dashboards.pages()
        for panel in page.panels
        for query in panel.queries
        if query.empty
        and "vector(-1)" not in query.expression
        and not figures(source.ask(panel, query, next(choices(source, page))))
    ]
    assert not empty, "\n".join(map(str, empty))


@pytest.mark.parametrize(
    ("file", "alert"), [("fleet", "StoresDown"), ("exporter", "StoreMetricsAbsent")]
)
def test_an_alert_about_all_stores_or_processes_is_on_the_page_that_it_leads_to(
    history: tuple[Server, float], file: str, alert: str
) -> None:
    source = Source(history[0].url, history[1])
    firing = [labels for labels, _ in answer(source, file, "Firing alerts")]
    (row,) = [labels for labels in firing if labels["alertname"] == alert]
    assert (row["what"], row["rank"]) == (alert, "1")


def test_what_has_no_figure_does_not_come_first(history: tuple[Server, float]) -> None:
    # Grafana sorts nothing before the least, so a table that rises must have all its figures.
    source = Source(history[0].url, history[1])
    rising = [
        (page, panel, query)
        for page in dashboards.pages()
        for panel in page.panels
        for query in panel.queries
        if panel.sort == f"+{query.legend}"
    ]
    assert rising
    for page, panel, sorted_by in rising:
        chosen = next(choices(source, page))
        known = [labels for labels, _ in source.ask(panel, sorted_by, chosen)]
        for query in panel.queries:
            for labels, _ in source.ask(panel, query, chosen):
                assert labels in known, (page.file, panel.title, query.legend)


def value(source: Source, file: str, title: str, query: int = 0) -> float:
    """The single figure that a panel shows for all stores."""
    result = answer(source, file, title, query)
    assert len(result) == 1
    return result[0][1][-1]


def answer(source: Source, file: str, title: str, query: int = 0) -> list[Series]:
    """What one query of a panel returns for all stores."""
    (page,) = [page for page in dashboards.pages() if page.file == file]
    (panel,) = [panel for panel in page.panels if panel.title == title]
    return source.ask(panel, panel.queries[query], next(choices(source, page)))


def test_orders_stand_above_a_list_of_currencies(history: tuple[Server, float]) -> None:
    # The orders of a shop with ten currencies were below the end of the list.
    source = Source(history[0].url, history[1])
    (page,) = [page for page in dashboards.pages() if page.file == "shop"]
    (panel,) = [panel for panel in page.panels if panel.title == "Last seven days"]
    (asked,) = panel.asked
    rows = [
        labels["currency"] for labels, _ in source.ask(panel, asked, next(choices(source, page)))
    ]
    assert rows == ["orders", "EUR"]


def test_totals_are_what_the_counters_counted(history: tuple[Server, float]) -> None:
    # The figures end before they can be asked for, on a busy machine a minute and more.
    late = 0.03
    source = Source(history[0].url, history[1])
    orders = len(STORES) * ORDERS_PER_HOUR * RANGE / 3600
    operations = len(STORES) * len(OPERATIONS) * RATE * RANGE
    assert value(source, "shop", "Today", 0) == pytest.approx(50 * orders, rel=late)
    assert value(source, "shop", "Today", 1) == pytest.approx(orders, rel=late)
    failing = sum(fault != "customer" for _, fault in ERRORS) * ERROR_SHARE
    failures = value(source, "errors", "Failures")
    assert failures == pytest.approx(operations * failing, rel=late)


def test_success_leaves_out_what_shoppers_did_wrong(history: tuple[Server, float]) -> None:
    source = Source(history[0].url, history[1])
    failing = sum(fault != "customer" for _, fault in ERRORS) * ERROR_SHARE
    expected = 1 - failing / (1 - ERROR_SHARE)
    assert value(source, "operations", "Success") == pytest.approx(expected, abs=1e-4)


def test_quantiles_are_ordered(history: tuple[Server, float]) -> None:
    source = Source(history[0].url, history[1])
    p50, p95, p99 = (value(source, "operations", title) for title in ("p50", "p95", "p99"))
    assert 0 < p50 <= p95 <= p99
    columns = [
        {labels["operation"]: values[-1] for labels, values in answer(source, *panel, query)}
        for panel in [("operations", "By operation")]
        for query in (2, 3, 4)
    ]
    for operation in OPERATIONS:
        assert columns[0][operation] <= columns[1][operation] <= columns[2][operation]


def test_the_rates_of_operations_add_up_to_the_total(history: tuple[Server, float]) -> None:
    source = Source(history[0].url, history[1])
    parts = answer(source, "operations", "By operation", 5)
    total = value(source, "operations", "Calls/hour")
    assert sum(values[-1] for _, values in parts) == pytest.approx(total, rel=0.01)


def test_some_operations_and_all_of_them_are_parts_and_whole(
    history: tuple[Server, float],
) -> None:
    source = Source(history[0].url, history[1])
    (page,) = [page for page in dashboards.pages() if page.file == "operations"]
    panels = {panel.title: panel for panel in page.panels}
    everything = next(choices(source, page))
    one, *others = OPERATIONS

    def errors(chosen: str) -> float:
        panel = panels["Errors per hour by who must act"]
        found = source.ask(panel, panel.queries[0], {**everything, "operation": chosen})
        assert {labels["fault"] for labels, _ in found} == {fault for _, fault in ERRORS}
        return sum(values[-1] for _, values in found)

    parts = errors(one) + errors(f"({'|'.join(others)})")
    assert errors(everything["operation"]) == pytest.approx(parts)
    # All of them take as long here, so that one has the quantiles of all.
    for query in panels["Latency"].queries:
        (whole,), (part,) = (
            source.ask(panels["Latency"], query, {**everything, "operation": operation})
            for operation in (everything["operation"], one)
        )
        assert whole[1][-1] == pytest.approx(part[1][-1], rel=0.01), query.legend


LONG = 7 * 86400
"""Seconds of a time that is read from samples."""
SAMPLED = [page for page in dashboards.pages() if DETAIL in page.variables]


def test_every_query_has_data_when_a_week_is_read_from_samples(
    history: tuple[Server, float],
) -> None:
    source = Source(history[0].url, history[1], step=600, range_=LONG)
    assert {page.file for page in SAMPLED} == {"errors", "fleet", "operations", "shop", "slo"}
    found = proof(source, SAMPLED)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(("org", "level"), [(ALL, wide.OF_ALL), ("acme", wide.OF_ORGS)])
def test_a_graph_of_a_week_ends_with_what_a_graph_of_hours_ends_with(
    history: tuple[Server, float], org: str, level: str
) -> None:
    hours, week = (
        Source(history[0].url, history[1], step=600, range_=range_) for range_ in (RANGE, LONG)
    )
    compared = 0
    for page in SAMPLED:
        chosen = [{**next(choices(source, page)), "org": org} for source in (hours, week)]
        for source, choice in zip((hours, week), chosen, strict=True):
            choice |= {each.name: source.values(each, choice)[0] for each in (DETAIL, LEVEL)}
        assert [each[DETAIL.name] for each in chosen] == [ALL, "none"]
        assert [each[LEVEL.name] for each in chosen] == [wide.OF_STORES, level]
        for operation in (ALL, OPERATIONS[0]):
            for panel in page.panels:
                for query in panel.queries:
                    if panel.kind not in {PanelKind.GRAPH, PanelKind.HEATMAP}:
                        continue
                    one, other = (
                        {
                            tuple(labels.items()): values[-1]
                            for labels, values in source.ask(
                                panel, query, {**choice, "operation": operation}
                            )
                        }
                        for source, choice in zip((hours, week), chosen, strict=True)
                    )
                    compared += LEVEL.name in query.expression
                    assert one == pytest.approx(other, rel=0.01), (panel.title, operation)
    assert compared > 20


def test_a_time_before_samples_were_recorded_is_read_in_every_detail(
    history: tuple[Server, float],
) -> None:
    # The applications' own counters go back three hours before that week, and what is recorded one.
    for range_, expected in ((LONG, "none"), (LONG + 2 * 3600, ALL), (LONG + 86400, "none")):
        source = Source(history[0].url, history[1], range_=range_)
        assert source.values(DETAIL, {"org": ALL}) == [expected]


def test_an_error_type_correlates_perfectly_with_itself(history: tuple[Server, float]) -> None:
    source = Source(history[0].url, history[1])
    (page,) = [page for page in dashboards.pages() if page.file == "errors"]
    (panel,) = [p for p in page.panels if p.title == "Error types that move together"]
    chosen = {**next(choices(source, page)), "error_type": "timeout"}
    found = {
        labels["error_type"]: v[-1] for labels, v in source.ask(panel, panel.queries[0], chosen)
    }
    assert found["timeout"] == pytest.approx(1)
    assert all(-1 <= correlation <= 1 for correlation in found.values())


def test_a_correlation_shows_its_points_and_there_is_none_of_few(
    history: tuple[Server, float],
) -> None:
    source = Source(history[0].url, history[1])
    (page,) = [page for page in dashboards.pages() if page.file == "errors"]
    (panel,) = [p for p in page.panels if p.title == "Error types that move together"]
    chosen = {**next(choices(source, page)), "error_type": "timeout"}
    coefficient, points = panel.queries[0], panel.queries[-1]
    found = {labels["error_type"]: v[-1] for labels, v in source.ask(panel, points, chosen)}
    assert found["timeout"] == pytest.approx(RANGE / 300, abs=1)
    for query, range_, expected in (
        (coefficient, "50m", False),
        (coefficient, "70m", True),
        (points, "50m", True),
    ):
        asked = replace(query, expression=query.expression.replace("$__range", range_))
        assert bool(source.ask(panel, asked, chosen)) is expected, range_


def test_what_else_prometheus_scrapes_is_no_process_of_ours(history: tuple[Server, float]) -> None:
    source = Source(history[0].url, history[1])
    assert value(source, "exporter", "Processes") == 1
    assert {labels["job"] for labels, _ in answer(source, "exporter", "Scrapes")} == {
        "store-exporter"
    }


@pytest.mark.parametrize("asked", [{"__from": "1795757500000"}, {"__range_s": "604800"}])
def test_sales_of_a_day_are_not_those_of_a_time_that_somebody_zoomed_into(
    history: tuple[Server, float], asked: dict[str, str]
) -> None:
    source = Source(history[0].url, history[1])
    (page,) = [page for page in dashboards.pages() if page.file == "shop"]
    (panel,) = [panel for panel in page.panels if panel.title == "Today"]
    chosen = {**next(choices(source, page)), **asked}
    found = [each for query in panel.queries for each in source.ask(panel, query, chosen)]
    assert found == [({"currency": Nothing.NOT_NOW}, [-1])]


@pytest.mark.parametrize(
    ("title", "earlier", "past"),
    [
        ("Today", 0, False),
        ("Today", 90 * MINUTE, True),
        ("Yesterday by this time", DAY, False),
        ("Yesterday by this time", DAY + 150 * MINUTE, True),
        # Since clocks changed, a day as Grafana counts it had an hour more.
        ("Yesterday by this time", DAY + HOUR, False),
    ],
)
def test_sales_of_a_day_are_not_those_of_a_whole_day_of_the_past(
    history: tuple[Server, float], title: str, earlier: int, past: bool
) -> None:
    source = Source(history[0].url, history[1])
    (page,) = [page for page in dashboards.pages() if page.file == "shop"]
    (panel,) = [panel for panel in page.panels if panel.title == title]
    chosen = next(choices(source, page))
    source.now -= earlier
    found = [each for query in panel.queries for each in source.ask(panel, query, chosen)]
    assert (({"currency": Nothing.NOT_NOW}, [-1]) in found) is past


@pytest.mark.parametrize(("since", "is_read"), [(-4, True), (1, False)])
def test_a_day_of_which_no_order_was_read_has_no_figures(
    history: tuple[Server, float], since: int, *, is_read: bool
) -> None:
    source = Source(history[0].url, history[1])
    (page,) = [page for page in dashboards.pages() if page.file == "shop"]
    (panel,) = [panel for panel in page.panels if panel.title == "Today"]
    quarter = int(source.now // (15 * MINUTE) + since) * 15 * MINUTE
    chosen = {**next(choices(source, page)), "__from": str(quarter * 1000)}
    found = [each for query in panel.queries for each in source.ask(panel, query, chosen)]
    assert (found == [({"currency": Nothing.NOT_READ}, [-1])]) is not is_read


def test_where_nothing_is_found_a_row_of_words_is(history: tuple[Server, float]) -> None:
    source = Source(history[0].url, history[1])
    for page in dashboards.pages():
        nobody = {**next(choices(source, page)), "org": "nobody", "instance": "nobody"}
        for panel in page.panels:
            for query in panel.queries:
                if query.otherwise:
                    ((labels, values),) = source.ask(panel, query, nobody)
                    assert labels == {NOTE: query.otherwise}
                    assert set(values) == {NO_FIGURE[0]}
            if panel.kind is PanelKind.TIMELINE:
                found = [
                    each for query in panel.queries for each in source.ask(panel, query, nobody)
                ]
                ((labels, values),) = found
                assert set(labels.values()) <= {*Nothing}
                assert set(values) == {-1}


def words(source: Source, panel: Panel, chosen: dict[str, str]) -> tuple[set[str], int]:
    """What a panel has in place of figures, and how many series of figures it has beside that."""
    found = [each for query in panel.queries for each in source.ask(panel, query, chosen)]
    said = {value for labels, _ in found for value in labels.values() if value in {*Nothing}}
    return said, sum(not {*Nothing} & {*labels.values()} for labels, _ in found)


def test_no_page_has_it_that_no_store_is_watched_where_one_is(
    history: tuple[Server, float],
) -> None:
    source = Source(history[0].url, history[1])
    for page in dashboards.pages():
        chosen = next(choices(source, page))
        about = dict.fromkeys(chosen.keys() & {"slo", "operation", "error_type"}, "nothing")
        for panel in page.panels:
            assert Nothing.NO_STORE not in words(source, panel, chosen | about)[0], panel.title


def test_no_words_stand_beside_what_was_watched_before_the_exporter_ended(
    history: tuple[Server, float],
) -> None:
    source = Source(history[0].url, history[1])
    (page,) = [page for page in dashboards.pages() if page.file == "shop"]
    (panel,) = [panel for panel in page.panels if panel.title == "Checks"]
    chosen = next(choices(source, page))
    source.now += 2 * HOUR
    said, shown = words(source, panel, chosen)
    assert shown
    assert not said
