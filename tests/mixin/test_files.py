"""Generated files: none is stale, and all are made from the catalogue."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from store_exporter.metrics.catalogue import CATALOGUE
from store_exporter.mixin import alerts, dashboards, files, wide
from store_exporter.mixin.model import Alert, Group
from store_exporter.mixin.rules import longterm, recording, slo
from store_exporter.server.api.analytics import Filters
from store_exporter.server.api.prometheus import hourly_queries
from tests import servers


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    """All generated files."""
    return files.generate() | files.boards()


def test_no_generated_file_is_left_behind(repository: Path, generated: dict[str, str]) -> None:
    folders = ("grafana/dashboards", "prometheus/rules", "alerts/rules", "alerts/templates")
    found = {
        str(path.relative_to(repository))
        for folder in (*folders, "docs/runbooks")
        for path in (repository / folder).rglob("*")
        if path.is_file()
    }
    left = sorted(found - generated.keys())
    assert not left, f"nothing generates these any more; delete them: {left}"


def test_dashboards_are_json_and_rules_are_yaml(generated: dict[str, str]) -> None:
    for path, content in generated.items():
        if path.endswith(".json"):
            json.loads(content)
        elif path.endswith(".yml"):
            yaml.safe_load(content)


@pytest.mark.real
def test_promtool_accepts_every_rule(repository: Path, generated: dict[str, str]) -> None:
    rule_files = [str(repository / path) for path in generated if "/rules/" in path]
    argv = [servers.tool("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *rule_files]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_names_no_metric_as_text(repository: Path) -> None:
    package = repository / "exporter" / "store_exporter" / "mixin"
    named = {
        (path.name, name)
        for path in package.rglob("*.py")
        for name in CATALOGUE
        if re.search(rf"\b{name}\b", path.read_text(encoding="utf-8"))
    }
    # A sentence about revenue's sibling in a docstring would be found too; there is none.
    assert named == set()


def test_every_recorded_series_is_read_by_something(generated: dict[str, str]) -> None:
    recorded = {rule.name for group in [*recording.groups(), *slo.groups()] for rule in group.rules}
    text = " ".join(
        [query.expression for page in dashboards.pages() for query in page.queries]
        + [generated["alerts/rules/alerts.yml"]]
        + [rule.expression for g in [*recording.groups(), *slo.groups()] for rule in g.rules]
        + [*hourly_queries(Filters("acme")).values()]
    )
    assert {name for name in recorded if name not in text} == set()


def test_nothing_is_recorded_only_for_the_next_rule(generated: dict[str, str]) -> None:
    """A figure that is read once, by a rule of its own group, is a part of that rule."""
    groups = [*recording.groups(), *slo.groups()]
    rules = [(group.name, rule) for group in groups for rule in group.rules]
    others = " ".join(
        [generated["alerts/rules/alerts.yml"], *hourly_queries(Filters("acme")).values()]
        + [query.expression for page in dashboards.pages() for query in page.queries]
    )
    for group, rule in rules:
        name = re.compile(rf"(?<![\w:]){re.escape(rule.name)}(?![\w:])")
        if name.search(others):
            continue
        readers = [(where, match, r) for where, r in rules for match in name.finditer(r.expression)]
        if len(readers) == 1 and readers[0][0] == group:
            _, match, reader = readers[0]
            # Its samples of earlier moments are there only if they were recorded.
            assert reader.expression[match.end()] == "[", f"{rule.name} for {reader.name}"


@pytest.mark.parametrize(
    "group", [*recording.groups(), *slo.groups()], ids=lambda group: group.name
)
def test_every_recorded_series_keeps_the_org_but_what_is_of_all_or_of_a_process(
    group: Group,
) -> None:
    of_all = {figure.of_all for figure in (*wide.EVERY, longterm.TOGETHER, *slo.WORST.values())}
    for rule in group.rules:
        level = "job_instance" if "_instance" in rule.name else "org_platform"
        kept = rule.name.startswith(("org_domain_platform", level))
        assert kept != (rule.name in of_all), rule.name


def test_an_alert_waits_for_twice_as_long_as_from_one_evaluation_to_the_next() -> None:
    seldom = {
        rule.name: group.interval / rule.hold
        for group in alerts.groups()
        for rule in group.rules
        if group.interval and isinstance(rule, Alert)
    }
    assert "StoreOrderDrought" in seldom
    assert not {"StoresDown", "StoreDown", "StoreCredentialsRejected"} & set(seldom)
    assert max(seldom.values()) <= 0.5


def test_pace_leaves_windows_that_meet_as_they_are() -> None:
    groups = {
        g["name"]: g["interval"] for g in recording.document(pace=0.05)["groups"] if "interval" in g
    }
    assert (groups["store-exporter.growth"], groups["store-exporter.hours"]) == ("5m", "1h")
    assert groups["store-exporter.business"] == "12s"


def test_pace_shortens_intervals_and_the_sums_that_rely_on_them_follow() -> None:
    slow, fast = (slo.document(pace=pace)["groups"] for pace in (1.0, 0.05))
    assert [group["interval"] for group in slow] == ["1m", "1h", "4m"]
    assert [group["interval"] for group in fast] == ["3s", "1h", "12s"]
    sums = [
        {
            seconds
            for rule in groups[0]["rules"]
            for seconds in re.findall(r"sum_over_time\([^()]+\) \* (\d+)", rule["expr"])
        }
        for groups in (slow, fast)
    ]
    assert sums == [{"60"}, {"3"}]


# What no panel and no alert shows, and why.
UNSEEN = {
    "store_api_budget_remaining": (
        "what may be sent at this moment; an hour's requests beside the limit tell whether it lasts"
    ),
    "store_exporter_config_last_reload_success_timestamp_seconds": (
        "whether the last reload succeeded is shown; when the one before it did is for the curious"
    ),
}


def test_every_metric_is_on_a_dashboard_or_behind_a_rule(generated: dict[str, str]) -> None:
    text = " ".join(
        content for path, content in generated.items() if path.endswith((".json", ".yml"))
    )
    unseen = {name for name in CATALOGUE if not re.search(rf"(?<![\w:]){name}", text)}
    assert unseen == UNSEEN.keys(), "add a panel or an alert, or a reason to UNSEEN"


def test_the_package_imports_the_catalogue_the_error_types_and_markdown_and_nothing_else(
    repository: Path,
) -> None:
    package = repository / "exporter" / "store_exporter"
    allowed = {"errors", "markdown", "metrics.catalogue", "mixin"}
    for path in (package / "mixin").rglob("*.py"):
        depth = len(path.relative_to(package).parts) - 1
        outside = re.findall(
            rf"^\s*from \.{{{depth + 1}}}([\w.]+) import",
            path.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
        for module in outside:
            assert any(module == a or module.startswith(f"{a}.") for a in allowed), (path, module)
