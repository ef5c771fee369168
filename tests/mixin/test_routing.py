"""Which receiver gets which alert, and which alerts are held back, asked of amtool."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store_exporter.mixin import alerts
from store_exporter.mixin.files import as_yaml, write_templates
from store_exporter.mixin.messages import alertmanager
from store_exporter.mixin.messages.alertmanager import Routing, Times
from store_exporter.mixin.messages.receivers import Interval, Receivers
from tests import servers
from tests.mixin.amtool import amtool, check_config, receivers_of

ROUTING = Routing(
    platform=Receivers({"slack": [{"api_url_file": "/secrets/ops", "channel": "#ops"}]}),
    orgs={
        "acme": Receivers(
            {
                "slack": [{"api_url_file": "/secrets/acme", "channel": "#acme"}],
                "email": [
                    {
                        "to": "shop@acme.example",
                        "from": "alerts@example.com",
                        "smarthost": "mail.example:587",
                    }
                ],
            }
        ),
        "globex": Receivers({"webhook": [{"url_file": "/secrets/globex"}]}),
        "silent": Receivers(),
    },
    watchdog=Receivers({"webhook": [{"url_file": "/secrets/deadman"}]}),
    times=Times(
        "Europe/Berlin",
        Interval("09:00", "17:00", ("monday", "friday")),
        (Interval("02:00", "04:00", ("sunday",)),),
    ),
)
CONFIG = alertmanager.build(ROUTING)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("alertmanager")
    write_templates(directory / "templates")
    file = directory / "alertmanager.yml"
    file.write_text(as_yaml(CONFIG), encoding="utf-8")
    return file


@pytest.mark.real
def test_amtool_accepts_the_configuration(config: Path) -> None:
    check_config(config)


@pytest.mark.real
def test_amtool_accepts_the_committed_configuration(repository: Path) -> None:
    check_config(repository / "alerts" / "alertmanager.yml")


ROUTES = [
    ("alertname=StoreDown org=acme severity=critical", "platform,org-acme"),
    ("alertname=StoresDown platform=shopify severity=critical", "platform"),
    ("alertname=StoreDownAmongMany org=acme severity=critical audience=org", "org-acme"),
    ("alertname=StoreDownAmongMany org=silent severity=critical audience=org", "nobody"),
    ("alertname=StoreFiguresStale org=acme severity=warning", "platform,org-acme"),
    ("alertname=StoreBestSellersOutOfStock org=acme severity=info", "org-acme"),
    ("alertname=StoreDown org=globex severity=critical", "platform,org-globex"),
    ("alertname=StoreDown org=silent severity=critical", "platform"),
    ("alertname=StoreDown org=unknown severity=critical", "platform"),
    ("alertname=StoreBestSellersOutOfStock org=silent severity=info", "platform"),
    ("alertname=StoreExporterDown severity=critical", "platform"),
    ("alertname=DiskFull", "platform"),
    ("alertname=Watchdog severity=none", "watchdog"),
]


@pytest.mark.real
@pytest.mark.parametrize(("labels", "receivers"), ROUTES)
def test_an_alert_goes_to(labels: str, receivers: str, config: Path) -> None:
    assert receivers_of(labels, config) == receivers


@pytest.mark.real
def test_one_org_never_hears_of_another(config: Path) -> None:
    for alert in alerts.alerts():
        labels = f"alertname={alert.name} severity={alert.severity} org=globex"
        assert "org-acme" not in receivers_of(labels, config)


def test_only_the_platforms_copy_continues() -> None:
    going_on = [route for route in CONFIG["route"]["routes"] if route.get("continue")]
    assert [route["receiver"] for route in going_on] == ["platform"]


def test_the_end_of_the_watchdog_is_no_sign_of_life() -> None:
    (switch,) = (each for each in CONFIG["receivers"] if each["name"] == "watchdog")
    assert [each["send_resolved"] for each in switch["webhook_configs"]] == [False]
    (org,) = (each for each in CONFIG["receivers"] if each["name"] == "org-globex")
    assert org["webhook_configs"][0]["send_resolved"] is True


def test_messages_are_grouped_and_timed_as_agreed() -> None:
    route = CONFIG["route"]
    assert route["group_by"] == ["alertname"]
    waits = (route["group_wait"], route["group_interval"], route["repeat_interval"])
    assert waits == ("30s", "5m", "4h")
    for child in route["routes"][1:-1]:
        assert child["routes"][0]["matchers"] == ['severity="critical"']
        assert child["routes"][0]["group_interval"] == "1m"
        assert child["routes"][0]["repeat_interval"] == "1h"


def test_maintenance_silences_every_route_but_the_watchdogs() -> None:
    watchdog, *rest, _ = CONFIG["route"]["routes"]
    assert "mute_time_intervals" not in watchdog
    for route in rest:
        for each in (route, *route["routes"]):
            assert each["mute_time_intervals"] == ["maintenance"]


def test_intervals_carry_their_location() -> None:
    for interval in CONFIG["time_intervals"]:
        for each in interval["time_intervals"]:
            assert each["location"] == "Europe/Berlin"


def test_secrets_are_files() -> None:
    for receiver in CONFIG["receivers"]:
        for each in receiver.get("slack_configs", ()):
            assert each.keys() & {"api_url", "api_url_file"} == {"api_url_file"}
        for each in receiver.get("webhook_configs", ()):
            assert each.keys() & {"url", "url_file"} == {"url_file"}
        for each in receiver.get("email_configs", ()):
            assert "auth_password" not in each


STORE = {"org": "acme", "domain": "books.example"}
SHOPIFY, WOO = {"platform": "shopify"}, {"platform": "woocommerce"}
OTHER = {"org": "acme", "domain": "toys.example"}
# What fires, what fires beside it, and whether the second is held back.
INHIBITION: list[tuple[dict[str, str], dict[str, str], bool]] = [
    ({"alertname": "StoreDown", **STORE}, {"alertname": "StoreFiguresStale", **STORE}, True),
    ({"alertname": "StoreDown", **STORE}, {"alertname": "StoreErrorBudgetBurn", **STORE}, True),
    ({"alertname": "StoreDown", **STORE}, {"alertname": "StoreLatencyRegression", **STORE}, True),
    ({"alertname": "StoreDown", **STORE}, {"alertname": "StoreOrderDrought", **STORE}, True),
    ({"alertname": "StoreDown", **STORE}, {"alertname": "StoreFiguresStale", **OTHER}, False),
    ({"alertname": "StoresDown", **SHOPIFY}, {"alertname": "StoreDown", **STORE, **SHOPIFY}, True),
    ({"alertname": "StoresDown", **SHOPIFY}, {"alertname": "StoreDown", **STORE, **WOO}, False),
    ({"alertname": "StoreDown", **STORE}, {"alertname": "StoreUnstable", **STORE}, True),
    (
        {"alertname": "StoreVitalProbeFailing", **STORE},
        {"alertname": "StoreDegraded", **STORE},
        True,
    ),
    (
        {"alertname": "StoreDown", **STORE},
        {"alertname": "StoreFiguresStale", "org": "globex", "domain": "books.example"},
        False,
    ),
    (
        {"alertname": "StoreDown", **STORE},
        {"alertname": "StoreCertificateExpiring", **STORE},
        False,
    ),
    (
        {"alertname": "StoreCredentialsRejected", "severity": "critical", **STORE},
        {"alertname": "StoreFiguresStale", **STORE},
        True,
    ),
    (
        {"alertname": "StoreCredentialsRejected", "severity": "warning", **STORE},
        {"alertname": "StorePaymentsFailing", **STORE},
        False,
    ),
    (
        {"alertname": "StoreCredentialsRejected", "severity": "critical", **STORE},
        {"alertname": "StoreDown", **STORE},
        False,
    ),
    (
        {"alertname": "StoreExporterDown", "instance": "exporter:10847"},
        {"alertname": "StoreOrderDrought", **STORE},
        True,
    ),
    (
        {"alertname": "StoreExporterDown", "instance": "exporter:10847"},
        {"alertname": "StoreDown", **STORE},
        False,
    ),
    (
        {"alertname": "StoreCertificateExpiring", "severity": "critical", **STORE},
        {"alertname": "StoreCertificateExpiring", "severity": "warning", **STORE},
        True,
    ),
    (
        {"alertname": "StoreErrorBudgetBurn", "slo": "latency", "severity": "critical", **STORE},
        {
            "alertname": "StoreErrorBudgetBurn",
            "slo": "availability",
            "severity": "warning",
            **STORE,
        },
        False,
    ),
    (
        {"alertname": "StoreErrorBudgetBurn", "slo": "latency", "window": "1h", **STORE},
        {"alertname": "StoreErrorBudgetBurn", "slo": "latency", "window": "6h", **STORE},
        True,
    ),
]


@pytest.fixture(scope="module")
def running(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    directory = tmp_path_factory.mktemp("running")
    write_templates(directory / "templates")
    with servers.alertmanager(config.read_text(encoding="utf-8"), directory) as server:
        yield server


@pytest.mark.real
@pytest.mark.parametrize(
    ("number", "source", "target", "held"),
    [(number, *row) for number, row in enumerate(INHIBITION)],
    ids=[
        f"{source['alertname']} {'silences' if held else 'leaves'} {target['alertname']} {number}"
        for number, (source, target, held) in enumerate(INHIBITION)
    ],
)
def test_an_alert_is_held_back_by_its_cause(
    number: int,
    source: dict[str, str],
    target: dict[str, str],
    held: bool,
    running: servers.Server,
) -> None:
    # Each row gets stores of its own, so that the rows do not meet in the one Alertmanager; rows
    # about the exporter, which has no store, end before the next begins.
    def own(labels: dict[str, str], **more: str) -> dict[str, str]:
        domain = {"domain": f"{number}.{labels['domain']}"} if "domain" in labels else {}
        return {**labels, **domain, **more}

    begun = {"startsAt": "2026-03-01T00:00:00Z"}
    first, second = (
        {"labels": own(source), **begun},
        {"labels": own(target, row=str(number)), **begun},
    )
    running.send_alerts([first])
    running.send_alerts([second])

    def found() -> list[dict[str, Any]]:
        flags = ("alert", "query", f"--alertmanager.url={running.url}", "-o", "json", "-i", "-a")
        return list(json.loads(amtool(*flags, f'row="{number}"')))

    # An alert that is not held back shows none of its causes, however long one looks.
    answer = servers.eventually(found)
    if held:
        answer = servers.eventually(found, lambda seen: bool(seen[0]["status"]["inhibitedBy"]))
    assert bool(answer[0]["status"]["inhibitedBy"]) == held
    ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    running.send_alerts([{**first, "endsAt": ended}, {**second, "endsAt": ended}])
