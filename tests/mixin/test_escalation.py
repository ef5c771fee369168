"""Who takes what severity at which hour: routes of an org, asked of amtool and of Alertmanager."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from store_exporter.commands.routing import routing
from store_exporter.config import load
from store_exporter.mixin.files import as_yaml, write_templates
from store_exporter.mixin.go_templates import NOTHING
from store_exporter.mixin.messages import alertmanager
from tests.mixin.amtool import check_config, receivers_of

CONFIGURATION = """
alerts:
  timezone: Europe/Berlin
  slack: {channel: "#ops", webhook_url: file:/secrets/ops}
  pagerduty: file:/secrets/pagerduty
  routes:
    - {severity: critical, to: [pagerduty, slack]}
    - {severity: warning, to: [slack], when: business_hours}
orgs:
  - org: acme
    alerts:
      timezone: America/New_York
      business_hours: {from: "09:00", to: "17:00", weekdays: [monday, tuesday]}
      slack: {channel: "#shop", webhook_url: file:/secrets/acme}
      telegram: {chat: -1001234567890, bot_token: file:/secrets/bot}
      teams: file:/secrets/teams
      routes:
        - {severity: critical, to: [slack], when: business_hours}
        - {severity: critical, to: [telegram, slack], when: outside_business_hours}
        - {severity: warning, to: [teams]}
  - org: globex
    alerts: {teams: file:/secrets/globex, timezone: Asia/Tokyo}
  - org: acme-1
    alerts: {webhook: file:/secrets/other}
  - org: hooli
    alerts: {telegram: {chat: 7, bot_token: file:/secrets/hooli}}
"""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("config") / "store-exporter.yml"
    file.write_text(CONFIGURATION)
    return alertmanager.build(routing(load(file, resolve=False)))


@pytest.fixture(scope="module")
def config(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("alertmanager")
    write_templates(directory / "templates")
    file = directory / "alertmanager.yml"
    file.write_text(as_yaml(document), encoding="utf-8")
    return file


@pytest.mark.real
def test_amtool_accepts_every_kind_of_receiver(config: Path) -> None:
    check_config(config)


@pytest.mark.real
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=StoreDown org=acme severity=critical", "platform/1,org-acme/1,org-acme/2"),
        ("alertname=StoreDegraded org=acme severity=warning", "platform/2,org-acme/3"),
        ("alertname=StoreBestSellersOutOfStock org=acme severity=info", "nobody"),
        ("alertname=StoreDown org=globex severity=critical", "platform/1,org-globex"),
        ("alertname=StoreDown org=acme-1 severity=critical", "platform/1,org-acme-1"),
        ("alertname=StoreExporterDown severity=critical", "platform/1"),
        ("alertname=StoreDownAmongMany org=acme severity=critical audience=org",
         "org-acme/1,org-acme/2"),
    ],
)  # fmt: skip
def test_an_alert_goes_to_those_who_take_its_severity(
    labels: str, receivers: str, config: Path
) -> None:
    assert receivers_of(labels, config) == receivers


def test_each_route_has_only_its_receivers_and_its_hours(document: dict[str, Any]) -> None:
    receivers = {each["name"]: sorted(each.keys() - {"name"}) for each in document["receivers"]}
    assert receivers["org-acme/1"] == ["slack_configs"]
    assert receivers["org-acme/2"] == ["slack_configs", "telegram_configs"]
    assert receivers["org-acme/3"] == ["msteamsv2_configs"]
    (acme,) = (route for route in document["route"]["routes"]
               if route["matchers"] == ['org="acme"'])  # fmt: skip
    day, night, warning = acme["routes"]
    assert day["active_time_intervals"] == ["org-acme-business-hours"]
    assert day["mute_time_intervals"] == ["maintenance"]
    assert "active_time_intervals" not in night
    assert night["mute_time_intervals"] == ["maintenance", "org-acme-business-hours"]
    assert "active_time_intervals" not in warning
    assert all(route["continue"] for route in acme["routes"])


def test_hours_are_in_the_time_zone_of_the_org_or_else_of_the_platform(
    document: dict[str, Any],
) -> None:
    hours = {each["name"]: each["time_intervals"] for each in document["time_intervals"]}
    assert hours["org-acme-business-hours"] == [
        {
            "weekdays": ["monday", "tuesday"],
            "times": [{"start_time": "09:00", "end_time": "17:00"}],
            "location": "America/New_York",
        }
    ]
    (globex,) = hours["org-globex-business-hours"]
    assert (globex["location"], globex["times"][0]["start_time"]) == ("Asia/Tokyo", "08:00")
    assert hours["business-hours"][0]["location"] == "Europe/Berlin"
    assert "org-hooli-business-hours" not in hours


def test_no_secret_passes_through_and_no_message_leads_to_the_platforms_own_tools(
    document: dict[str, Any],
) -> None:
    text = json.dumps([each for each in document["receivers"] if each["name"] != "platform"])
    for name in ("webhook_url", "bot_token", "routing_key"):
        assert f'"{name}":' not in text
    for each in document["receivers"]:
        for kind in ("msteamsv2_configs", "telegram_configs", "pagerduty_configs"):
            for integration in each.get(kind, ()):
                assert "ExternalURL" not in json.dumps(integration)
                assert integration.get("client_url", NOTHING) == NOTHING
