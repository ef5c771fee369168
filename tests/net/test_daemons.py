"""Work that may block begins at once, in threads that are used again and end when there is none."""

from __future__ import annotations

import threading
import time

import pytest

from store_exporter.net import daemons
from store_exporter.net.daemons import Daemons


def those_named(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == name]


def begin_and_wait(threads: Daemons, seen: list[int | None]) -> None:
    done = threading.Event()

    def work() -> None:
        seen.append(threading.current_thread().ident)
        done.set()

    threads.begin(work)
    assert done.wait(30)


def test_a_thread_that_has_nothing_to_do_is_given_the_next_piece_of_work() -> None:
    threads = Daemons("used again")
    seen: list[int | None] = []
    for _ in range(20):
        begin_and_wait(threads, seen)
        while not threads._free:
            time.sleep(0.001)
    assert len(set(seen)) == 1


def test_work_does_not_wait_for_work_that_blocks() -> None:
    threads = Daemons("blocked")
    go_on = threading.Event()

    def wait() -> None:
        go_on.wait(30)

    for _ in range(5):
        threads.begin(wait)
    seen: list[int | None] = []
    begin_and_wait(threads, seen)
    assert len(those_named("blocked")) == 6
    go_on.set()


def test_threads_end_when_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemons, "IDLE_SECONDS", 0.01)
    threads = Daemons("soon gone")
    seen: list[int | None] = []
    begin_and_wait(threads, seen)
    until = time.monotonic() + 60
    while those_named("soon gone"):
        assert time.monotonic() < until
        time.sleep(0.01)
    begin_and_wait(threads, seen)
    assert len(seen) == 2


def test_they_do_not_keep_the_process_from_ending() -> None:
    threads = Daemons("daemon")
    begin_and_wait(threads, [])
    assert all(thread.daemon for thread in those_named("daemon"))
