"""What the documentation shows works as it stands there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from store_exporter import cli
from store_exporter.commands import grafana
from store_exporter.mixin import policy
from tests.mixin.amtool import check_config
from tests.servers import tool


def example(repository: Path, page: str) -> str:
    """The first YAML block of a page."""
    text = (repository / "docs" / page).read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert found
    return found.group(1)


@pytest.mark.real
def test_the_routes_of_the_alerting_page_are_accepted_by_amtool(
    repository: Path, tmp_path: Path
) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text(example(repository, "alerting.md"), encoding="utf-8")
    assert cli.main(["generate", f"--config.file={file}", f"--output={tmp_path}"]) == 0
    check_config(tmp_path / "alerts" / "alertmanager.yml")


@pytest.mark.real
def test_the_objectives_of_the_objectives_page_are_accepted_by_promtool(
    repository: Path, tmp_path: Path
) -> None:
    file = tmp_path / "objectives.yml"
    file.write_text(example(repository, "slo.md"), encoding="utf-8")
    assert cli.main(["generate", f"--slo={file}", f"--output={tmp_path}"]) == 0
    argv = [tool("promtool"), "check", "rules", "prometheus/rules/slo.yml"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tenancy_page_names_the_header_that_datasources_send(repository: Path) -> None:
    text = (repository / "docs/tenancy.md").read_text(encoding="utf-8")
    sent = grafana.datasource("acme", "http://proxy", "1m")["jsonData"]["httpHeaderName1"]
    assert f"-header-name={sent}" in text
    assert sent == policy.ORG_HEADER


def test_every_burn_rate_is_in_the_table(repository: Path) -> None:
    text = (repository / "docs/slo.md").read_text(encoding="utf-8")
    for rate in policy.BURN_RATES:
        long, short = (f"{window[:-1]} {window[-1]}" for window in (rate.long, rate.short))
        assert f"| {rate.severity} | {rate.factor:g} | {long} | {short} |" in text
