"""`track` and `bind` as context managers."""

from __future__ import annotations

import asyncio
import copy
import pickle
from contextlib import AsyncExitStack, ExitStack
from threading import Event, Thread
from typing import Any

import pytest

from store_exporter import Operation, Recorder, bind, default_recorder, store_context, track
from store_exporter.errors import ErrorName
from store_exporter.operations.tracker import Tracker
from tests.metrics.figures import only, operations, series
from tests.operations.shop import ERRORS, SHOP, STORE, counted
from tests.servers.process import eventually


def test_a_block_is_measured(recorder: Recorder) -> None:
    with track("add_to_cart", **SHOP, recorder=recorder) as operation:
        assert isinstance(operation, Operation)
        assert only(recorder).in_progress == 1
    assert counted(recorder) == (1, 0, {})


async def test_an_asynchronous_block_is_measured(recorder: Recorder) -> None:
    async with track("add_to_cart", **SHOP, recorder=recorder) as operation:
        assert only(recorder).in_progress == 1
        operation.fail("invalid_coupon")
    assert counted(recorder) == (1, 0, {"invalid_coupon": 1})


def test_a_block_can_fail_without_raising(recorder: Recorder) -> None:
    with track("add_to_cart", **SHOP, recorder=recorder) as operation:
        operation.fail("timeout")
        operation.fail("out_of_stock")
    with track("add_to_cart", **SHOP, recorder=recorder) as operation:
        operation.fail(ConnectionResetError())
    assert counted(recorder) == (2, 0, {"out_of_stock": 1, "connection": 1})


def test_what_was_said_goes_before_what_was_raised(recorder: Recorder) -> None:
    def add() -> None:
        with track("add_to_cart", **SHOP, recorder=recorder) as operation:
            operation.fail("out_of_stock")
            raise KeyError

    with pytest.raises(KeyError):
        add()
    assert counted(recorder) == (1, 0, {"out_of_stock": 1})


def test_a_block_that_raises_fails(recorder: Recorder) -> None:
    with pytest.raises(KeyError), track("add_to_cart", **SHOP, recorder=recorder):
        raise KeyError
    assert counted(recorder) == (1, 0, {"exception": 1})


def test_a_made_up_error_type_is_counted_as_exception(recorder: Recorder) -> None:
    with track("add_to_cart", **SHOP, recorder=recorder) as operation:
        operation.fail("made_up")  # type: ignore[arg-type]
    assert counted(recorder) == (1, 0, {"exception": 1})
    assert series(recorder, ERRORS)["failure",] == 1


def test_a_tracker_can_be_entered_inside_itself(recorder: Recorder) -> None:
    tracker = track("get_cart", **SHOP, recorder=recorder)
    with tracker as outer:
        with tracker as inner:
            inner.fail("timeout")
            assert only(recorder).in_progress == 2
        with tracker as again:
            assert again is not outer
        outer.fail("out_of_stock")
    assert counted(recorder) == (3, 0, {"timeout": 1, "out_of_stock": 1})
    assert tracker._alone is None
    assert not tracker._open


async def test_a_tracker_can_be_shared_by_tasks_that_interleave(recorder: Recorder) -> None:
    tracker = track("get_cart", **SHOP, recorder=recorder)

    async def work(number: int, turn: list[asyncio.Event]) -> None:
        async with tracker as operation:
            await turn[number].wait()
            if number % 2:
                operation.fail("timeout")

    turns = [asyncio.Event() for _ in range(6)]
    tasks = [asyncio.create_task(work(number, turns)) for number in range(6)]
    await asyncio.sleep(0)
    assert only(recorder).in_progress == 6
    for number in (3, 0, 5, 1, 2, 4):
        turns[number].set()
        await tasks[number]
        odd_ones = sum(task.done() for task in tasks[1::2])
        assert (only(recorder).errors or {}).get("timeout", 0) == odd_ones
    assert counted(recorder) == (6, 0, {"timeout": 3})
    assert tracker._alone is None
    assert not tracker._open


