"""What the demo tells Grafana: its own addresses, no account that others know, no other host."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from store_demo import grafana
from store_demo.scene import CHECK

ADDRESSES = {
    "grafana": "http://127.0.0.1:21001",
    "exporter": "http://127.0.0.1:21002",
    "prometheus": "http://127.0.0.1:21003",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    grafana.write_files(tmp_path, ADDRESSES, CHECK)
    return tmp_path / "grafana"


def test_runbooks_are_those_of_the_demos_exporter(folder: Path) -> None:
    boards = "\n".join(file.read_text() for file in (folder / "dashboards").glob("*.json"))
    assert f"{ADDRESSES['exporter']}/runbooks/" in boards
    assert "localhost:10847" not in boards


def test_it_opens_with_the_fleet_and_has_the_others_in_a_folder(folder: Path) -> None:
    _, settings = grafana.command("/opt/grafana/bin/grafana", folder.parent, ADDRESSES)
    home = Path(settings["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert json.loads(home.read_text())["title"] == "Stores / Fleet"
    written = folder / "provisioning" / "dashboards" / "store-exporter.yml"
    (provider,) = yaml.safe_load(written.read_text())["providers"]
    assert provider["folder"] == "Stores"
    assert Path(provider["options"]["path"]) == home.parent


def test_the_data_source_has_the_demos_scrape_interval(folder: Path) -> None:
    written = folder / "provisioning" / "datasources" / "prometheus.yml"
    (source,) = yaml.safe_load(written.read_text())["datasources"]
    assert source["url"] == ADDRESSES["prometheus"]
    assert source["jsonData"]["timeInterval"] == f"{CHECK.scrape:g}s"


def test_there_is_no_account_and_no_call_to_other_hosts(tmp_path: Path) -> None:
    _, settings = grafana.command("/opt/grafana/bin/grafana", tmp_path, ADDRESSES)
    assert settings["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert settings["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert grafana.QUIET.items() <= settings.items()
