"""Unit tests of rules, as `promtool test rules` runs them: many of them in one process.

They have a clock of their own and read nothing but their files: what promtool found right, it finds
right again. That is kept in the cache of `scripts/_env`, by the content of the files, and in CI
everything is run anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from store_exporter.mixin import alerts
from store_exporter.mixin.model import as_document
from store_exporter.mixin.rules import recording, slo
from tests.servers import tool

RECORDING = {
    group.name.removeprefix("store-exporter."): group
    for group in [*recording.groups(), *slo.groups()]
}
FILE = "tests.yml"
_FOUND_RIGHT = (
    Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    / "store-exporter"
    / "rules-found-right"
)
_KEPT = 4_000
"""Directories of tests, of which there are some four hundred."""


def said(rule: dict[str, Any], facts: Collection[str]) -> dict[str, Any]:
    """A rule with no other facts than those that a test is about."""
    always = ("summary", "description", "runbook_url", "dashboard_url")
    kept = {k: v for k, v in rule["annotations"].items() if k in always or k in facts}
    return {**rule, "annotations": kept}


def needed(recording: dict[str, Any], by: Any) -> dict[str, Any]:
    """Groups of recording rules, with those alone that something reads, at first or second hand."""
    rules = [rule for group in recording["groups"] for rule in group["rules"]]
    read, text = set[str](), json.dumps(by)
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
    recording = as_document([RECORDING[name] for name in groups])
    recording = needed(recording, [kept, tests])
    write_files(directory, {"recording.yml": recording, "alerts.yml": {"groups": kept}}, tests)


def write_files(directory: Path, rules: dict[str, Any], tests: dict[str, Any]) -> None:
    """Write files of rules by their names, to be evaluated in their order, and their tests."""
    order = [group["name"] for document in rules.values() for group in document["groups"]]
    found = {"rule_files": [*rules], "group_eval_order": order, **tests}
    for name, content in {**rules, FILE: found}.items():
        # YAML as well, and quicker to write.
        (directory / name).write_text(json.dumps(content), encoding="utf-8")


def run(directory: Path) -> None:
    """Run the tests of a directory. The message of a failure is promtool's."""
    (wrong,) = run_all([directory], directory / "junit.xml")
    assert not wrong, wrong


def run_all(
    directories: Sequence[Path], report: Path, found_right: Path | None = None
) -> list[str]:
    """Run the tests of many directories, and return what promtool says against each, if anything.

    Args:
        directories: each with one test.
        report: is written, of those tests that promtool did not find right before.
        found_right: remembers those; None stands for the cache of all checkouts, and for nothing
            in CI.
    """
    if found_right is None and os.environ.get("CI") != "true":
        found_right = _FOUND_RIGHT
    marks = {each: found_right / _content(each) for each in directories} if found_right else {}
    new = [each for each in directories if each not in marks or not marks[each].exists()]
    wrong = dict(zip(new, _run_all(new, report), strict=True)) if new else {}
    right = [mark for each, mark in marks.items() if not wrong.get(each)]
    if found_right is not None:
        found_right.mkdir(parents=True, exist_ok=True)
        for mark in right:
            mark.touch()
        _forget(found_right)
    return [wrong.get(each, "") for each in directories]


def _run_all(directories: Sequence[Path], report: Path) -> list[str]:
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


def _content(directory: Path) -> str:
    """What promtool's verdict depends on: its program, and the files that it is given."""
    program = Path(tool("promtool")).resolve()
    about = program.stat()
    known = hashlib.sha256(f"{program} {about.st_size} {about.st_mtime_ns}".encode())
    for file in sorted(directory.glob("*.yml")):
        content = file.read_bytes()
        known.update(f"\n{file.name} {len(content)}\n".encode())
        known.update(content)
    return known.hexdigest()


def _forget(folder: Path) -> None:
    """Keep what was of use last."""
    marks = list(folder.iterdir())
    if len(marks) <= _KEPT:
        return
    used: dict[Path, float] = {}
    for mark in marks:
        # Another worker forgets as well.
        with suppress(FileNotFoundError):
            used[mark] = mark.stat().st_mtime
    for mark in sorted(used, key=used.__getitem__)[: len(marks) - _KEPT]:
        mark.unlink(missing_ok=True)
