"""The dashboard of a message opens with the time of its alert; Alertmanager's engine says so."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from store_exporter.mixin.messages import links
from tests import servers

BEGAN, ENDED = 1_772_357_400_000, 1_772_359_200_000
"""2026-03-01 09:30 and 10:00 UTC in milliseconds, as Grafana's addresses have it."""
MINUTE = 60_000


def rendered(repository: Path, folder: Path, url: str, status: str) -> str:
    """The address that a message about one alert has for its dashboard."""
    alert = {
        "status": status,
        "labels": {"alertname": "StoreDown"},
        "annotations": {"dashboard_url": url},
        "startsAt": "2026-03-01T09:30:00Z",
        "endsAt": "2026-03-01T10:00:00Z",
    }
    data = folder / "data.json"
    data.write_text(json.dumps({"status": status, "alerts": [alert]}))
    template = links.of(links.PLATFORM)["Dashboard"].template()
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
    found = urlsplit(rendered(repository, tmp_path, url, status))
    assert found.path == "/d/store-exporter-shop"
    asked = parse_qs(found.query)
    assert asked.pop("var-org", []) == (["acme"] if query else [])
    assert asked == {"from": [str(BEGAN - 60 * MINUTE)], "to": [end]}


@pytest.mark.real
def test_an_address_that_would_be_too_long_for_slack_is_no_link(
    repository: Path, tmp_path: Path
) -> None:
    url = f"http://grafana.example/d/x?a={'b' * (links.MAX_URL - 60)}"
    assert rendered(repository, tmp_path, url, "firing") == ""
