"""A forked child begins from nothing: what was counted before is its parent's to report.

Forks happen in programs of their own, because the process that runs the tests has threads.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

PRELUDE = """
import os, sys, threading
from store_exporter import Recorder, track
from tests.metrics.figures import only, operations, series
from store_exporter.metrics.catalogue import exporter, health
from store_exporter.metrics.families import Sample

LABELS = ("acme", "shop.example.com", "woocommerce")
recorder = Recorder()

def in_child(check):
    pid = os.fork()
    if pid == 0:
        try:
            check()
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == 0, "the child failed"

def run(handle, times):
    for _ in range(times):
        handle.start()
        handle.finish(0.1)
"""


def run(program: str) -> None:
    code = PRELUDE + textwrap.dedent(program)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr


def test_the_child_counts_from_zero_and_the_parent_goes_on() -> None:
    run("""
        handle = recorder.operation(*LABELS, "get_cart")
        run(handle, 1000)
        handle.start()
        handle.fail(1, "timeout")
        handle.start()

        def child():
            assert operations(recorder) == {}
            run(handle, 3)
            found = only(recorder)
            assert (found.total, found.observations, found.in_progress) == (3, 3, 0), found
            assert found.errors == {}

        in_child(child)
        found = only(recorder)
        assert (found.total, found.errors, found.in_progress) == (1001, {"timeout": 1}, 1), found
        """)


def test_the_child_does_not_repeat_plain_or_published_series() -> None:
    run("""
        recorder.inc(exporter.OTLP_PUSHES, ("success",))
        recorder.publish("up", LABELS, [Sample(health.UP, 1)])
        recorder.broke("labels")

        def child():
            assert series(recorder, "store_exporter_otlp_pushes_total") == {}
            assert series(recorder, "store_up") == {}
            errors = series(recorder, "store_exporter_instrumentation_errors_total")
            assert set(errors.values()) == {0}
            assert series(recorder, "store_exporter_build_info")

        in_child(child)
        """)


def test_an_operation_that_forks_leaves_nothing_in_progress_in_either_process() -> None:
    run("""
        @track("get_cart", org=LABELS[0], domain=LABELS[1], platform=LABELS[2], recorder=recorder)
        def forks():
            return os.fork()

        pid = forks()
        found = operations(recorder)[(*LABELS, "get_cart")]
        assert (found.total, found.in_progress) == (1, 0), found
        if pid == 0:
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        """)


def test_a_child_forked_while_others_fold_is_not_blocked() -> None:
    run("""
        handle = recorder.operation(*LABELS, "get_cart")
        stop = threading.Event()

        def work():
            while not stop.is_set():
                run(handle, 100)
                only(recorder)

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()

        def child():
            run(handle, 2000)
            found = only(recorder)
            assert found.total == found.observations == 2000, found
            assert found.in_progress == 0, found

        for _ in range(30):
            in_child(child)
        stop.set()
        for worker in workers:
            worker.join()
        """)


def test_a_child_forked_while_a_lock_is_held_has_locks_of_its_own() -> None:
    run("""
        handle = recorder.operation(*LABELS, "get_cart")
        held, release = threading.Event(), threading.Event()

        def hold():
            def wait():
                held.set()
                release.wait()

            series, instruments = recorder._series, recorder._instruments
            series._folding.run(series._binding.run, instruments._lock.run, wait)

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()

        def child():
            run(handle, 1000)
            recorder.operation(*LABELS, "new")
            assert only(recorder).total == 1000

        in_child(child)
        release.set()
        holder.join()
        """)


def test_a_forgotten_handle_is_emptied_too() -> None:
    run("""
        handle = recorder.operation(*LABELS, "get_cart")
        run(handle, 10)
        handle.start()
        recorder.forget(LABELS)

        def child():
            run(handle, 2)
            found = only(recorder)
            assert (found.total, found.in_progress) == (2, 0), found

        in_child(child)
        """)