def test_generators_that_interleave_in_one_tracker_keep_their_own_outcome(
    recorder: Recorder,
) -> None:
    tracker = track("get_cart", **SHOP, recorder=recorder)

    def work(error: ErrorName) -> Any:
        with tracker as operation:
            yield
            operation.fail(error)

    first, second = work("timeout"), work("out_of_stock")
    next(first)
    next(second)
    assert list(first) == []
    assert counted(recorder) == (1, 1, {"timeout": 1})
    assert list(second) == []
    assert counted(recorder) == (2, 0, {"timeout": 1, "out_of_stock": 1})


def test_stacked_blocks_of_one_tracker_end_in_their_order(recorder: Recorder) -> None:
    tracker = track("get_cart", **SHOP, recorder=recorder)
    with ExitStack() as stack:
        first, second, third = (stack.enter_context(tracker) for _ in range(3))
        third.fail("timeout")
        stack.callback(lambda: first.fail("out_of_stock"))
        stack.enter_context(tracker)
        with tracker as inside:
            inside.fail("not_found")
        assert second.frame is not None
    assert counted(recorder) == (5, 0, {"timeout": 1, "not_found": 1, "out_of_stock": 1})
    assert first.frame is second.frame is third.frame is None
    assert tracker._alone is None
    assert not tracker._open


