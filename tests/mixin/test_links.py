"""The dashboard of a message opens with the time of its alert; Alertmanager's engine says so."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from store_exporter.mixin.messages import links
from tests import servers

BEGAN, ENDED = 1_772_357_400_000, 1_772_359_200_000
"""2026-03-01 09:30 and 10:00 UTC in milliseconds, as Grafana's addresses have it."""
MINUTE = 60_000


def alert(url: str, status: str, **labels: str) -> dict[str, Any]:
    """An alert as templates see it."""
    return {
        "status": status,
        "labels": {"alertname": "StoreDown", **labels},
        "annotations": {"dashboard_url": url},
        "startsAt": "2026-03-01T09:30:00Z",
        "endsAt": "2026-03-01T10:00:00Z",
    }


def rendered(
    repository: Path, folder: Path, alerts: list[dict[str, Any]], link: str = "Dashboard"
) -> str:
    """The address that a message about some alerts has for a link."""
    status = "firing" if any(each["status"] == "firing" for each in alerts) else "resolved"
    data = folder / "data.json"
    common = dict(set.intersection(*(set(each["labels"].items()) for each in alerts)))
    document = {
        "status": status,
        "alerts": alerts,
        "commonLabels": common,
        "externalURL": "http://alertmanager.example",
    }
    data.write_text(json.dumps(document))
    template = links.of(links.PLATFORM)[link].template()
    found = subprocess.run(
        [
            *(servers.tool("amtool"), "template", "render", f"--template.text={template}"),
            f"--template.glob={repository / 'alerts' / 'templates' / '*'}",
            f"--template.data={data}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.strip()


@pytest.mark.real
@pytest.mark.parametrize(
    ("status", "end"), [("firing", "now"), ("resolved", str(ENDED + 15 * MINUTE))]
)
@pytest.mark.parametrize("query", ["", "?var-org=acme"])
def test_it_shows_an_hour_before_the_alert_and_all_of_it(
    query: str, status: str, end: str, repository: Path, tmp_path: Path
) -> None:
    url = f"http://grafana.example/d/store-exporter-shop{query}"
    found = urlsplit(rendered(repository, tmp_path, [alert(url, status)]))
    assert found.path == "/d/store-exporter-shop"
    asked = parse_qs(found.query)
    assert asked.pop("var-org", []) == (["acme"] if query else [])
    assert asked == {"from": [str(BEGAN - 60 * MINUTE)], "to": [end]}


@pytest.mark.real
def test_an_address_that_would_be_too_long_for_slack_is_no_link(
    repository: Path, tmp_path: Path
) -> None:
    url = f"http://grafana.example/d/x?a={'b' * (links.MAX_URL - 60)}"
    assert rendered(repository, tmp_path, [alert(url, "firing")]) == ""


@pytest.mark.real
def test_where_one_of_two_alerts_is_over_links_are_about_the_other(
    repository: Path, tmp_path: Path
) -> None:
    page = "http://grafana.example/d/store-exporter-shop?var-domain="
    alerts = [
        alert(f"{page}books.example", "resolved", domain="books.example", org="acme"),
        alert(f"{page}tea.example", "firing", domain="tea.example", org="globex"),
    ]
    dashboard = rendered(repository, tmp_path, alerts)
    assert parse_qs(urlsplit(dashboard).query)["var-domain"] == ["tea.example"]
    silence = unquote(urlsplit(rendered(repository, tmp_path, alerts, "Silence")).fragment)
    assert silence == (
        '/silences/new?filter={alertname="StoreDown", domain="tea.example", org="globex"}'
    )
    both = [alert(page, "firing", domain=name, org="acme") for name in ("a.example", "b.example")]
    silence = unquote(urlsplit(rendered(repository, tmp_path, both, "Silence")).fragment)
    assert silence == '/silences/new?filter={alertname="StoreDown", org="acme"}'


def of_stores(*stores: tuple[str, str]) -> list[dict[str, Any]]:
    """Alerts of stores, each by its org and domain."""
    page = "http://grafana.example/d/store-exporter-shop?var-org="
    return [
        alert(f"{page}{org}&var-domain={domain}", "firing", domain=domain, org=org)
        for org, domain in stores
    ]


SEVERAL = {
    "of one org": (
        [("acme", "a.example"), ("acme", "b.example")],
        {"var-org": ["acme"], "var-domain": ["a.example", "b.example"]},
    ),
    "of two orgs": (
        [("acme", "a.example"), ("globex", "b.example")],
        {"var-domain": ["a.example", "b.example"]},
    ),
    "twice of the same store": (
        [("acme", "a.example"), ("acme", "b.example"), ("acme", "b.example")],
        {"var-org": ["acme"], "var-domain": ["a.example", "b.example"]},
    ),
    "of more stores than an address has room for": (
        [("acme", f"{number}.example") for number in range(links.MOST_STORES + 1)],
        {"var-org": ["acme"]},
    ),
    "of names that are long": (
        [("acme", f"{number}.{'n' * 240}.example") for number in range(30)],
        {"var-org": ["acme"], "var-domain": [f"{n}.{'n' * 240}.example" for n in range(10)]},
    ),
}


@pytest.mark.real
def test_a_message_about_several_platforms_leads_to_a_page_of_all_of_them(
    repository: Path, tmp_path: Path
) -> None:
    page = "http://grafana.example/d/store-exporter-fleet?var-platform="
    both = [alert(page + name, "firing", platform=name) for name in ("shopify", "woocommerce")]
    for alerts, chosen in ((both, None), (both[:1], ["shopify"])):
        asked = parse_qs(urlsplit(rendered(repository, tmp_path, alerts)).query)
        assert asked.get("var-platform") == chosen


@pytest.mark.real
def test_a_message_about_several_alerts_shows_the_first_and_the_last_of_them(
    repository: Path, tmp_path: Path
) -> None:
    stores = of_stores(("acme", "a.example"), ("acme", "b.example"))
    over = [{**each, "status": "resolved"} for each in stores]
    over[1] |= {"startsAt": "2026-03-01T09:20:00Z", "endsAt": "2026-03-01T10:10:00Z"}
    asked = parse_qs(urlsplit(rendered(repository, tmp_path, over)).query)
    assert asked["var-domain"] == ["a.example", "b.example"]
    assert asked["from"] == [str(BEGAN - 70 * MINUTE)]
    assert asked["to"] == [str(ENDED + 25 * MINUTE)]


@pytest.mark.real
@pytest.mark.parametrize("which", SEVERAL)
def test_a_message_about_several_stores_leads_to_a_page_of_all_of_them(
    which: str, repository: Path, tmp_path: Path
) -> None:
    stores, chosen = SEVERAL[which]
    dashboard = rendered(repository, tmp_path, of_stores(*stores))
    asked = parse_qs(urlsplit(dashboard).query)
    assert len(dashboard) <= links.MAX_URL
    assert {name: values for name, values in asked.items() if name not in ("from", "to")} == chosen
