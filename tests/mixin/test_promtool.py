"""What promtool found right is not run again while nothing changed, and what is wrong always is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.mixin import promtool

pytestmark = pytest.mark.real


def write(directory: Path, *, expected: int, expr: str = "a + 1") -> Path:
    """Write a rule and its test."""
    rule = {"record": "b", "expr": expr}
    test = {
        "interval": "1m",
        "input_series": [{"series": "a", "values": "1x5"}],
        "promql_expr_test": [
            {
                "eval_time": "3m",
                "expr": "b",
                "exp_samples": [{"labels": "b", "value": expected}],
            }
        ],
    }
    files: dict[str, Any] = {
        "recording.yml": {"groups": [{"name": "g", "rules": [rule]}]},
        promtool.FILE: {"rule_files": ["recording.yml"], "tests": [test]},
    }
    directory.mkdir(exist_ok=True)
    for name, content in files.items():
        (directory / name).write_text(json.dumps(content), encoding="utf-8")
    return directory


def test_only_what_was_not_found_right_before_is_run(tmp_path: Path) -> None:
    kept, report = tmp_path / "kept", tmp_path / "junit.xml"
    good, bad = write(tmp_path / "good", expected=2), write(tmp_path / "bad", expected=3)

    def wrong() -> list[bool]:
        return [bool(said) for said in promtool.run_all([good, bad], report, kept)]

    assert wrong() == [False, True]
    assert str(good) in report.read_text()
    assert wrong() == [False, True]
    assert str(good) not in report.read_text()
    assert str(bad) in report.read_text()
    report.unlink()
    # Files of the same content elsewhere are the same.
    (other,) = promtool.run_all([write(tmp_path / "other", expected=2)], report, kept)
    assert not other
    assert not report.exists()


def test_a_rule_that_changes_is_run_again(tmp_path: Path) -> None:
    kept, report = tmp_path / "kept", tmp_path / "junit.xml"
    directory = write(tmp_path / "case", expected=2)
    assert promtool.run_all([directory], report, kept) == [""]
    write(directory, expected=2, expr="a + 2")
    (said,) = promtool.run_all([directory], report, kept)
    assert "3E+00" in said


def test_as_many_verdicts_are_kept_as_are_of_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promtool, "_KEPT", 2)
    kept = tmp_path / "kept"
    cases = [
        write(tmp_path / f"{number}", expected=number + 1, expr=f"a + {number}")
        for number in range(3)
    ]
    assert promtool.run_all(cases, tmp_path / "junit.xml", kept) == ["", "", ""]
    assert len(list(kept.iterdir())) == 2
