"""What `track` makes of functions, methods and coroutines."""

from __future__ import annotations

import asyncio
import inspect
import types
from collections.abc import Generator
from functools import partial
from typing import Any

import pytest

from store_exporter import Recorder, StoreError, default_recorder, track
from tests.metrics.figures import only, operations, series
from tests.operations.shop import ERRORS, SHOP, STORE, Shop, counted

# Functions and methods


def test_a_function_is_counted_and_returns_its_result(recorder: Recorder) -> None:
    @track("search_products", **SHOP, recorder=recorder)
    def search(query: str, *, limit: int = 10) -> list[str]:
        return [query] * limit

    assert search("shoes", limit=2) == ["shoes", "shoes"]
    assert operations(recorder).keys() == {(*STORE, "search_products")}
    assert counted(recorder) == (1, 0, {})


def test_an_exception_is_counted_and_passes_unchanged(recorder: Recorder) -> None:
    error = StoreError("out_of_stock", "none left")

    @track("add_to_cart", **SHOP, recorder=recorder)
    def add() -> None:
        raise error

    with pytest.raises(StoreError) as caught:
        add()
    assert caught.value is error
    assert caught.value.__context__ is None
    assert counted(recorder) == (1, 0, {"out_of_stock": 1})


def test_a_call_that_is_running_is_in_progress(recorder: Recorder) -> None:
    @track("get_cart", **SHOP, recorder=recorder)
    def nested(depth: int) -> float:
        return nested(depth - 1) if depth else only(recorder).in_progress

    assert nested(3) == 4
    assert counted(recorder) == (4, 0, {})


def test_methods_of_every_kind_can_be_measured(recorder: Recorder) -> None:
    measured = track("get_cart", **SHOP, recorder=recorder)

    class Client:
        @measured
        def method(self) -> object:
            return self

        @classmethod
        @measured
        def of_class(cls) -> object:
            return cls

        @staticmethod
        @measured
        def static() -> str:
            return "static"

        @measured
        @classmethod
        def outside_class(cls) -> object:
            return cls

        @measured
        @staticmethod
        def outside_static() -> str:
            return "outside"

    client = Client()
    assert client.method() is client
    assert client.of_class() is Client
    assert Client.outside_class() is Client
    assert client.static() + Client.outside_static() == "staticoutside"
    assert counted(recorder) == (5, 0, {})


def test_callable_objects_and_partials_are_measured_by_what_they_are(recorder: Recorder) -> None:
    class Caller:
        async def __call__(self) -> str:
            return "called"

    async def fetch(value: str) -> str:
        return value

    measured = track("get_cart", **SHOP, recorder=recorder)
    for function in (measured(Caller()), measured(partial(fetch, "called"))):
        assert inspect.iscoroutinefunction(function)
        assert asyncio.run(function()) == "called"
    assert counted(recorder) == (2, 0, {})


async def test_a_generator_that_is_awaited_is_a_coroutine(recorder: Recorder) -> None:
    @track("get_cart", **SHOP, recorder=recorder)
    @types.coroutine
    def fetch() -> Generator[None, None, str]:
        yield
        return "fetched"

    assert await fetch() == "fetched"
    assert counted(recorder) == (1, 0, {})


def test_the_wrapper_looks_like_the_function(recorder: Recorder) -> None:
    def plain(a: int, /, b: str = "x", *rest: int, c: float, **more: str) -> bytes:
        """Do something."""
        raise NotImplementedError

    async def coroutine(a: int) -> None: ...

    def generator(a: int) -> Any:
        yield

    async def async_generator(a: int) -> Any:
        yield

    checks = (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    )
    for function in (plain, coroutine, generator, async_generator):
        for wrapped in (
            track("get_cart", **SHOP, recorder=recorder)(function),
            track("get_cart", recorder=recorder)(function),
        ):
            assert inspect.signature(wrapped) == inspect.signature(function)
            assert inspect.unwrap(wrapped) is function
            assert wrapped.__name__ == function.__name__
            assert wrapped.__doc__ == function.__doc__
            assert [check(wrapped) for check in checks] == [check(function) for check in checks]


def test_the_default_recorder_is_used_without_another() -> None:
    @track("get_cart", org="acme", domain="default-recorder.example.com", platform="woocommerce")
    def get() -> None: ...

    get()
    labels = ("acme", "default-recorder.example.com", "woocommerce", "get_cart")
    assert operations(default_recorder())[labels].total == 1
    default_recorder().forget(labels[:3])


