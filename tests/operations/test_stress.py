"""Threads, forks, cancellations, abandoned generators and signals at once: the sums are exact.

Each program runs on its own, because it forks and takes signals. Nothing depends on how long
anything takes: only on what was begun and how it ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


def run(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(program)],
        check=False,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_threads_tasks_generators_and_forks_add_up() -> None:
    run("""
    import asyncio, gc, os, random, sys, threading
    from store_exporter import Recorder, StoreError, track
    from tests.metrics.figures import only

    sys.setswitchinterval(1e-5)
    recorder = Recorder()
    measured = track("get_cart", org="acme", domain="shop", platform="shopify", recorder=recorder)
    THREADS, ROUNDS = 6, 400

    @measured
    def call(number):
        if number % 5 == 0:
            raise StoreError("timeout", "slow")

    @measured
    async def wait(number):
        await asyncio.sleep(0)
        if number % 5 == 0:
            raise StoreError("timeout", "slow")
        if number % 5 == 1:
            await asyncio.Event().wait()

    @measured
    def generate():
        yield 1
        yield 2

    async def tasks(ended):
        running = [asyncio.create_task(wait(number)) for number in range(50)]
        for _ in range(3):
            await asyncio.sleep(0)
        for task in running:
            task.cancel()
        results = await asyncio.gather(*running, return_exceptions=True)
        ended["total"] += 50
        ended["timeout"] += sum(isinstance(r, StoreError) for r in results)
        ended["cancelled"] += sum(isinstance(r, asyncio.CancelledError) for r in results)

    def work(seed, ended):
        rng = random.Random(seed)
        for number in range(ROUNDS):
            kind = rng.randrange(5)
            if kind == 0:
                with measured as operation:
                    operation.fail("out_of_stock")
                ended["out_of_stock"] += 1
            elif kind == 1:
                for _ in generate():
                    break
            elif kind == 2:
                list(generate())
            elif kind == 3 and number % 10 == 0:
                asyncio.run(tasks(ended))
                continue
            else:
                try:
                    call(number)
                except StoreError:
                    ended["timeout"] += 1
            ended["total"] += 1

    def all_of_it():
        counts = [dict.fromkeys(("total", "timeout", "cancelled", "out_of_stock"), 0)
                  for _ in range(THREADS)]
        threads = [threading.Thread(target=work, args=(seed, ended))
                   for seed, ended in enumerate(counts)]
        reading = True

        def read():
            while reading:
                list(recorder.families())

        reader = threading.Thread(target=read)
        reader.start()
        for thread in threads:
            thread.start()
        forks()
        for thread in threads:
            thread.join()
        reading = False
        reader.join()
        return {key: sum(ended[key] for ended in counts) for key in counts[0]}

    def forks():
        for _ in range(5):
            pid = os.fork()
            if pid == 0:
                for number in range(1, 1001):
                    try:
                        call(number)
                    except StoreError:
                        pass
                found = only(recorder)
                good = (found.total, found.in_progress, found.errors) == (1000, 0, {"timeout": 200})
                os._exit(0 if good else 1)
            assert os.waitpid(pid, 0)[1] == 0, "a child counted wrongly"

    expected = all_of_it()
    gc.collect()
    found = only(recorder)
    total = expected.pop("total")
    assert found.total == found.observations == found.native_observations == total, found
    assert found.in_progress == 0, found
    assert found.errors == {kind: count for kind, count in expected.items() if count}, found
    """)


def test_signal_handlers_that_raise_leave_nothing_in_progress() -> None:
    run("""
    import signal, sys
    from store_exporter import Recorder, track
    from tests.metrics.figures import only

    class Stop(BaseException):
        pass

    def handler(*_):
        raise Stop

    recorder = Recorder()

    @track("get_cart", org="acme", domain="shop", platform="shopify", recorder=recorder)
    def call():
        return 5

    signal.signal(signal.SIGALRM, handler)
    # Interrupted some thousand times, at whatever instruction that happens to be.
    interrupted = 0
    while interrupted < 3000:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.00001 + interrupted % 50 * 1e-6)
            while True:
                call()
        except Stop:
            interrupted += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    found = only(recorder)
    assert found.in_progress == 0, found
    """)


def test_deadlines_by_signal_reach_the_application_and_leave_no_lock_held() -> None:
    run("""
    import signal, threading
    from store_exporter import Recorder, StoreError, track
    from tests.metrics.figures import operations

    # A plain exception, as Celery's soft time limit and RQ's timeout are.
    class Late(Exception):
        pass

    raised = 0

    def handler(signum, frame):
        global raised
        raised += 1
        raise Late

    recorder = Recorder()
    labels = dict(org="acme", domain="shop", platform="shopify", recorder=recorder)

    @track("get_cart", **labels)
    def call():
        return 5

    @track("add_to_cart", labels=lambda: ("acme", "shop", "shopify"), recorder=recorder)
    def late():
        return 5

    @track("get_product", **labels)
    def fail():
        raise StoreError("timeout", "slow")

    def calls(before):
        while raised == before:
            call()
            late()
            try:
                fail()
            except StoreError:
                pass

    def reads(before):
        while raised == before:
            call()
            list(recorder.families())

    signal.signal(signal.SIGALRM, handler)
    caught = 0
    while caught < 2000:
        before = raised
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.00001 + caught % 50 * 1e-6)
            (reads if caught % 4 == 0 else calls)(before)
        except Late:
            caught += 1
        assert caught == raised, "an exception was swallowed"
    # Another thread reads: it would wait for a lock that nobody holds.
    reader = threading.Thread(target=lambda: list(recorder.families()), daemon=True)
    reader.start()
    reader.join(30)
    assert not reader.is_alive(), "the lock is held"
    series = recorder._series
    locks = series._folding, series._binding, recorder._instruments._lock, recorder._looks.lock
    assert all(lock.attempt(int) for lock in locks)
    found = operations(recorder)
    assert all(state.total == state.observations for state in found.values()), found
    """)


def test_finalizers_and_signal_handlers_may_run_operations() -> None:
    run("""
    import gc, signal, sys
    from store_exporter import Recorder, track
    from tests.metrics.figures import operations

    recorder = Recorder()
    labels = dict(org="acme", domain="shop", platform="shopify", recorder=recorder)
    ran = 0

    @track("check_stock", **labels)
    def call():
        return 5

    def work(*_):
        global ran
        ran += 1
        call()
        with track("get_cart", **labels):
            pass

    class Cyclic:
        def __init__(self):
            self.me = self
        def __del__(self):
            work()

    signal.signal(signal.SIGALRM, work)
    signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
    gc.set_threshold(50, 2, 2)
    calls = 0
    for _ in range(300):
        Cyclic()
        for _ in range(100):
            call()
            calls += 1
        list(recorder.families())
    signal.setitimer(signal.ITIMER_REAL, 0)
    gc.collect()
    found = operations(recorder)
    totals = {key[3]: (state.total, state.in_progress) for key, state in found.items()}
    assert ran >= 300
    assert totals == {"check_stock": (calls + ran, 0), "get_cart": (ran, 0)}, (totals, calls, ran)
    """)
