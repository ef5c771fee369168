"""Every alert fires when it should, says what it should, and is silent otherwise (promtool)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from store_exporter.metrics.catalogue import health, operations
from store_exporter.mixin import alerts, policy
from store_exporter.mixin.documentation import runbook
from store_exporter.mixin.names import AlertName
from store_exporter.mixin.rules import slo
from tests.mixin import promtool
from tests.mixin.alert_cases import CASES, in_maintenance
from tests.mixin.alert_cases.case import Case, of
from tests.mixin.alert_cases.objectives import GET_CART, SOLD_OUT, TIMED_OUT

BY_NAME = {alert.name: alert for alert in alerts.alerts()}


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


def write(case: Case, directory: Path) -> None:
    test = {
        "interval": case.step,
        "input_series": [{"series": s, "values": v} for s, v in case.series.items()],
        "alert_rule_test": [
            {"eval_time": case.at, "alertname": case.alert, "exp_alerts": expected(case)}
        ],
    }
    paced = {"evaluation_interval": case.pace or case.step, "tests": [test]}
    promtool.write(directory, paced, case.groups, [case.alert], case.facts)


@pytest.fixture(scope="module")
def wrong(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """What promtool finds wrong, by the name of the test; one process looks at all cases."""
    chosen: dict[str, Case] = {
        item.name: item.callspec.params["case"]  # type: ignore[misc]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == request.path
        and "wrong" in item.fixturenames
    }
    directories = []
    for case in chosen.values():
        directories.append(tmp_path_factory.mktemp("case"))
        write(case, directories[-1])
    report = tmp_path_factory.mktemp("report") / "junit.xml"
    return dict(zip(chosen, promtool.run_all(directories, report), strict=True))


@pytest.mark.real
@pytest.mark.timeout(400)  # the first one waits for all
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}: {case.says}")
def test_an_alert_fires_when_it_should_and_only_then(
    case: Case, wrong: Mapping[str, str], request: pytest.FixtureRequest
) -> None:
    said = wrong[request.node.name]
    assert not said, said


ABOUT_STORES = {alert.name for alert in alerts.alerts() if "domain" in alert.by}
FIRING = [case for case in CASES if case.message and case.alert in ABOUT_STORES]


def test_every_alert_about_a_store_has_a_situation_in_which_it_fires() -> None:
    assert {case.alert for case in CASES} <= set(BY_NAME), "tests/mixin/alert_cases"
    assert {case.alert for case in FIRING} == ABOUT_STORES, "tests/mixin/alert_cases"


@pytest.mark.real
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "case", [*map(in_maintenance, FIRING)], ids=lambda case: f"{case.alert}: {case.says}"
)
def test_no_alert_fires_about_a_store_in_maintenance(
    case: Case, wrong: Mapping[str, str], request: pytest.FixtureRequest
) -> None:
    said = wrong[request.node.name]
    assert not said, said


@pytest.mark.real
def test_what_fails_in_maintenance_spends_no_error_budget(tmp_path: Path) -> None:
    """Calls fail in the first half hour of two, and in maintenance of that length."""
    inputs = {
        of(operations.OPERATIONS, GET_CART): "0+30x240",
        of(operations.OPERATION_ERRORS, TIMED_OUT): "0+30x60 1800x180",
        of(health.MAINTENANCE): "1x60 0x180",
    }
    labels = {"org": "acme", "domain": "books.example", "platform": "woocommerce"}
    bad = f'{{__name__="{slo.bad_in("6h")}", slo="availability"'
    bad += "".join(f', {key}="{value}"' for key, value in labels.items()) + "}"
    test = {
        "interval": "30s",
        "input_series": [{"series": s, "values": v} for s, v in inputs.items()],
        "promql_expr_test": [
            {
                "eval_time": "2h",
                "expr": f'{slo.bad_in("6h")}{{slo="availability"}}',
                "exp_samples": [{"labels": bad, "value": 0}],
            }
        ],
    }
    tests = {"evaluation_interval": "30s", "tests": [test]}
    promtool.write(tmp_path, tests, ("health", "operations", "slo", "slo.long"), chosen=())
    promtool.run(tmp_path)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_alert_is_tested_firing_and_silent(name: str) -> None:
    outcomes = {case.message is not None for case in CASES if case.alert == name}
    expected = {True} if name == AlertName.WATCHDOG else {True, False}
    assert outcomes == expected, "tests/mixin/alert_cases: one that fires, and one that nearly does"


@pytest.mark.real
@pytest.mark.timeout(400)  # three hours of all rules
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
    tests = {"evaluation_interval": "1m", "tests": [test]}
    promtool.write(tmp_path, tests, ("operations", "slo", "slo.long"))
    promtool.run(tmp_path)


RUNS = {
    "all the time": "1",
    "every second minute": "1 0",
    "one minute in three": "1 0 0",
    "two minutes in three": "1 1 0",
    "five minutes in ten": "1 1 1 1 1 0 0 0 0 0",
}
KINDS = {
    "timeout": (True, "critical", "timeout", "store"),
    "refused": (True, "critical", "unauthorized", "config"),
    "critical probe": (False, "critical", "server_error", "store"),
    "other probe": (False, "degraded", "server_error", "store"),
}


def script(values: Iterable[int]) -> str:
    """Samples as promtool has them."""
    return " ".join(map(str, values))


def troubled(earlier: str | None) -> tuple[dict[str, str], int]:
    """Series of stores that fail in every kind and rhythm after ten minutes, and their number."""
    inputs: dict[str, str] = {}
    stores = 0
    for down, state, error_type, fault in KINDS.values():
        for rhythm in RUNS.values():
            stores += 1
            store = f'org="o{stores}", domain="d", platform="p{stores}"'
            bits = [int(bit) for bit in rhythm.split()]
            failing = [bits[i % len(bits)] for i in range(80)]
            before = KINDS[earlier] if earlier else None
            past = [1 if before else 0] * 10
            probe = 'probe="liveness"' if down else 'probe="cart"'
            is_down = [bit * bool(before and before[0]) for bit in past] + [
                bit * down for bit in failing
            ]
            inputs[of(health.UP, base=store)] = script(1 - bit for bit in is_down)
            inputs[of(health.PROBE_SUCCESS, probe, store)] = script(
                1 - bit for bit in past + failing
            )
            for name in ("healthy", "degraded", "critical"):
                then = [int(name == (before[1] if before else "healthy"))] * 10
                now = [int(name == (state if bit else "healthy")) for bit in failing]
                inputs[of(health.HEALTH, f'state="{name}"', store)] = script(then + now)
            why = f'{probe}, error_type="{error_type}", reason="HTTP 500"'
            inputs[of(health.PROBE_FAILURE, why, store)] = "_x10 " + " ".join(
                "1" if bit else "stale" for bit in failing
            )
            counts = accumulate([0] * 10 + failing)
            inputs[
                of(
                    health.PROBE_FAILURES,
                    f'{probe}, error_type="{error_type}", fault="{fault}"',
                    store,
                )
            ] = script(counts)
    return inputs, stores


@pytest.mark.real
@pytest.mark.parametrize("earlier", [None, *KINDS])
def test_every_kind_and_rhythm_of_failing_is_reported_to_somebody(
    earlier: str | None, tmp_path: Path
) -> None:
    """A store for each kind and rhythm, and for each after ten minutes of another kind."""
    inputs, stores = troubled(earlier)
    well = 'org="well", domain="d", platform="p"'
    inputs[of(health.UP, base=well)] = "1x90"
    inputs[of(health.HEALTH, 'state="healthy"', well)] = "1x90"
    inputs[of(health.HEALTH, 'state="degraded"', well)] = "0x40 1 0x49"
    told = 'group by (org) (ALERTS{alertstate="firing", severity=~"critical|warning", org!=""})'
    test = {
        "interval": "1m",
        "input_series": [{"series": s, "values": v} for s, v in inputs.items()],
        "promql_expr_test": [
            {
                "eval_time": "75m",
                "expr": told,
                "exp_samples": [
                    {"labels": f'{{org="o{number}"}}', "value": 1}
                    for number in range(1, stores + 1)
                ],
            }
        ],
    }
    promtool.write(tmp_path, {"evaluation_interval": "1m", "tests": [test]}, ("health",))
    promtool.run(tmp_path)


@pytest.mark.parametrize("alert", alerts.alerts(), ids=lambda alert: alert.name)
def test_an_alert_has_a_severity_a_summary_without_figures_and_a_description(alert: Any) -> None:
    assert alert.severity in ("critical", "warning", "info", "none")
    assert "{{" not in alert.summary
    assert alert.summary.endswith(".")
    assert "{{" in alert.description or not alert.by
    assert "$labels.org" in alert.description or "org" not in alert.by


@pytest.mark.parametrize("alert", alerts.alerts(), ids=lambda alert: alert.name)
def test_an_alert_waits_before_it_fires(alert: Any) -> None:
    # What holds StoreDown back has to be there before it.
    early = {"StoresDown": 60, "StoreDownAmongMany": 60, "Watchdog": 0}
    # What has happened does not go away by waiting.
    early |= {"StoreStateLost": 0, "StoreAlertsMissed": 60}
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


def test_the_index_says_how_commands_are_run_where_the_exporter_is_installed(
    repository: Path,
) -> None:
    index = runbook.pages()["README"]
    unit = (repository / "deploy/systemd/store-exporter.service").read_text()
    compose = (repository / "docker-compose.yml").read_text()
    chart = (repository / "deploy/helm/store-exporter/templates/statefulset.yaml").read_text()
    assert "  own-exporter:\n" in compose
    assert "docker compose exec own-exporter " in index
    assert "/run/credentials/store-exporter.service" in index
    assert re.findall(r"ExecStart=(\S+)", unit)[0] in index
    for text in (unit, compose, chart):
        assert set(re.findall(r"--config\.file=/etc/store\S+", text)) <= set(
            re.findall(r"--config\.file=[^`\s]+", index)
        )


@pytest.mark.parametrize("alert", alerts.alerts(), ids=lambda alert: alert.name)
def test_what_to_do_first_needs_nothing_that_a_message_does_not_show(alert: Any) -> None:
    assert not re.search(r"\bbelow\b|\bthis page\b|in the message", alert.steps.check[0])


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
