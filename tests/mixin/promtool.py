"""Unit tests of rules, as `promtool test rules` runs them: many of them in one process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import yaml

from store_exporter.mixin import alerts
from store_exporter.mixin.model import as_document
from store_exporter.mixin.rules import recording, slo
from tests.servers import tool

RECORDING = {
    group.name.removeprefix("store-exporter."): group
    for group in [*recording.groups(), *slo.groups()]
}
FILE = "tests.yml"


def said(rule: dict[str, Any], facts: Collection[str]) -> dict[str, Any]:
    """A rule with no other facts than those that a test is about."""
    always = ("summary", "description", "runbook_url", "dashboard_url")
    kept = {k: v for k, v in rule["annotations"].items() if k in always or k in facts}
    return {**rule, "annotations": kept}


def needed(recording: dict[str, Any], by: Any) -> dict[str, Any]:
    """Groups of recording rules, with those alone that something reads, at first or second hand."""
    rules = [rule for group in recording["groups"] for rule in group["rules"]]
    read, text = set[str](), yaml.safe_dump(by, width=10_000)
    while found := {rule["record"] for rule in rules if rule["record"] in text} - read:
        read |= found
        text = "\n".join(rule["expr"] for rule in rules if rule["record"] in found)
    kept = (
        {**group, "rules": [rule for rule in group["rules"] if rule["record"] in read]}
        for group in recording["groups"]
    )
    return {"groups": [group for group in kept if group["rules"]]}


@cache
def _alerts() -> dict[str, Any]:
    return alerts.document()


def write(
    directory: Path,
    tests: dict[str, Any],
    groups: Collection[str],
    chosen: Collection[str] | None = None,
    facts: Collection[str] = (),
) -> None:
    """Write rule tests, and what they need of some recording rules and alerts.

    Args:
        directory: takes the files; the tests are its `FILE`.
        tests: the pace and the tests, as promtool has them.
        groups: of recording rules; the time of a case is that of its rules.
        chosen: the alerts that are evaluated; None stands for all.
        facts: what alerts tell beside summary, description and links.
    """
    of_alert = [
        {
            **group,
            "rules": [
                said(rule, facts)
                for rule in group["rules"]
                if chosen is None or rule["alert"] in chosen
            ],
        }
        for group in _alerts()["groups"]
    ]
    kept = [group for group in of_alert if group["rules"]]
    recording = as_document([RECORDING[name] for name in groups], grafana="", runbooks="")
    recording = needed(recording, [kept, tests])
    files = {
        "recording.yml": recording,
        "alerts.yml": {"groups": kept},
        FILE: {
            "rule_files": ["recording.yml", "alerts.yml"],
            "group_eval_order": [group["name"] for group in [*recording["groups"], *kept]],
            **tests,
        },
    }
    for name, content in files.items():
        # YAML as well, and quicker to write.
        (directory / name).write_text(json.dumps(content), encoding="utf-8")


def run(directory: Path) -> None:
    """Run the tests of a directory. The message of a failure is promtool's."""
    argv = [tool("promtool"), "test", "rules", FILE]
    done = subprocess.run(argv, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def run_all(directories: Sequence[Path], report: Path) -> list[str]:
    """Run the tests of many directories, and return what promtool says against each, if anything.

    Args:
        directories: each with one test.
        report: is written.
    """
    files = [str(directory / FILE) for directory in directories]
    argv = [tool("promtool"), "test", "rules", f"--junit={report}", *files]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    written = ET.parse(report)  # noqa: S314 - by promtool, for us
    suites = {suite.get("name"): suite for suite in written.iter("testsuite")}
    wrong = []
    for file in files:
        (case,) = suites[file].iter("testcase")
        wrong.append("\n".join("".join(failure.itertext()) for failure in case))
    assert done.returncode == int(any(wrong)), done.stdout + done.stderr
    return wrong
