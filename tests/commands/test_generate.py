"""`store-exporter generate`: writes, checks, takes objectives and routes from files."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import pytest
import yaml

from store_exporter import cli
from store_exporter.commands import generate
from store_exporter.mixin import files, policy
from store_exporter.platforms import base
from tests.test_extras import without

CONFIG = """
alerts:
  slack: {channel: "#ops", webhook_url: file:/secrets/ops}
  email: [ops@example.com]
  watchdog: file:/secrets/deadman
  smtp:
    smarthost: mail.example:587
    from: alerts@example.com
    username: alerts
    password: file:/secrets/smtp
  timezone: Europe/Berlin
  business_hours: {from: "09:00", to: "17:00", weekdays: [monday, friday]}
  maintenance: [{from: "02:00", to: "04:00", weekdays: [sunday]}]
orgs:
  - org: acme
    alerts:
      slack: {channel: "#acme", webhook_url: file:/secrets/acme}
      email: [shop@acme.example]
  - org: globex
    alerts: {webhook: file:/secrets/globex}
  - org: silent
"""


def routes(folder: Path) -> dict[str, object]:
    """The Alertmanager configuration that was written."""
    document: dict[str, object] = yaml.safe_load((folder / "alerts/alertmanager.yml").read_text())
    return document


def test_everything_is_written_below_the_output_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["generate", f"--output={tmp_path}"]) == 0
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    pages = {"docs/operations.md"}
    assert written == files.generate().keys() | files.boards().keys() | pages
    assert capsys.readouterr().out == f"{len(written)} files were written below {tmp_path}\n"


def test_no_committed_file_is_stale(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["generate", f"--output={repository}", "--check"])
    assert (status, capsys.readouterr().err) == (0, "")


def test_nothing_is_written_without_a_platform_that_has_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = base.load
    monkeypatch.setattr(
        base, "load", lambda name: replace(loaded(name), unusable=f"{name} cannot be imported")
    )
    assert cli.main(["generate", f"--output={tmp_path}"]) == 1
    assert "shopify cannot be imported; woocommerce cannot be" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_written_pages_keep_their_text_and_each_of_their_sections_is_renewed(
    tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sections = generate.sections()
    (tmp_path / "docs").mkdir()
    # One old section of each page at a time.
    for texts in zip_longest(*(page.values() for page in sections.values())):
        old = {path: text for path, text in zip(sections, texts, strict=True) if text}
        committed = {path: (repository / path).read_text(encoding="utf-8") for path in old}
        for path, text in old.items():
            page = committed[path].replace(text.rstrip(), "old")
            (tmp_path / path).write_text(page, encoding="utf-8")
        assert cli.main(["generate", f"--output={tmp_path}", "--check"]) == 1
        told = capsys.readouterr().err
        for path in old:
            assert f"{tmp_path / path}: stale; run `store-exporter generate`" in told
        assert cli.main(["generate", f"--output={tmp_path}"]) == 0
        for path, text in committed.items():
            assert (tmp_path / path).read_text(encoding="utf-8") == text


def test_a_page_without_its_section_is_an_error_that_names_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "docs/configuration.md"
    page.parent.mkdir()
    page.write_text("# Configuration\n\n<!-- store-exporter generate: old -->\n<!-- end of old -->")
    assert cli.main(["generate", f"--output={tmp_path}"]) == 1
    assert f"{page}: sections keys, old: " in capsys.readouterr().err


def test_check_names_what_is_stale_or_missing_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["generate", f"--output={tmp_path}"])
    assert cli.main(["generate", f"--output={tmp_path}", "--check"]) == 0
    changed, missing = tmp_path / "docs/metrics.md", tmp_path / "alerts/rules/alerts.yml"
    changed.write_text("mine")
    missing.unlink()
    assert cli.main(["generate", f"--output={tmp_path}", "--check"]) == 1
    said = capsys.readouterr().err
    assert f"{changed}: stale" in said
    assert f"{missing}: stale" in said
    assert len(said.splitlines()) == 2
    assert changed.read_text() == "mine"
    assert not missing.exists()


def test_routes_come_from_the_exporters_configuration(tmp_path: Path) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text(CONFIG)
    assert cli.main(["generate", f"--output={tmp_path}", f"--config.file={file}"]) == 0
    text = (tmp_path / "alerts/alertmanager.yml").read_text()
    receivers = {r["name"]: r for r in yaml.safe_load(text)["receivers"]}
    assert list(receivers) == ["platform", "watchdog", "org-acme", "org-globex", "nobody"]
    assert receivers["platform"]["slack_configs"][0]["api_url_file"] == "/secrets/ops"
    assert receivers["platform"]["email_configs"][0]["auth_password_file"] == "/secrets/smtp"
    assert receivers["watchdog"]["webhook_configs"][0]["url_file"] == "/secrets/deadman"
    assert receivers["org-acme"]["email_configs"][0]["to"] == "shop@acme.example"
    assert receivers["org-acme"]["email_configs"][0]["smarthost"] == "mail.example:587"
    assert receivers["org-globex"]["webhook_configs"][0]["url_file"] == "/secrets/globex"


def test_hours_and_maintenance_come_from_the_exporters_configuration(tmp_path: Path) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text(CONFIG)
    cli.main(["generate", f"--output={tmp_path}", f"--config.file={file}"])
    assert routes(tmp_path)["time_intervals"] == [
        {
            "name": "business-hours",
            "time_intervals": [
                {
                    "weekdays": ["monday", "friday"],
                    "times": [{"start_time": "09:00", "end_time": "17:00"}],
                    "location": "Europe/Berlin",
                }
            ],
        },
        {
            "name": "maintenance",
            "time_intervals": [
                {
                    "weekdays": ["sunday"],
                    "times": [{"start_time": "02:00", "end_time": "04:00"}],
                    "location": "Europe/Berlin",
                }
            ],
        },
    ]


def test_a_platform_without_receivers_keeps_the_default_so_that_no_alert_is_lost(
    tmp_path: Path,
) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text("orgs: [{org: acme}]\n")
    cli.main(["generate", f"--output={tmp_path}", f"--config.file={file}"])
    assert (
        "api_url_file: /etc/alertmanager/secrets/slack_webhook_url"
        in (tmp_path / "alerts/alertmanager.yml").read_text()
    )


def test_addresses_of_grafana_and_runbooks_can_be_chosen(tmp_path: Path) -> None:
    arguments = ["--grafana.url=https://g.example/", "--runbook.url=https://r.example/books"]
    cli.main(["generate", f"--output={tmp_path}", *arguments])
    text = (tmp_path / "alerts/rules/alerts.yml").read_text()
    assert "dashboard_url: https://g.example/d/store-exporter-shop?" in text
    assert "runbook_url: https://r.example/books/StoreDown" in text
    assert "localhost" not in text


@pytest.mark.parametrize("address", ["g.example", "javascript:alert(1)", "http://a b", 'http://"'])
def test_an_address_that_is_none_is_refused(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["generate", f"--grafana.url={address}"])
    assert "not an http address" in capsys.readouterr().err


def test_problems_of_the_configuration_are_reported_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text("org: acme\n")
    assert cli.main(["generate", f"--output={tmp_path / 'out'}", f"--config.file={file}"]) == 1
    assert f"{file}:1: org: unknown key; did you mean orgs?" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_the_sdk_of_dashboards_the_same_is_written(tmp_path: Path) -> None:
    arguments = ["generate", "--runbook.url=https://runbooks.example/é", "--output"]
    with_sdk, without_sdk = tmp_path / "with", tmp_path / "without"
    assert cli.main([*arguments, str(with_sdk)]) == 0
    code = f"from store_exporter import cli\nsys.exit(cli.main({[*arguments, str(without_sdk)]}))"
    done = without("grafana_foundation_sdk", code)
    assert (done.returncode, done.stderr) == (0, "")
    made, found = (
        {
            path.relative_to(folder): path.read_text(encoding="utf-8")
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in (with_sdk, without_sdk)
    )
    assert found == made
    boards = [text for path, text in found.items() if path.suffix == ".json"]
    assert any("https://runbooks.example/é/StoreDown" in text for text in boards)
    assert not any(policy.LINKS.runbooks in text for text in boards)
