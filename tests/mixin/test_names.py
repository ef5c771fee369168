"""A name stands once: what is renamed is renamed everywhere, or something fails at once."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import store_exporter
from store_exporter.metrics.catalogue import CATALOGUE
from store_exporter.mixin import alerts, dashboards, files, policy
from store_exporter.mixin.documentation import runbook
from store_exporter.mixin.names import AlertName, Dashboard, Dashboards
from store_exporter.mixin.rules import recording, slo
from store_exporter.platforms import base
from store_exporter.platforms.kit.order_book import book
from store_exporter.probing import jobs

ALERTS = {key: name for key, name in vars(AlertName).items() if key.isupper()}
PLATFORMS = [base.load(name) for name in base.names()]


def test_every_name_of_an_alert_is_that_of_an_alert_and_the_other_way_round() -> None:
    listed = {alert.name for alert in alerts.alerts()}
    assert set(ALERTS.values()) == listed, "add it to GROUPS in its module of mixin/alerts"


def test_every_name_of_a_dashboard_is_that_of_a_dashboard_and_the_other_way_round() -> None:
    named = [value for value in vars(Dashboards).values() if isinstance(value, Dashboard)]
    assert {page.of for page in dashboards.pages()} == set(named)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
def test_every_platform_has_what_rules_rely_on(platform: base.Platform) -> None:
    assert policy.LIVENESS_PROBE == base.LIVENESS
    assert policy.ORDERS_COLLECTOR == book.ORDERS
    assert policy.ORDERS_COLLECTOR in platform.collectors, "rules go by the name of this collector"


LABELS = {label for metric in CATALOGUE.values() for label in metric.labels}
MATCHER = re.compile(rf"\\b({'|'.join(LABELS)})(?:=|!=|=~|!~)\"[a-z_|]+\"")


def literals(module: ast.Module) -> Iterator[str]:
    """The values of labels that a module selects by and that are written in it."""
    for node in ast.walk(module):
        match node:
            case ast.Call(
                func=ast.Name(id="equal" | "one_of") | ast.Attribute(attr="equal" | "one_of"),
                args=[ast.Constant(value=label), ast.Constant() | ast.Tuple() as value, *_],
            ) if label in LABELS:
                words = [str(one.value) for one in ast.walk(value) if isinstance(one, ast.Constant)]
                yield from (f"{label}={word}" for word in words if re.fullmatch("[a-z_]+", word))
            case ast.Constant(value=str(text)):
                yield from (found[0] for found in MATCHER.finditer(text))


def test_a_value_of_a_label_is_written_where_it_is_emitted_alone(repository: Path) -> None:
    written = {
        f"{file.name}: {one}"
        for file in (repository / "exporter/store_exporter/mixin").rglob("*.py")
        for one in literals(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert not written, f"take these from metrics/catalogue/values.py: {sorted(written)}"


def test_figures_count_as_stale_when_the_exporter_withdraws_them() -> None:
    assert policy.THRESHOLDS.stale_intervals == jobs.FRESH_INTERVALS


WRITTEN = """
import json
from store_exporter.mixin import files
from store_exporter.mixin.documentation import sections
made = {f"alerting.md {name}": text for name, text in sections.alerting().items()}
print(json.dumps(files.generate() | files.boards() | made))
"""


def test_an_alert_that_is_renamed_is_renamed_in_routes_links_runbooks_and_documentation(
    repository: Path, tmp_path: Path
) -> None:
    shutil.copytree(repository / "exporter/store_exporter", tmp_path / "store_exporter")
    module = tmp_path / "store_exporter/mixin/names.py"
    text = module.read_text(encoding="utf-8")
    for name in ALERTS.values():
        text = text.replace(f' = "{name}"', f' = "Renamed{name}"')
    module.write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    argv = [sys.executable, "-c", WRITTEN]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    generated: dict[str, str] = json.loads(done.stdout)
    old = re.compile(rf"\b({'|'.join(ALERTS.values())})\b")
    left = {path: sorted(set(old.findall(text))) for path, text in generated.items()}
    assert {path: names for path, names in left.items() if names} == {}
    assert f"|Renamed{AlertName.STORE_DEGRADED}|" in generated["alerts/alertmanager.yml"]
    assert f"Renamed{AlertName.STORE_DOWN}" in generated["alerting.md inhibition"]
    page = generated[f"docs/runbooks/Renamed{AlertName.STORE_DEGRADED}.md"]
    assert f"while [Renamed{AlertName.STORE_DOWN}]" in page


def test_what_an_alert_follows_from_is_said_by_routes_runbooks_and_documentation_alike() -> None:
    generated = files.generate() | files.boards()
    for alert in alerts.alerts():
        for cause in alert.inhibited_by:
            if cause.alert == alert.name:
                continue
            page = generated[f"docs/runbooks/{alert.name}.md"]
            (held,) = re.findall("^No message is sent while .*$", page, re.MULTILINE)
            assert runbook.link(cause.alert) in held
            page = generated[f"docs/runbooks/{cause.alert}.md"]
            holds = re.findall("^While it fires, .*$", page, re.MULTILINE)
            assert runbook.link(alert.name) in " ".join(holds)


def test_a_metric_that_is_renamed_is_renamed_in_every_generated_file(
    repository: Path, tmp_path: Path
) -> None:
    shutil.copytree(repository / "exporter/store_exporter", tmp_path / "store_exporter")
    for module in (tmp_path / "store_exporter/metrics/catalogue").glob("*.py"):
        text = module.read_text(encoding="utf-8")
        for name in CATALOGUE:
            text = re.sub(rf'"{name}"', f'"renamed_{name}"', text)
        module.write_text(text, encoding="utf-8")
    argv = [sys.executable, "-m", "store_exporter", "generate", f"--output={tmp_path / 'out'}"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    old = re.compile(rf"(?<![\w:])(?:{'|'.join(CATALOGUE)})(?:_bucket)?\b")
    left = {
        (path.name, name)
        for path in (tmp_path / "out").rglob("*.*")
        for name in old.findall(path.read_text(encoding="utf-8"))
    }
    assert left == set()
    assert "renamed_store_up" in (tmp_path / "out/docs/metrics.md").read_text(encoding="utf-8")


def written(repository: Path) -> Iterator[Path]:
    """Every file that people write and that may name what the package defines."""
    generated = files.generate() | files.boards()
    kinds = ("README.md", "docs/**/*.md", "docs/*.yml", "grafana/**/*.yml", "prometheus/*.yml")
    for kind in (*kinds, "alerts/**/*.tmpl", "docker-compose.yml"):
        for path in sorted(repository.glob(kind)):
            if str(path.relative_to(repository)) not in generated:
                yield path


def names(pattern: str, repository: Path) -> set[tuple[str, str]]:
    """The names of one kind in written files, each with its file."""
    return {
        (path.name, name)
        for path in written(repository)
        for name in re.findall(pattern, path.read_text(encoding="utf-8"))
    }


def unknown(found: set[tuple[str, str]], known: set[str]) -> set[tuple[str, str]]:
    assert found, "the pattern finds nothing any more"
    return {(page, name) for page, name in found if name not in known}


def test_every_alert_that_is_written_of_exists(repository: Path) -> None:
    # Classes of the package begin alike, some of them followed by one of their methods.
    found = names(r"\b(Store[A-Z]\w+|Watchdog)\b(?!\.[a-z])", repository)
    assert unknown(found, {*ALERTS.values(), *dir(store_exporter)}) == set()


def test_every_metric_that_is_written_of_exists(repository: Path) -> None:
    recorded = {rule.name for group in [*recording.groups(), *slo.groups()] for rule in group.rules}
    samples = {f"{name}{end}" for name in CATALOGUE for end in ("_bucket", "_count", "_sum")}
    found = names(r"(?<![\w.:/-])((?:\w+:)?store_[a-z][\w:]*)\b(?![./(])", repository)
    functions = {"store_exporter", *dir(store_exporter)}
    keys = {key.name for p in PLATFORMS for key in (*p.credentials, *p.settings)}
    known = {*CATALOGUE, *recorded, *samples, *functions, *keys}
    assert unknown(found, known | {"store_orders", "store_scheduled_actions"}) == set()


def test_every_probe_and_collector_that_is_written_of_exists(repository: Path) -> None:
    checks = {name for p in PLATFORMS for name in (*p.probes, *p.collectors)}
    unmarked = re.compile(rf"(?<!`)\b(?:probe|collector) (?:{'|'.join(checks)})\b")
    found: set[tuple[str, str]] = set()
    package = (repository / "exporter/store_exporter").rglob("*.py")
    for path in (*written(repository), *(repository / "docs").rglob("*.md"), *package):
        text = re.sub(r'"?\s+"?', " ", path.read_text(encoding="utf-8"))
        for listed in re.findall(
            r"\b(?:[Pp]robes?|[Cc]ollectors?) ((?:`\w+`(?:,| and)? ?)+)", text
        ):
            found |= {(path.name, name) for name in re.findall(r"\w+(?=`)", listed)}
        assert unmarked.findall(text) == [], f"put the names in `code marks` in {path}"
    assert unknown(found, checks) == set()


def test_every_dashboard_that_is_written_of_exists(repository: Path) -> None:
    found = names(r"\b(Stores / [A-Z]\w+)", repository)
    assert unknown(found, {page.title for page in dashboards.pages()}) == set()
