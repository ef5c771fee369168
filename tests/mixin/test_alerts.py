"""Every alert fires when it should, says what it should, and is silent otherwise (promtool)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
import yaml

from store_exporter.metrics.catalogue import operations
from store_exporter.mixin import alerts, policy, rules, runbook, slo
from store_exporter.mixin.model import as_document
from tests.mixin.alert_cases import CASES, GET_CART, SOLD_OUT, Case, of
from tests.servers import tool

RECORDING = {
    group.name.removeprefix("store-exporter."): group for group in [*rules.groups(), *slo.groups()]
}
BY_NAME = {alert.name: alert for alert in alerts.alerts()}


def said(rule: dict[str, Any], facts: Collection[str]) -> dict[str, Any]:
    """A rule with no other facts than those that a test is about."""
    always = ("summary", "description", "runbook_url", "dashboard_url")
    kept = {k: v for k, v in rule["annotations"].items() if k in always or k in facts}
    return {**rule, "annotations": kept}


def promtool(
    directory: Path,
    tests: dict[str, Any],
    groups: tuple[str, ...],
    alert: str = "",
    facts: Collection[str] = (),
) -> None:
    """Run rule tests with some recording rules, and all alerts or only one.

    The message of a failure is promtool's.
    """
    of_alert = [
        {
            **group,
            "rules": [
                said(rule, facts) for rule in group["rules"] if rule["alert"] == alert or not alert
            ],
        }
        for group in alerts.document()["groups"]
    ]
    kept = [group for group in of_alert if group["rules"]]
    files = {
        "recording.yml": as_document([RECORDING[name] for name in groups], grafana="", runbooks=""),
        "alerts.yml": {"groups": kept},
        "tests.yml": {
            "rule_files": ["recording.yml", "alerts.yml"],
            "group_eval_order": [RECORDING[name].name for name in groups]
            + [group["name"] for group in kept],
            **tests,
        },
    }
    for name, content in files.items():
        (directory / name).write_text(yaml.safe_dump(content, width=10_000), encoding="utf-8")
    argv = [tool("promtool"), "test", "rules", "tests.yml"]
    done = subprocess.run(argv, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def expected(case: Case) -> list[dict[str, Any]]:
    """The alert that a case expects, as promtool has it."""
    if case.message is None:
        return []
    base = dict(re.findall(r'(\w+)="([^"]*)"', case.base))
    alert = BY_NAME[case.alert]
    query = "&".join(
        f"var-{label}={{}}".format((base | dict(case.labels))[label]) for label in alert.by
    )
    address = f"{policy.LINKS.grafana}/d/{alert.dashboard.uid}{'?' if query else ''}{query}"
    return [
        {
            "exp_labels": {"severity": case.severity, **base, **case.labels},
            "exp_annotations": {
                "summary": alert.summary,
                "description": case.message,
                **case.facts,
                "runbook_url": f"{policy.LINKS.runbooks}/{case.alert}",
                "dashboard_url": address.replace(":", "%3A")
                .replace("http%3A", "http:")
                .replace("localhost%3A", "localhost:"),
            },
        }
    ]


@pytest.mark.real
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}: {case.says}")
def test_an_alert_fires_when_it_should_and_only_then(case: Case, tmp_path: Path) -> None:
    test = {
        "interval": case.step,
        "input_series": [{"series": s, "values": v} for s, v in case.series.items()],
        "alert_rule_test": [
            {"eval_time": case.at, "alertname": case.alert, "exp_alerts": expected(case)}
        ],
    }
    promtool(
        tmp_path,
        {"evaluation_interval": case.step, "tests": [test]},
        case.groups,
        case.alert,
        case.facts,
    )


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_alert_is_tested_firing_and_silent(name: str) -> None:
    outcomes = {case.message is not None for case in CASES if case.alert == name}
    assert outcomes == ({True} if name == "Watchdog" else {True, False})


@pytest.mark.real
def test_a_store_that_only_sees_refusals_by_shoppers_never_alerts(tmp_path: Path) -> None:
    series = {
        of(operations.OPERATIONS, GET_CART): "0+30x400",
        of(operations.OPERATION_ERRORS, SOLD_OUT): "0+30x400",
    }
    test = {
        "interval": "30s",
        "input_series": [{"series": s, "values": v} for s, v in series.items()],
        "promql_expr_test": [
            {"eval_time": at, "expr": 'ALERTS{org="acme"}', "exp_samples": []}
            for at in ("30m", "2h", "3h")
        ],
    }
    everything = ("operations", "slo")
    promtool(tmp_path, {"evaluation_interval": "30s", "tests": [test]}, everything)


@pytest.mark.parametrize("alert", alerts.alerts(), ids=lambda alert: alert.name)
def test_an_alert_has_a_severity_a_summary_without_figures_and_a_description(alert: Any) -> None:
    assert alert.severity in ("critical", "warning", "info", "none")
    assert "{{" not in alert.summary
    assert alert.summary.endswith(".")
    assert "{{" in alert.description
    assert "$labels.org" in alert.description or "org" not in alert.by


@pytest.mark.parametrize("alert", alerts.alerts(), ids=lambda alert: alert.name)
def test_an_alert_waits_before_it_fires(alert: Any) -> None:
    # What holds StoreDown back has to be there before it.
    early = {"StoresDown": 60, "StoreDownAmongMany": 60, "Watchdog": 0}
    assert alert.hold >= early.get(alert.name, 120)


def test_what_holds_an_alert_back_fires_before_it_and_outlasts_it() -> None:
    outage, down = BY_NAME["StoresDown"], BY_NAME["StoreDown"]
    assert outage.hold + policy.MINUTE <= down.hold
    assert outage.keep > down.keep


def test_every_alert_has_a_runbook_page_with_meaning_checks_and_actions() -> None:
    pages = runbook.pages()
    assert pages.keys() == {"README", *BY_NAME}
    for name in BY_NAME:
        page = pages[name]
        for heading in ("## What it means", "## How to check", "## What to do", "## When it fires"):
            assert heading in page, name


def test_pace_shortens_how_long_an_alert_waits() -> None:
    slow, fast = (
        {
            rule["alert"]: rule["for"]
            for group in alerts.document(pace=pace)["groups"]
            for rule in group["rules"]
        }
        for pace in (1.0, 0.05)
    )
    assert (slow["StoreDown"], fast["StoreDown"]) == ("2m", "6s")
