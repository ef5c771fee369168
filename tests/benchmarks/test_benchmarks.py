"""The benchmark works, and what it writes has the agreed form. Its figures are nobody's concern."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import blocks
from tests.benchmarks.page import page
from tests.benchmarks.result import Result, Spread, table
from tests.benchmarks.timing import above, compared
from tests.servers import tool


@pytest.mark.timeout(400)  # on a busy machine
def test_a_quick_run_measures_everything_that_is_installed(
    tmp_path: Path, repository: Path
) -> None:
    report = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--tiny", "--json", str(report)],
        check=True,
        capture_output=True,
        text=True,
        cwd=repository,
        env={"PYTHONPATH": "exporter", "PATH": ""},
    )
    results = json.loads(report.read_text())["results"]
    assert all(
        set(result) == {"name", "unit", "ours", "peer", "ratio", "target", "spread", "met"}
        for result in results
    )
    names = [result["name"] for result in results]
    assert len(set(names)) >= 18
    subjects = ("pre-bound", "OpenTelemetry SDK", "8 threads", "text", "memory", "import", "kept")
    for subject in subjects:
        assert any(subject in name for name in names), subject
    for result in results:
        assert result["name"] in done.stdout
        assert result["met"] in {True, False, None}
        assert (result["ratio"] is None) == (result["peer"] is None)
    assert "targets met" in done.stdout


@pytest.mark.real
@pytest.mark.timeout(200)  # on a busy machine
def test_the_prometheus_of_a_fleet_is_measured_when_it_is_named(
    tmp_path: Path, repository: Path
) -> None:
    for needed in ("prometheus", "promtool"):
        tool(needed)
    report = tmp_path / "report.json"
    arguments = ["--tiny", "--only", "rules-1000", "--json", str(report)]
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=repository,
        env={"PYTHONPATH": "exporter", "PATH": ""},
    )
    found = {each["name"]: each for each in json.loads(report.read_text())["results"]}
    # What was sent and what was scraped afterwards are the same series.
    for part, least in (("stores", 0.8), ("their lists", 1), ("operations", 1)):
        assert least <= found[f"series: {part}, against `sizing`"]["ratio"] <= 1
    memory = found["memory, with what it has mapped of files, against `sizing`"]
    assert 0 < memory["spread"]["least"] <= memory["ours"] <= memory["spread"]["greatest"]
    assert found["evaluations that failed"]["ours"] == 0
    assert found["memory in use, just after Go has cleaned up, a series"]["ours"] > 0
    assert any(name.startswith("one evaluation of store-exporter.health,") for name in found)


def test_blocks_have_what_rules_read_of_days_and_of_past_weeks() -> None:
    read, day = blocks.read(), 24 * 3_600
    ((since, until),) = read["org_domain_platform_slo:store_slo_events:hour"]
    assert (since > 30 * day, until) == (True, 0)
    hours = read["org_domain_platform:store_orders_paid:increase1h"]
    for ago, is_read in ((3 * day, True), (14 * day, True), (15 * day, False), (28 * day, True)):
        assert any(since > ago > until for since, until in hours) is is_read
    assert "store_up" not in read


def test_it_starts_with_its_peers_and_nothing_else_installed(repository: Path) -> None:
    """`scripts/bench` runs it in an environment of its own; ours run in that of development."""
    script = (
        "import sys; before = {*sys.modules}\n"
        "import tests.benchmarks.__main__\n"
        "names = {name.partition('.')[0] for name in {*sys.modules} - before}\n"
        "from importlib.metadata import packages_distributions\n"
        "of = packages_distributions()\n"
        "print(*(one for name in names for one in of.get(name, ())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        cwd=repository,
        env={"PYTHONPATH": "exporter"},
    )
    listed = (repository / "tests/benchmarks/requirements.in").read_text(encoding="utf-8")
    installed = {line.partition("==")[0] for line in listed.splitlines()}
    assert {*done.stdout.replace("_", "-").split()} <= installed


@pytest.mark.parametrize(
    ("result", "met"),
    [
        (Result("", "µs", ours=1, peer=8, target=1 / 8), True),
        (Result("", "µs", ours=1.1, peer=8, target=1 / 8), False),
        (Result("", "s", ours=0.5, target=1), True),
        (Result("", "s", ours=1.5, target=1), False),
        (Result("", "µs", ours=1, peer=8), None),
    ],
)
def test_a_target_is_met_or_missed(result: Result, met: bool | None) -> None:
    assert result.met is met


def test_the_page_says_why_a_goal_is_missed() -> None:
    name = "form: with track(…), against pre-bound children"
    met, missed = Result(name, "µs", 1, 2, 0.6), Result(name, "µs", 2, 2, 0.6)
    assert "Why goals are missed" not in page({"forms": [met]})
    assert "- **form: with track(…) …** Five arguments" in page({"forms": [missed]})


def test_parts_that_were_not_measured_stay_on_the_page() -> None:
    before = page({"calls": [Result("one", "µs", 1)], "imports": [Result("two", "s", 2)]})
    after = page({"imports": [Result("three", "s", 3)]}, before)
    assert ("| one |" in after, "| two |" in after, "| three |" in after) == (True, False, True)
    assert after.index("| one |") < after.index("| three |")
    assert page({}, after) == after


def test_the_figure_of_a_form_is_its_best_and_its_spread_that_of_the_windows() -> None:
    row = compared("", above([3.0, 4.0], [2.0, 1.0]), above([5.0, 3.0], [1.0, 1.0]), 0.6)
    assert (row.ours, row.peer, row.met) == (2.0, 2.0, False)
    assert row.spread == Spread(0.5, 1.5)


def test_misses_are_shown() -> None:
    shown = table([Result("slow", "µs", ours=4, peer=8, target=1 / 8)])
    assert shown.splitlines()[-1].split() == ["slow", "4", "8", "µs", "1/2.0", "1/8", "MISSED"]
