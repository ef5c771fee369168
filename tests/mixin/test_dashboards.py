"""The rules of grafana's dashboard-linter, in our words, with a reason for each exception."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from store_exporter.metrics.catalogue import CATALOGUE, Kind
from store_exporter.mixin import alerts, dashboards, policy, wide
from store_exporter.mixin.dashboards.columns import COLUMNS
from store_exporter.mixin.dashboards.drawing import links, linter
from store_exporter.mixin.dashboards.drawing.render import without_placement
from store_exporter.mixin.dashboards.drawing.sdk import JSONEncoder, model
from store_exporter.mixin.dashboards.panels import DashboardPage, PanelKind
from store_exporter.mixin.policy import RATE_WINDOW
from tests.mixin import synthetic

DOCUMENTS = dashboards.documents()
PAGES = {page.file: page for page in dashboards.pages()}
EVERY = pytest.mark.parametrize("name", sorted(DOCUMENTS))

# template-job, template-instance, target-job and target-instance: a store's figures are the
# store's, whichever process reported them, and recorded series add several workers up. So only the
# dashboard about processes has these variables and matchers. grafana/dashboards/.lint tells the
# linter so.
WITHOUT_JOB = frozenset(PAGES) - {"exporter"}
# An uneditable dashboard cannot be changed by hand, so the linter's wish for a fixed time zone
# does not apply: times are shown in that of the organisation, or the viewer's.


@EVERY
def test_the_time_zone_is_left_to_the_organisation(name: str) -> None:
    assert DOCUMENTS[name]["timezone"] == ""


def panels(name: str) -> Iterator[dict[str, Any]]:
    yield from (panel for panel in DOCUMENTS[name]["panels"] if panel["type"] != "row")


def targets(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    yield from ((panel, target) for panel in panels(name) for target in panel["targets"])


@EVERY
def test_what_is_chosen_is_all_that_is_read_of_stores(name: str) -> None:
    # Of a thousand stores, what one selector without it reads takes longer than all the rest.
    if not any(each["name"] == "domain" for each in DOCUMENTS[name]["templating"]["list"]):
        return
    for panel, target in targets(name):
        for selected in re.findall(r"\w*(?:store_|:)[\w:]*\{([^}]*)\}", target["expr"]):
            assert "domain" in selected, (panel["title"], target["expr"])
        bare = re.findall(r'(?<![\w:"])(?:\w+:[\w:]+|store_\w+)(?![\w:{"])', target["expr"])
        assert not bare, (panel["title"], bare)


@EVERY
def test_a_dashboard_loads_into_the_schema_and_comes_back_unchanged(name: str) -> None:
    from grafana_foundation_sdk.cog.plugins import register_default_plugins

    register_default_plugins()
    loaded = model.Dashboard.from_json(DOCUMENTS[name])
    back = json.loads(json.dumps(loaded, cls=JSONEncoder))
    assert without_placement(back) == DOCUMENTS[name]


@EVERY
def test_a_dashboard_has_a_stable_uid_a_tag_and_a_description(name: str) -> None:
    document = DOCUMENTS[name]
    assert document["uid"] == f"store-exporter-{name}"
    assert document["tags"] == [policy.TAG]
    assert document["description"]


@EVERY
def test_a_dashboard_cannot_be_edited_and_shares_its_crosshair(name: str) -> None:
    assert DOCUMENTS[name]["editable"] is False
    assert DOCUMENTS[name]["graphTooltip"] == 1


@EVERY
def test_a_dashboard_links_to_its_siblings_and_keeps_variables_and_time(name: str) -> None:
    (link,) = DOCUMENTS[name]["links"]
    assert link["tags"] == [policy.TAG]
    assert link["includeVars"] is True
    assert link["keepTime"] is True


@EVERY
def test_the_first_variable_is_the_data_source(name: str) -> None:
    first = DOCUMENTS[name]["templating"]["list"][0]
    assert (first["name"], first["type"], first["query"]) == (
        "datasource",
        "datasource",
        "prometheus",
    )
    assert first["label"] == "Data source"


@EVERY
def test_variables_are_refreshed_with_the_time_range_and_have_labels(name: str) -> None:
    for variable in DOCUMENTS[name]["templating"]["list"][1:]:
        assert variable["refresh"] == 2, variable["name"]
        assert variable["label"], variable["name"]
        assert variable["datasource"]["uid"] == "${datasource}"
        if variable["multi"]:
            assert variable["allValue"] == ".+"


@EVERY
def test_variables_of_stores_come_in_order_of_dependence(name: str) -> None:
    if name in WITHOUT_JOB:
        names = [variable["name"] for variable in DOCUMENTS[name]["templating"]["list"]]
        assert names[1:4] == ["org", "domain", "platform"]


def selectors_of(expression: str) -> list[str]:
    """The matchers of each selector, but for alerts that are shown whatever is chosen."""
    found: list[str] = re.findall(r"\{([^}]*)\}", expression)
    return [one for one in found if "alertname=~" not in one]


def test_the_dashboard_about_processes_matches_job_and_instance_everywhere() -> None:
    for panel, target in targets("exporter"):
        assert selectors_of(target["expr"]), panel["title"]
        for selector in selectors_of(target["expr"]):
            assert 'job=~"$job"' in selector, panel["title"]
            assert 'instance=~"$instance"' in selector, panel["title"]


LEVELS = {"org_platform": wide.ORGS, "platform": wide.ALL}


@EVERY
def test_every_selector_of_a_store_dashboard_follows_its_variables(name: str) -> None:
    if name not in WITHOUT_JOB:
        return
    for panel, target in targets(name):
        for selector in selectors_of(target["expr"]):
            # What is recorded of all stores of an org, or of all orgs, has fewer labels.
            level = re.match(r'__name__="(org_platform|platform)', selector)
            variables = LEVELS[level[1]] if level else ("org", "domain", "platform")
            for variable in variables:
                # What is about all stores of an org has neither domain nor platform.
                if variable == "org" or selector != 'org=~"$org", domain=""':
                    assert f'{variable}=~"${variable}"' in selector, (panel["title"], selector)
            # Such sums are read where all stores are chosen, which their level says.
            assert not level or '__name__=~"$level"' in selector, (panel["title"], selector)


DRAWN = {PanelKind.GRAPH, PanelKind.HEATMAP, PanelKind.TIMELINE}
ONE_OF_A_STORE = {"org", "domain", "platform", "job", "instance", "quantile"}
"""Labels by which a store has no more than one series, or one that its query chooses."""


@EVERY
def test_a_graph_reads_several_series_of_each_store_only_where_it_shows_each_store(
    name: str,
) -> None:
    # A week of several series of each of a thousand stores takes seconds to add up.
    for panel in PAGES[name].panels:
        for query in panel.queries:
            if panel.kind not in DRAWN or panel.since or "{{domain}}" in query.legend:
                continue
            # What is the same at every point is read once.
            reads = r"([\w:]+)\{([^}]*)\}(?!(?:\[\w+\])? @ end)"
            for series_, matchers in re.findall(reads, query.expression):
                if 'domain=~"$domain"' not in matchers:
                    continue
                labels = (
                    CATALOGUE[series_].labels
                    if series_ in CATALOGUE
                    else synthetic.labels_of(series_)
                )
                chosen = re.findall(r'(\w+)=~?"', matchers)
                assert not {*labels} - {*chosen} - ONE_OF_A_STORE, (panel.title, series_)


@EVERY
def test_every_panel_and_every_query_reads_the_data_source_variable(name: str) -> None:
    for panel, target in targets(name):
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        assert target["datasource"]["uid"] == "${datasource}", panel["title"]


@EVERY
def test_every_panel_has_title_description_and_unit(name: str) -> None:
    for panel in panels(name):
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["title"]
        assert len(panel["description"]) >= 60, panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert defaults["unit"], panel["title"]


@EVERY
def test_panels_have_ids_and_titles_of_their_own(name: str) -> None:
    # Rows are panels to Grafana, too.
    ids = [panel["id"] for panel in DOCUMENTS[name]["panels"]]
    titles = [panel["title"] for panel in panels(name)]
    assert len({0, *ids}) == len(ids) + 1
    assert len(set(titles)) == len(titles)


@EVERY
def test_panels_fit_the_grid_and_do_not_overlap(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DOCUMENTS[name]["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert not taken & cells, panel["title"]
        taken |= cells


@EVERY
def test_graphs_have_a_legend_with_last_max_and_where_there_is_room_mean(name: str) -> None:
    for panel in panels(name):
        if panel["type"] == "timeseries":
            legend = panel["options"]["legend"]
            wide = panel["gridPos"]["w"] >= 12
            wanted = ["lastNotNull", "max", *(["mean"] if wide else [])]
            assert legend["displayMode"] == "table", panel["title"]
            assert legend["calcs"] == wanted, panel["title"]


@EVERY
def test_counters_are_always_under_a_rate_and_over_the_interval_of_the_screen(name: str) -> None:
    counters = {m.name for m in CATALOGUE.values() if m.kind is Kind.COUNTER}
    counters |= {
        f"{m.name}_{part}"
        for m in CATALOGUE.values()
        if m.kind is Kind.HISTOGRAM
        for part in ("bucket", "count", "sum")
    }
    # What a counter grew by since a sample of it, and whether it is new.
    counter = r"\w+_total\{[^}]*\}(?: offset \S+)?"
    grown = re.compile(
        rf"clamp_min\({counter} - \w+:\w+:sampled|0 \* \({counter} unless {counter}\)"
    )
    for panel, target in targets(name):
        expression = grown.sub("", target["expr"])
        for counter in counters:
            for found in re.finditer(rf"(?<![\w:]){counter}\b", expression):
                before = expression[: found.start()].removesuffix('{__name__="')
                assert before.endswith(("rate(", "increase(")), (panel["title"], expression)
        # Of single operations, beside what is recorded of the same histograms of stores.
        alike = re.compile(rf"rate\(.*?_duration_seconds(_bucket)?\".*?\[{RATE_WINDOW}\]\)")
        expression = alike.sub("", expression)
        for window in re.findall(r"(?<![\w:])rate\([^\[\]]*\[([^\]]+)\]", expression):
            assert window == "$__rate_interval", (panel["title"], expression)


@EVERY
def test_legends_name_labels_that_the_query_keeps(name: str) -> None:
    for panel, target in targets(name):
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            # A recorded series has its labels in its name.
            kept = rf"(?:\b|_){label}(?:\b|_)"
            assert re.search(kept, target["expr"]), (panel["title"], label)


@EVERY
def test_the_starts_of_firing_alerts_are_marked_where_they_do_not_drown_the_chart(
    name: str,
) -> None:
    annotation, *_ = DOCUMENTS[name]["annotations"]["list"]
    assert 'alertstate="firing"' in annotation["expr"]
    assert annotation["useValueForTime"] is True
    assert annotation["enable"] is (name not in ("fleet", "trends"))


@EVERY
def test_links_lead_to_dashboards_and_runbooks_that_exist(name: str) -> None:
    page: DashboardPage = PAGES[name]
    known = {alert.name for alert in alerts.alerts()} | {page.of for page in PAGES.values()}
    for panel in page.panels:
        assert set(panel.links) <= known, panel.title


@EVERY
def test_links_hand_on_the_labels_of_what_was_clicked_and_the_time(name: str) -> None:
    for panel in panels(name):
        for link in links_of(panel):
            if link["url"].startswith("/d/"):
                assert "${__url_time_range}" in link["url"], panel["title"]
                assert "${datasource:queryparam}" in link["url"], panel["title"]


def links_of(panel: dict[str, Any]) -> list[dict[str, Any]]:
    """The links of a panel's figures, or of a table's rows."""
    config = panel["fieldConfig"]
    of_rows = [
        link
        for override in config["overrides"]
        for each in override["properties"]
        if each["id"] == "links"
        for link in each["value"]
    ]
    return [*config["defaults"].get("links", []), *of_rows]


def test_the_linters_file_has_these_exceptions_and_no_others() -> None:
    exclusions = linter.exceptions(dashboards.pages())["exclusions"]
    assert set(exclusions) == {
        f"{part}-{label}-rule" for part in ("template", "target") for label in ("job", "instance")
    }
    for exclusion in exclusions.values():
        assert exclusion["reason"]
        titles = {entry["dashboard"] for entry in exclusion["entries"]}
        assert titles == {PAGES[name].title for name in WITHOUT_JOB}


def test_every_alert_points_to_a_dashboard_that_exists() -> None:
    assert {alert.dashboard for alert in alerts.alerts()} <= {page.of for page in PAGES.values()}


LISTED_ALONE = {
    "StoreDownAmongMany",
    "StoreCredentialsRejected",
    "StoreOperationBroken",
    "StoreMetricsAbsent",
    "StoreExporterImpaired",
    "StoreAlertsUndelivered",
    "StoreAlertsMissed",
    "StoreRulesFailing",
    "StoreWatchedTwice",
    "Watchdog",
}
"""Alerts that the page they lead to shows in its table of what fires, and in no graph."""


def test_an_alert_leads_to_a_page_with_a_panel_of_what_it_is_about() -> None:
    shown = {
        (page, link) for page, of in PAGES.items() for each in of.panels for link in each.links
    }
    without = {
        alert.name for alert in alerts.alerts() if (alert.dashboard.name, alert.name) not in shown
    }
    assert without == LISTED_ALONE, "name the alert in `links` of the panel that shows its figure"


def test_an_alert_about_a_payment_method_leads_to_a_panel_that_shows_each_method() -> None:
    (alert,) = {each.name: each for each in alerts.alerts() if "payment_method" in each.by}.values()
    page = PAGES[alert.dashboard.name]
    (panel,) = [each for each in page.panels if alert.name in each.links]
    assert "payment_method" in links.labels(panel)


def test_what_grafana_shows_no_words_for_has_some_where_nothing_is_found() -> None:
    for page in dashboards.pages():
        for panel in page.panels:
            words = [query for query in panel.queries if query.otherwise]
            if panel.kind is PanelKind.TABLE and len(panel.queries) > 1:
                assert len(words) == 1, panel.title
            if panel.kind is PanelKind.TIMELINE or panel.text:
                expressions = " ".join(query.expression for query in panel.queries)
                assert expressions.count("vector(-1)") == 1, panel.title


def test_tables_sort_by_a_column_that_they_have() -> None:
    for page in PAGES.values():
        for panel in page.panels:
            if panel.sort:
                columns = {query.legend for query in panel.queries}
                columns |= {COLUMNS[label].title for label in panel.columns}
                assert panel.sort.removeprefix("+") in columns, panel.title


@EVERY
def test_links_and_annotations_are_shown_above_the_panels(name: str) -> None:
    assert "placement" not in json.dumps(DOCUMENTS[name])


@EVERY
def test_the_queries_of_a_table_keep_its_columns_and_nothing_else(name: str) -> None:
    for panel, target in targets(name):
        if panel["type"] == "table":
            assert target["expr"].startswith(("sum by (", "max by (")), panel["title"]
            assert target["format"] == "table"
            assert target["instant"] is True


@EVERY
def test_marks_are_of_what_the_dashboard_is_about(name: str) -> None:
    variables = {each["name"] for each in DOCUMENTS[name]["templating"]["list"]}
    marks = {each["name"]: each["expr"] for each in DOCUMENTS[name]["annotations"]["list"]}
    # An alert about a store has no process, and one about a process no store.
    subject = "domain" if "domain" in variables else "instance"
    assert f'{subject}=~"${subject}"' in marks["Alerts"]
    assert ("Maintenance" in marks) == (subject == "domain")
