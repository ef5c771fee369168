"""Who sees what in the Grafana of docker-compose.yml, by its settings and by what is run."""

from __future__ import annotations

import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compose.conftest import Compose

PASSWORD = "/var/lib/grafana/admin_password"


@pytest.fixture(scope="module")
def settings(compose: Compose) -> dict[str, str]:
    return dict(compose.services["grafana"]["environment"])


def test_nobody_gets_into_the_organisation_that_shows_all_merchants_by_default(
    settings: dict[str, str],
) -> None:
    # By Grafana's own defaults a new user is a Viewer of the first org. Without that it would be
    # the administrator of one of its own (userimpl/user.go of Grafana 12.2), who may add a data
    # source of any address.
    assert settings["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert settings["GF_USERS_ALLOW_SIGN_UP"] == "false"
    assert settings["GF_USERS_AUTO_ASSIGN_ORG"] == "true"
    assert settings["GF_USERS_AUTO_ASSIGN_ORG_ROLE"] == "None"
    assert settings["GF_USERS_ALLOW_ORG_CREATE"] == "false"


def test_there_is_an_administrator_and_no_password_that_others_know(
    compose: Compose, settings: dict[str, str]
) -> None:
    assert "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION" not in settings
    assert "GF_AUTH_DISABLE_LOGIN_FORM" not in settings
    assert settings["GF_SECURITY_ADMIN_PASSWORD__FILE"] == PASSWORD
    waits = compose.services["grafana"]["depends_on"]["grafana-password"]
    assert waits == {"condition": "service_completed_successfully"}


def make(compose: Compose, folder: Path) -> str:
    """Run what makes the password, in a folder of ours; returns what it shows."""
    shell, flags, script = compose.command("grafana-password")
    script = script.replace("$$", "$").replace(str(Path(PASSWORD).parent), str(folder))
    done = subprocess.run([shell, flags, script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_the_password_is_made_at_the_first_start_and_shown_this_once(
    compose: Compose, tmp_path: Path
) -> None:
    shown = make(compose, tmp_path)
    file = tmp_path / "admin_password"
    made = file.read_text(encoding="utf-8").strip()
    assert re.fullmatch(r"[A-Za-z0-9+/]{24}", made)
    assert shown == f"Grafana: user admin, password {made}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert make(compose, tmp_path) == ""
    assert file.read_text(encoding="utf-8").strip() == made


def test_two_installations_have_different_passwords(compose: Compose, tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    assert make(compose, tmp_path / "one") != make(compose, tmp_path / "other")


def test_the_documented_command_can_read_the_password_and_change_nothing_there(
    compose: Compose,
) -> None:
    service = compose.services["organisations"]
    assert compose.flags("organisations")["--grafana.password"] == f"file:{PASSWORD}"
    assert service["user"] == compose.services["grafana-password"]["user"]
    assert "grafana:/var/lib/grafana:ro" in service["volumes"]


def test_the_scrape_interval_of_data_sources_is_that_of_prometheus(
    compose: Compose, repository: Path
) -> None:
    def read(name: str) -> Any:
        return yaml.safe_load((repository / name).read_text(encoding="utf-8"))

    scraped = read("prometheus/prometheus.yml")
    assert not [job for job in scraped["scrape_configs"] if "scrape_interval" in job]
    interval = scraped["global"]["scrape_interval"]
    for source in read("grafana/provisioning/datasources/prometheus.yml")["datasources"]:
        assert source["jsonData"]["timeInterval"] == interval, source["name"]
    assert compose.flags("organisations")["--scrape.interval"] == interval


def test_grafana_sends_requests_to_no_other_host(settings: dict[str, str]) -> None:
    from store_demo.grafana import QUIET

    assert QUIET.items() <= settings.items()
