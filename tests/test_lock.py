from __future__ import annotations

import dis
import signal
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest

from store_exporter import lock as module
from store_exporter.lock import Lock


@pytest.fixture
def held() -> Iterator[Lock]:
    """A lock that another thread holds."""
    lock, taken, release = Lock(), threading.Event(), threading.Event()

    def hold() -> None:
        taken.set()
        release.wait()

    holder = threading.Thread(target=lock.run, args=(hold,))
    holder.start()
    taken.wait()
    yield lock
    release.set()
    holder.join()


def test_one_function_runs_at_a_time() -> None:
    lock = Lock()
    total = 0

    def add() -> None:
        nonlocal total
        before = total
        for _ in range(3):
            pass
        total = before + 1

    def work() -> None:
        for _ in range(2000):
            lock.run(add)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total == 8000


def test_what_it_runs_may_return_and_raise() -> None:
    lock = Lock()
    assert lock.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        lock.run(divmod, 7, 0)
    with pytest.raises(ZeroDivisionError):
        lock.attempt(divmod, 7, 0)
    assert lock.attempt(divmod, 7, 2)


def test_an_attempt_waits_for_nobody(held: Lock) -> None:
    assert not held.attempt(pytest.fail)


def test_nobody_waits_without_end(held: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.01)
    with pytest.raises(RuntimeError, match="hangs"):
        held.run(int)


def test_its_own_thread_does_not_wait_for_itself() -> None:
    lock = Lock()
    assert not lock.run(lambda: lock.attempt(int))
    with pytest.raises(RuntimeError, match="may record operations, but not read"):
        lock.run(lambda: lock.run(int))


def test_a_reentrant_one_lets_its_own_thread_in() -> None:
    lock = Lock(reentrant=True)
    assert lock.run(lambda: lock.run(int)) == 0
    assert lock.attempt(int)


def test_a_signal_handler_that_raises_while_one_waits_takes_nothing(held: Lock) -> None:
    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(TimeoutError):
            held.run(int)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not held.attempt(int)


@pytest.mark.parametrize("method", [Lock.run, Lock.attempt])
def test_no_signal_can_come_between_taking_it_and_the_block_that_gives_it_back(
    method: object,
) -> None:
    # CPython looks for signals after calls, at backward jumps and at the beginning of functions.
    code = dis.Bytecode(method)  # type: ignore[arg-type]
    steps = {step.offset: step for step in code}
    following = dict(pairwise(steps))
    at = next(offset for offset, step in steps.items() if step.opname == "DELETE_SUBSCR")
    while (name := steps[at].opname) != "STORE_ATTR":
        assert not name.startswith(("CALL", "JUMP_BACKWARD", "RESUME"))
        at = steps[at].argval if name.startswith("JUMP_FORWARD") else following[at]
    assert any(start <= at < end for start, end, *_ in code.exception_entries)  # type: ignore[attr-defined]
