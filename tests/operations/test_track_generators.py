"""Generators: their own time, their outcome, and what the consumer does with them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest

from store_exporter import Recorder, StoreError, track
from store_exporter.operations import generators
from store_exporter.operations.tracker import Tracker
from tests.metrics.figures import only, operations
from tests.operations.shop import SHOP, counted


def pages(measured: Tracker, body: list[str] | None = None) -> Any:
    """Return a measured generator function that repeats what is sent, and says what it saw."""
    saw = [] if body is None else body

    @measured
    def generate(first: str) -> Generator[str, str, str]:
        given = first
        try:
            while given != "end":
                try:
                    given = yield given
                except KeyError:
                    given = "caught"
            return "returned"
        finally:
            saw.append("closed")

    return generate


@pytest.fixture
def measured(recorder: Recorder) -> Tracker:
    return track("search_products", **SHOP, recorder=recorder)


def test_an_exhausted_generator_is_a_success(measured: Tracker, recorder: Recorder) -> None:
    @measured
    def numbers() -> Generator[int, None, str]:
        yield from range(3)
        return "value"

    def outer() -> Generator[int, None, str]:
        return (yield from numbers())

    def result_of(generator: Generator[int, None, str]) -> tuple[list[int], str]:
        items = []
        while True:
            try:
                items.append(next(generator))
            except StopIteration as stop:
                return items, stop.value

    assert result_of(outer()) == ([0, 1, 2], "value")
    assert counted(recorder) == (1, 0, {})


def test_values_and_exceptions_reach_the_generator(measured: Tracker, recorder: Recorder) -> None:
    generator = pages(measured)("a")
    assert next(generator) == "a"
    assert generator.send("b") == "b"
    assert generator.throw(KeyError()) == "caught"
    assert only(recorder).in_progress == 1
    with pytest.raises(StopIteration) as stop:
        generator.send("end")
    assert stop.value.value == "returned"
    assert counted(recorder) == (1, 0, {})


def test_an_exception_that_the_generator_does_not_catch_is_its_failure(
    measured: Tracker, recorder: Recorder
) -> None:
    error = StoreError("timeout", "too slow")
    generator = pages(measured)("a")
    next(generator)
    with pytest.raises(StoreError) as caught:
        generator.throw(error)
    assert caught.value is error
    assert counted(recorder) == (1, 0, {"timeout": 1})


def test_a_consumer_that_stops_early_is_no_failure(measured: Tracker, recorder: Recorder) -> None:
    saw: list[str] = []
    generator = pages(measured, saw)("a")
    next(generator)
    generator.close()
    assert saw == ["closed"]
    assert counted(recorder) == (1, 0, {})


def test_an_abandoned_generator_ends(measured: Tracker, recorder: Recorder) -> None:
    saw: list[str] = []
    for _ in pages(measured, saw)("a"):
        break
    gc.collect()
    assert saw == ["closed"]
    assert counted(recorder) == (1, 0, {})


def test_a_generator_that_was_never_started_is_no_operation(
    measured: Tracker, recorder: Recorder
) -> None:
    pages(measured)("a").close()
    pages(measured)("a")
    assert operations(recorder) == {}


def test_an_error_while_closing_is_a_failure(measured: Tracker, recorder: Recorder) -> None:
    @measured
    def stubborn() -> Generator[int, None, None]:
        try:
            yield 1
        finally:
            raise ConnectionResetError

    generator = stubborn()
    next(generator)
    with pytest.raises(ConnectionResetError):
        generator.close()
    assert counted(recorder) == (1, 0, {"connection": 1})


def test_a_generator_that_ignores_its_closing_goes_on(
    measured: Tracker, recorder: Recorder
) -> None:
    @measured
    def stubborn() -> Generator[int, None, None]:
        try:
            yield 1
        except GeneratorExit:
            yield 2

    generator = stubborn()
    next(generator)
    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        generator.close()
    assert only(recorder).in_progress == 1
    assert list(generator) == []
    assert counted(recorder) == (1, 0, {})


def _exhausted() -> Generator[str, None, None]:
    yield "first"


def _returns() -> Generator[str, None, str]:
    try:
        yield "first"
    except GeneratorExit:
        return "value"  # `close` returns it from Python 3.13 on.
    return "exhausted"


def _goes_on() -> Generator[str, None, None]:
    try:
        yield "first"
    except GeneratorExit:
        yield "second"


def _fails() -> Generator[str, None, None]:
    try:
        yield "first"
    finally:
        raise KeyError


@pytest.mark.parametrize("function", [_exhausted, _returns, _goes_on, _fails])
@pytest.mark.parametrize("end", ["close", "throw"])
def test_a_generator_ends_as_it_would_have(
    measured: Tracker, recorder: Recorder, function: Any, end: str
) -> None:
    def outcome(generator: Any) -> Any:
        next(generator)
        try:
            return generator.close() if end == "close" else generator.throw(GeneratorExit())
        except BaseException as error:  # noqa: BLE001 - compared
            return type(error), error.args, _context(error)

    assert outcome(measured(function)()) == outcome(function())
    gc.collect()
    assert counted(recorder)[:2] == (1, 0)


def _context(error: BaseException) -> list[type[BaseException]]:
    return [] if error.__context__ is None else [type(error), *_context(error.__context__)]


async def test_an_asynchronous_generator_may_go_on_after_generator_exit(
    measured: Tracker, recorder: Recorder
) -> None:
    @measured
    async def goes_on() -> AsyncGenerator[str, None]:
        try:
            yield "first"
        except GeneratorExit:
            yield "second"

    generator = goes_on()
    assert await anext(generator) == "first"
    assert await generator.athrow(GeneratorExit()) == "second"
    await generator.aclose()
    assert counted(recorder) == (1, 0, {})


def test_a_predicate_judges_what_a_generator_returns(recorder: Recorder) -> None:
    @track("search_products", **SHOP, failure=lambda result: result, recorder=recorder)
    def search(result: str | None) -> Generator[int, None, str | None]:
        yield 1
        return result

    list(search("not_found"))
    list(search(None))
    next(search("not_found"))
    assert counted(recorder) == (3, 0, {"not_found": 1})


def test_only_the_time_inside_the_generator_counts(
    measured: Tracker, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(generators, "perf_counter", lambda: now)

    @measured
    def numbers() -> Generator[int, None, None]:
        nonlocal now
        for number in range(3):
            now += 1
            yield number
        now += 1

    for _ in numbers():
        now += 50
    duration = only(recorder).duration
    assert duration is not None
    assert duration.sum == 4


def test_a_call_with_wrong_arguments_raises_what_it_would_have(
    measured: Tracker, recorder: Recorder
) -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        list(pages(measured)())
    assert counted(recorder) == (1, 0, {"exception": 1})


# Asynchronous ones


def apages(measured: Tracker, saw: list[str]) -> Any:
    @measured
    async def generate(first: str) -> AsyncGenerator[str, str]:
        given = first
        try:
            while given != "end":
                try:
                    given = yield given
                except KeyError:
                    given = "caught"
                await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)
            saw.append("closed")

    return generate


async def test_an_exhausted_asynchronous_generator_is_a_success(
    measured: Tracker, recorder: Recorder
) -> None:
    saw: list[str] = []
    generator = apages(measured, saw)("a")
    assert await anext(generator) == "a"
    assert await generator.asend("b") == "b"
    assert await generator.athrow(KeyError()) == "caught"
    assert only(recorder).in_progress == 1
    with pytest.raises(StopAsyncIteration):
        await generator.asend("end")
    assert saw == ["closed"]
    assert counted(recorder) == (1, 0, {})


async def test_an_asynchronous_generator_fails_by_an_exception(
    measured: Tracker, recorder: Recorder
) -> None:
    generator = apages(measured, [])("a")
    await anext(generator)
    with pytest.raises(TimeoutError):
        await generator.athrow(TimeoutError())
    assert counted(recorder) == (1, 0, {"timeout": 1})


async def test_an_asynchronous_consumer_that_stops_early_is_no_failure(
    measured: Tracker, recorder: Recorder
) -> None:
    saw: list[str] = []
    generator = apages(measured, saw)("a")
    async for _ in generator:
        break
    await generator.aclose()
    assert saw == ["closed"]
    assert counted(recorder) == (1, 0, {})


async def test_an_asynchronous_generator_that_is_cancelled_counts_as_cancelled(
    measured: Tracker, recorder: Recorder
) -> None:
    @measured
    async def wait() -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.Event().wait()

    async def consume() -> None:
        async for _ in wait():
            pass

    task = asyncio.create_task(consume())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert counted(recorder) == (1, 0, {"cancelled": 1})


async def test_an_abandoned_asynchronous_generator_is_closed_by_the_event_loop(
    measured: Tracker, recorder: Recorder
) -> None:
    saw: list[str] = []

    async def abandon() -> None:
        async for _ in apages(measured, saw)("a"):
            break

    await abandon()
    gc.collect()
    await asyncio.sleep(0)  # the loop's hook makes a task of the closing
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others)
    assert saw == ["closed"]
    assert counted(recorder) == (1, 0, {})


def test_an_abandoned_asynchronous_generator_leaves_nothing_in_progress(
    measured: Tracker, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Outside an event loop nobody can await its end.
    generator = apages(measured, [])("a")
    with pytest.raises(StopIteration):
        anext(generator).__await__().send(None)
    assert only(recorder).in_progress == 1
    monkeypatch.setattr("sys.unraisablehook", lambda _: None)  # Python complains, rightly
    del generator
    gc.collect()
    assert counted(recorder) == (1, 0, {"cancelled": 1})
