"""What takes long to make is made once for all tests: shared fixtures, and the tests' modules."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import forks, spreading


@pytest.mark.xdist_group("together")
def test_the_plugin_that_spreads_tests_over_workers_knows_their_groups(
    request: pytest.FixtureRequest,
) -> None:
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("tests are not spread by `--dist loadgroup`")
    # It knows a test by this name alone, and goes on without groups where it has none.
    assert request.node.nodeid.endswith("@together")


def test_a_worker_is_forked_from_a_process_that_has_imported_the_tests() -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ or sys.platform != "linux":
        pytest.skip("this process is none of those that are forked")
    parent = Path(f"/proc/{os.getppid()}/cmdline").read_text().split("\0")
    assert forks.__file__ in parent


class Worker:
    """What a scheduler knows of a worker: it was given tests, and may have to end."""

    shutting_down = False
    gateway = SimpleNamespace(id="gw0")

    def __init__(self) -> None:
        self.given: list[int] = []

    def send_runtest_some(self, places: list[int]) -> None:
        self.given += places

    def shutdown(self) -> None:
        self.shutting_down = True


def scheduling(workers: int) -> spreading.Scheduling:
    option = SimpleNamespace(loadscopereorder=False)
    config = SimpleNamespace(option=option, getvalue=lambda _: ["popen"] * workers)
    return spreading.Scheduling(config)


def test_each_test_is_given_out_once_and_what_a_crashed_worker_did_not_run_again() -> None:
    scheduler = scheduling(2)
    names = [f"a.py::test[{n}]" for n in range(20)] + [f"b.py::test[{n}]@b" for n in range(5)]
    workers = [Worker(), Worker()]
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, names)
    scheduler.schedule()
    crashing, other = workers
    ran = [crashing.given.pop(0)]
    scheduler.mark_test_complete(crashing, ran[0], 0.1)
    crashed = crashing.given[0]
    assert scheduler.remove_node(crashing) == names[crashed]
    while other.given:
        ran.append(other.given.pop(0))
        scheduler.mark_test_complete(other, ran[-1], 0.1)
        together = [place for place in ran if place >= 20]
        assert together == sorted(together)
    assert sorted([*ran, crashed]) == list(range(25))
    assert scheduler.tests_finished
    assert other.shutting_down


def test_a_worker_in_place_of_a_crashed_one_runs_what_is_left_to_the_last_test() -> None:
    scheduler = scheduling(1)
    names = ["a.py::test[1]", "a.py::test[2]", "a.py::test[3]"]
    runs: list[tuple[list[int], str | None]] = [([], names[0]), ([1, 2], None)]
    for run, last in runs:
        worker = Worker()
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, names)
        scheduler.schedule()
        for place in run:
            # It runs a test when it knows the next, or that there is none.
            assert worker.given.pop(0) == place
            assert worker.given or worker.shutting_down
            scheduler.mark_test_complete(worker, place, 0.1)
        assert scheduler.remove_node(worker) == last


def test_a_worker_tells_of_each_test_once_and_of_all_that_does_not_pass() -> None:
    told: list[tuple[str, Any]] = []
    worker = SimpleNamespace(sendevent=lambda name, **given: told.append((name, given.get("data"))))
    option = SimpleNamespace(durations=None, xmlpath=None, verbose=-1, reportchars="a")
    plugins = SimpleNamespace(get_plugins=lambda: [option, worker])
    config: Any = SimpleNamespace(option=option, pluginmanager=plugins)
    events: list[tuple[str, Any]] = [
        ("testreport", {"when": when, "outcome": outcome})
        for when in ("setup", "call", "teardown")
        for outcome in ("passed", "failed", "skipped")
    ]
    others = [("runtest_protocol_complete", None), ("collectreport", {"outcome": "failed"})]
    unimportant = [events[0], events[6], ("logstart", None), ("logfinish", None)]
    spreading.report_less(config)
    for name, data in [*events, *others, *unimportant]:
        worker.sendevent(name, **({"data": data} if data else {}))
    assert told == [event for event in [*events, *others] if event not in unimportant]