# Coroutines


async def test_a_coroutine_is_measured_while_it_runs(recorder: Recorder) -> None:
    going = asyncio.Event()

    @track("check_order", **SHOP, recorder=recorder)
    async def check() -> str:
        await going.wait()
        return "done"

    never_awaited = check()
    task = asyncio.create_task(check())
    await asyncio.sleep(0)
    assert only(recorder).in_progress == 1
    going.set()
    assert await task == "done"
    never_awaited.close()
    assert counted(recorder) == (1, 0, {})


async def test_a_cancelled_coroutine_counts_as_cancelled(recorder: Recorder) -> None:
    @track("check_order", **SHOP, recorder=recorder)
    async def check() -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(check())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert counted(recorder) == (1, 0, {"cancelled": 1})
    assert series(recorder, "store_operation_errors_total").keys() == {
        (*STORE, "check_order", "cancelled", "cancelled")
    }


async def test_an_abandoned_coroutine_counts_as_cancelled(recorder: Recorder) -> None:
    @track("check_order", **SHOP, recorder=recorder)
    async def check() -> None:
        await asyncio.sleep(0)

    coroutine = check()
    coroutine.send(None)
    assert only(recorder).in_progress == 1
    del coroutine
    assert counted(recorder) == (1, 0, {"cancelled": 1})


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_exceptions_that_end_the_program_count_as_cancelled(
    recorder: Recorder, error: type[BaseException]
) -> None:
    @track("get_cart", **SHOP, recorder=recorder)
    def get() -> None:
        raise error

    with pytest.raises(error):
        get()
    assert counted(recorder) == (1, 0, {"cancelled": 1})


# Verdicts on results


def test_a_predicate_can_judge_the_result(recorder: Recorder) -> None:
    def failure(result: str) -> str | BaseException | None:
        return {"gone": "out_of_stock", "slow": TimeoutError()}.get(result)  # type: ignore[return-value]

    @track("add_to_cart", **SHOP, failure=failure, recorder=recorder)
    def add(result: str) -> str:
        return result

    assert [add(result) for result in ("gone", "slow", "fine")] == ["gone", "slow", "fine"]
    assert counted(recorder) == (3, 0, {"out_of_stock": 1, "timeout": 1})


async def test_a_predicate_can_judge_the_result_of_a_coroutine(recorder: Recorder) -> None:
    @track("add_to_cart", **SHOP, failure=lambda result: result, recorder=recorder)
    async def add(result: str | None) -> str | None:
        return result

    assert await add("out_of_stock") == "out_of_stock"
    assert await add(None) is None
    assert counted(recorder) == (2, 0, {"out_of_stock": 1})


def test_a_predicate_that_raises_does_not_matter_to_the_operation(recorder: Recorder) -> None:
    def failure(result: str) -> str | None:
        raise KeyError(result)

    @track("add_to_cart", **SHOP, failure=failure, recorder=recorder)
    def add() -> str:
        return "fine"

    assert add() == "fine"
    assert counted(recorder) == (1, 0, {})
    assert series(recorder, ERRORS)["failure",] == 1


@pytest.mark.parametrize("verdict", ["made_up", 5, True, ["list"]])
def test_a_verdict_that_is_not_an_error_type_counts_as_exception(
    recorder: Recorder, verdict: object
) -> None:
    @track("add_to_cart", **SHOP, failure=lambda _: verdict, recorder=recorder)  # type: ignore[arg-type,return-value]
    def add() -> str:
        return "fine"

    assert add() == "fine"
    assert counted(recorder) == (1, 0, {"exception": 1})
    assert series(recorder, ERRORS)["failure",] == 1


def test_what_is_decorated_with_a_store_is_shown_at_zero_before_it_is_called() -> None:
    recorder = Recorder()
    store: Shop = {"org": "acme", "domain": "shop.example.com", "platform": "shopify"}

    @track("get_cart", recorder=recorder, **store)
    def get_cart() -> None:
        """Not called."""

    @track("check_order", recorder=recorder)
    def check_order() -> None:
        """Its store is known only in a call."""

    track("check_stock", recorder=recorder, **store)
    found = operations(recorder)
    assert [labels[3] for labels in found] == ["get_cart"]
    [shown] = found.values()
    assert (shown.total, shown.observations, shown.in_progress) == (0, 0, 0)
    recorder.reset()
    assert len(operations(recorder)) == 1
    recorder.forget(("acme", "shop.example.com", "shopify"))
    assert operations(recorder) == {}