def test_threads_that_share_a_tracker_keep_their_own_outcome(recorder: Recorder) -> None:
    tracker = track("get_cart", recorder=recorder)
    turns = [Event() for _ in range(3)]

    def work(number: int) -> None:
        org = f"org{number}"
        with store_context(org=org, domain="d", platform="p"), tracker as operation:
            turns[number].wait(30)
            operation.fail("timeout" if number else "not_found")

    threads = [Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    eventually(lambda: sum(one.in_progress for one in operations(recorder).values()) == 3)
    for number in (1, 0, 2):
        turns[number].set()
        threads[number].join(30)
        found = operations(recorder)[f"org{number}", "d", "p", "get_cart"]
        assert found.errors == {"timeout" if number else "not_found": 1}
        assert found.in_progress == 0


async def test_exit_stacks_are_supported(recorder: Recorder) -> None:
    tracker = track("get_cart", **SHOP, recorder=recorder)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(tracker)
        assert only(recorder).in_progress == 3
    async with AsyncExitStack() as asynchronous:
        await asynchronous.enter_async_context(tracker)
    assert counted(recorder) == (4, 0, {})
    assert tracker._alone is None
    assert not tracker._open


class Handler:
    """Begins and ends an operation in two functions, which are given the same request."""

    def __init__(self, tracker: Any) -> None:
        self.tracker = tracker

    def begin(self, request: object) -> object:
        self.tracker.__enter__()
        return request

    def end(self, request: object, error: BaseException | None) -> object:
        self.tracker.__exit__(type(error), error, None)
        return request


@pytest.mark.parametrize("second", ["stack", "with"])
async def test_exit_stacks_of_tasks_that_share_a_tracker_keep_their_own_outcome(
    recorder: Recorder, second: str
) -> None:
    tracker = track("get_cart", recorder=recorder)
    failed = asyncio.Event()

    async def fail() -> None:
        with store_context(org="first", domain="d", platform="p"):
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(tracker)
                await asyncio.sleep(0)
                raise TimeoutError

    async def succeed() -> None:
        with store_context(org="second", domain="d", platform="p"), ExitStack() as stack:
            if second == "stack":
                stack.enter_context(tracker)
                await failed.wait()
                return
            with tracker:
                await failed.wait()

    tasks = asyncio.create_task(fail()), asyncio.create_task(succeed())
    with pytest.raises(TimeoutError):
        await tasks[0]
    failed.set()
    await tasks[1]
    found = operations(recorder)
    assert found["first", "d", "p", "get_cart"].errors == {"timeout": 1}
    assert found["second", "d", "p", "get_cart"].errors == {}
    assert tracker._alone is None
    assert not tracker._open


def test_functions_that_begin_and_end_an_operation_are_matched_by_what_they_are_given(
    recorder: Recorder,
) -> None:
    handler = Handler(track("get_cart", recorder=recorder))
    requests = [object() for _ in range(3)]
    for number, request in enumerate(requests):
        with store_context(org=f"org{number}", domain="d", platform="p"):
            handler.begin(request)
    for request in requests:
        handler.end(request, TimeoutError() if request is requests[2] else None)
    found = {labels[0]: one.errors for labels, one in operations(recorder).items()}
    assert found == {"org0": {}, "org1": {}, "org2": {"timeout": 1}}


def test_leaving_without_entering_does_nothing(recorder: Recorder) -> None:
    track("get_cart", **SHOP, recorder=recorder).__exit__(None, None, None)
    assert operations(recorder) == {}


def test_a_bound_tracker_knows_its_store(recorder: Recorder) -> None:
    tracked = bind(**SHOP, recorder=recorder)

    @tracked("check_order", failure=lambda _: "not_found")
    def check() -> None: ...

    check()
    with tracked("get_cart"):
        pass
    found = operations(recorder)
    assert found[*STORE, "check_order"].errors == {"not_found": 1}
    assert found[*STORE, "get_cart"].total == 1


def test_blocks_with_the_same_labels_share_a_tracker_as_long_as_their_series_lasts(
    recorder: Recorder,
) -> None:
    def tracker() -> Tracker:
        return track("get_cart", **SHOP, recorder=recorder)

    for _ in range(2):
        with tracker():
            pass
    kept = tracker()
    assert kept is tracker() is bind(**SHOP, recorder=recorder)("get_cart")
    others = (
        track("get_cart", **SHOP, recorder=recorder, failure=lambda _: None),
        track("get_cart", labels=lambda: STORE, recorder=recorder),
        track("get_cart", **SHOP, recorder=Recorder()),
        track("check_stock", **SHOP, recorder=recorder),
    )
    assert kept not in others
    recorder.forget(STORE)
    assert tracker() is not kept


def test_a_block_in_a_generator_that_is_closed_early_is_a_success(recorder: Recorder) -> None:
    def pages() -> Any:
        with track("search_products", **SHOP, recorder=recorder):
            yield 1
            yield 2

    for _ in pages():
        break
    assert counted(recorder) == (1, 0, {})


def test_a_block_in_a_coroutine_that_is_abandoned_is_cancelled(recorder: Recorder) -> None:
    async def search() -> None:
        with track("search_products", **SHOP, recorder=recorder):
            await asyncio.sleep(0)

    coroutine = search()
    coroutine.send(None)
    coroutine.close()
    assert counted(recorder) == (1, 0, {"cancelled": 1})


def test_an_exception_that_does_not_show_its_class_passes_unchanged(recorder: Recorder) -> None:
    class OddError(Exception):
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError

    with pytest.raises(OddError), track("add_to_cart", **SHOP, recorder=recorder):
        raise OddError
    assert counted(recorder) == (1, 0, {"exception": 1})


def test_a_copy_of_what_holds_a_tracker_counts_for_the_same_recorder(recorder: Recorder) -> None:
    cart, store = track("get_cart", **SHOP, recorder=recorder), bind(**SHOP, recorder=recorder)
    assert copy.copy(recorder) is recorder
    with cart, copy.copy(cart), copy.deepcopy(cart), copy.deepcopy(store)("get_cart"):
        copied = copy.deepcopy(cart)
    with copied:
        pass
    assert counted(recorder) == (5, 0, {})


def test_a_tracker_counts_in_the_process_that_unpickles_it() -> None:
    cart = pickle.loads(pickle.dumps(track("get_cart", **SHOP)))  # noqa: S301 - our own
    handle = default_recorder().operation(*STORE, "get_cart")
    before = default_recorder().totals(handle).finished
    with cart:
        pass
    assert default_recorder().totals(handle).finished == before + 1


def test_a_recorder_of_the_applications_own_and_its_handles_belong_to_their_process(
    recorder: Recorder,
) -> None:
    with pytest.raises(TypeError, match="by its name only"):
        pickle.dumps(recorder.operation(*STORE, "get_cart"))
    with pytest.raises(TypeError, match="belongs to its process"):
        pickle.dumps(track("get_cart", **SHOP, recorder=recorder))
    assert pickle.loads(pickle.dumps(default_recorder())) is default_recorder()  # noqa: S301 - our own
