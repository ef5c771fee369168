"""Where labels come from, and what happens when they do not."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from threading import Barrier, Thread
from typing import Any

import pytest

from store_exporter import Recorder, StoreLabels, bind, store_context, track
from tests.metrics.figures import operations, series
from tests.operations.shop import ERRORS, SHOP, STORE, counted


def test_labels_come_from_the_context_when_the_operation_starts(recorder: Recorder) -> None:
    @track("get_cart", recorder=recorder)
    def get() -> None: ...

    for org in ("acme", "globex"):
        with store_context(org=org, domain="shop", platform="shopify"):
            get()
    assert set(operations(recorder)) == {
        ("acme", "shop", "shopify", "get_cart"),
        ("globex", "shop", "shopify", "get_cart"),
    }


def test_contexts_nest(recorder: Recorder) -> None:
    tracker = track("get_cart", recorder=recorder)
    with store_context(org="outer", domain="d", platform="p"):
        with store_context(org="inner", domain="d", platform="p"), tracker:
            pass
        with tracker:
            pass
    assert {labels[0] for labels in operations(recorder)} == {"outer", "inner"}


async def test_each_task_has_its_own_context(recorder: Recorder) -> None:
    @track("get_cart", recorder=recorder)
    async def get() -> None:
        await asyncio.sleep(0)

    async def serve(org: str) -> None:
        with store_context(org=org, domain="d", platform="p"):
            await asyncio.sleep(0)
            await get()

    await asyncio.gather(*(serve(org) for org in "abc"))
    assert {labels[0]: found.total for labels, found in operations(recorder).items()} == {
        "a": 1,
        "b": 1,
        "c": 1,
    }


def test_a_context_may_be_left_in_another_context() -> None:
    # As some frameworks do that run a generator's halves in two copies of the context.
    entered = store_context(**SHOP)
    contextvars.copy_context().run(entered.__enter__)
    entered.__exit__(None, None, None)


def test_threads_that_share_a_context_leave_it_as_they_found_theirs(recorder: Recorder) -> None:
    entered, left = Barrier(2), Barrier(2)

    @store_context(org="shared", domain="d", platform="p")
    def both() -> None:
        entered.wait(30)
        with track("get_cart", recorder=recorder):
            left.wait(30)

    def work(org: str) -> None:
        with store_context(org=org, domain="d", platform="p"):
            both()
            with track("get_cart", recorder=recorder):
                pass
        with track("get_cart", recorder=recorder):
            pass

    threads = [Thread(target=work, args=(org,)) for org in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    found = {labels[0]: state.total for labels, state in operations(recorder).items()}
    assert found == {"shared": 2, "first": 1, "second": 1}
    assert series(recorder, ERRORS)["context",] == 2


async def test_a_context_can_decorate_functions_of_every_kind(recorder: Recorder) -> None:
    in_shop = store_context(**SHOP)

    def operation(name: str) -> None:
        with track(name, recorder=recorder):
            pass

    @in_shop
    async def coroutine() -> str:
        operation("coroutine")
        await asyncio.sleep(0)
        operation("coroutine")
        return "result"

    @in_shop
    def generator() -> Iterator[int]:
        operation("generator")
        yield 1
        operation("generator")

    @in_shop
    async def asynchronous() -> AsyncIterator[int]:
        operation("asynchronous")
        yield 1
        await asyncio.sleep(0)
        operation("asynchronous")

    class Shop:
        @in_shop
        @classmethod
        def method(cls) -> None:
            operation("method")

    assert inspect.iscoroutinefunction(coroutine)
    assert await coroutine() == "result"
    with store_context(org="outer", domain="d", platform="p"):
        for _ in generator():
            operation("consumer")
        async for _ in asynchronous():
            operation("consumer")
        Shop.method()
    found = {labels: state.total for labels, state in operations(recorder).items()}
    assert found == {
        (*STORE, "coroutine"): 2,
        (*STORE, "generator"): 2,
        (*STORE, "asynchronous"): 2,
        (*STORE, "method"): 1,
        ("outer", "d", "p", "consumer"): 2,
    }


def test_a_generator_in_a_context_ends_as_it_would_have() -> None:
    @store_context(**SHOP)
    def generator() -> Generator[object, object, str]:
        try:
            got = yield "first"
        except ValueError as error:
            got = yield error
        try:
            yield got
        finally:
            closed.append(got)
        return "returned"

    def whole() -> Generator[object, object, None]:
        closed.append((yield from generator()))

    closed: list[object] = []
    run, error = whole(), ValueError()
    assert (next(run), run.throw(error), run.send("sent")) == ("first", error, "sent")
    assert list(run) == []
    assert closed == ["sent", "returned"]
    early = generator()
    assert (next(early), early.send("early")) == ("first", "early")
    early.close()
    assert closed[2:] == ["early"]


async def test_an_asynchronous_generator_in_a_context_ends_as_it_would_have() -> None:
    @store_context(**SHOP)
    async def generator() -> AsyncGenerator[object, object]:
        try:
            got = yield "first"
        except ValueError as error:
            got = yield error
        try:
            yield got
        finally:
            closed.append(got)

    closed: list[object] = []
    run, error = generator(), ValueError()
    assert await anext(run) == "first"
    assert await run.athrow(error) is error
    assert await run.asend("sent") == "sent"
    assert [item async for item in run] == []
    run = generator()
    assert (await anext(run), await run.asend("early")) == ("first", "early")
    await run.aclose()
    assert closed == ["sent", "early"]


def test_a_context_left_in_a_copy_of_its_own_stays_what_it_is(recorder: Recorder) -> None:
    block = store_context(**SHOP)
    block.__enter__()
    copy = contextvars.copy_context()
    copy.run(block.__exit__, None, None, None)
    block.__exit__(None, None, None)
    copy.run(block.__exit__, None, None, None)
    with track("get_cart", recorder=recorder):
        pass
    assert operations(recorder) == {}


def test_fixed_labels_go_before_those_of_the_context(recorder: Recorder) -> None:
    @track("get_cart", platform="shopify", recorder=recorder)
    def get() -> None: ...

    with store_context(**SHOP):
        get()
    assert operations(recorder).keys() == {(*STORE[:2], "shopify", "get_cart")}


def test_outside_a_context_the_operation_runs_unrecorded(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    @track("get_cart", recorder=recorder)
    def get() -> str:
        with track("check_stock", org="acme", recorder=recorder) as operation:
            operation.fail("out_of_stock")
        return "cart"

    for _ in range(1000):
        assert get() == "cart"
    assert operations(recorder) == {}
    assert series(recorder, ERRORS)["context",] == 2000
    first, second = (record.getMessage() for record in caplog.records)
    assert "of get_cart failed at stage context (org, domain, platform missing: give them" in first
    assert "of check_stock failed at stage context (domain, platform missing: give them" in second


def test_labels_come_from_a_function_of_the_arguments(recorder: Recorder) -> None:
    class Client:
        def __init__(self, org: str) -> None:
            self.org = org

        @track(
            "check_order",
            labels=lambda self, *_, **__: (self.org, "shop", "shopify"),
            recorder=recorder,
        )
        def check(self, order: int, *, email: str) -> str:
            return f"{order} {email}"

        @track(
            "get_cart",
            labels=lambda self: StoreLabels(self.org, "shop", "shopify"),
            recorder=recorder,
        )
        async def get(self) -> str:
            return self.org

    assert Client("acme").check(5, email="a@b.c") == "5 a@b.c"
    assert asyncio.run(Client("globex").get()) == "globex"
    assert set(operations(recorder)) == {
        ("acme", "shop", "shopify", "check_order"),
        ("globex", "shop", "shopify", "get_cart"),
    }


def test_labels_may_come_in_a_list(recorder: Recorder) -> None:
    labels: Any = lambda _: list(STORE)  # noqa: E731 - a function of the wrong type

    @track("get_cart", labels=labels, recorder=recorder)
    def get(cart: str) -> str:
        return cart

    assert get("a") + get("b") == "ab"
    assert counted(recorder) == (2, 0, {})


def test_a_block_takes_labels_from_a_function_without_arguments(recorder: Recorder) -> None:
    with track("get_cart", labels=lambda: STORE, recorder=recorder):
        pass
    assert counted(recorder) == (1, 0, {})


def fails(*_: object) -> tuple[str, str, str]:
    raise KeyError("secret")


@pytest.mark.parametrize(
    "labels",
    [
        fails,
        lambda *_: None,
        lambda *_: ("acme", "shop"),
        lambda *_: ("acme", "shop", None),
        lambda *_: ("acme", "shop", 5),
        lambda *_: ("acme", ["shop"], "shopify"),
        lambda *_: 7,
    ],
)
def test_a_function_that_gives_no_labels_does_not_matter_to_the_operation(
    recorder: Recorder, labels: Any, caplog: pytest.LogCaptureFixture
) -> None:
    measured = track("get_cart", labels=labels, recorder=recorder)

    @measured
    def get(value: str) -> str:
        return value

    @measured
    async def aget(value: str) -> str:
        return value

    @measured
    def generate(value: str) -> Any:
        yield value

    @measured
    async def agenerate(value: str) -> Any:
        yield value

    @measured
    def fail() -> None:
        raise StopAsyncIteration

    async def run() -> list[str]:
        with measured:
            return [await aget("c"), *[value async for value in agenerate("d")]]

    assert [get("a"), *generate("b"), *asyncio.run(run())] == ["a", "b", "c", "d"]
    with pytest.raises(StopAsyncIteration):
        fail()
    assert operations(recorder) == {}
    assert series(recorder, ERRORS)["labels",] == 6
    assert "secret" not in caplog.text


@pytest.mark.parametrize("value", [None, 5, b"acme", ["acme"], object()])
def test_blocks_with_labels_that_are_not_text_run_unrecorded(
    recorder: Recorder, value: Any
) -> None:
    with track("get_cart", org=value, domain="d", platform="p", recorder=recorder) as operation:
        operation.fail("timeout")
    with bind(org="acme", domain=value, platform="p", recorder=recorder)("get_cart"):
        pass
    with store_context(org="acme", domain="d", platform=value), track("x", recorder=recorder):
        pass
    with track(value, **SHOP, recorder=recorder):
        pass
    assert operations(recorder) == {}
    errors = series(recorder, ERRORS)
    assert errors["labels",] + errors["context",] == 4


def test_odd_text_is_recorded_as_text_that_can_be_shown(recorder: Recorder) -> None:
    with track("get\ncart\0", org="\ud800", domain="d" * 999, platform='"', recorder=recorder):
        pass
    ((org, domain, platform, operation),) = operations(recorder)
    assert (org, platform, operation) == ("\ufffd", '"', "get\ncart\ufffd")
    assert len(domain) == 256


def test_label_values_made_at_run_time_are_bounded(recorder: Recorder) -> None:
    small = Recorder(max_series=10)

    @track("get_cart", labels=lambda shop: ("acme", shop, "shopify"), recorder=small)
    def get(shop: str) -> None: ...

    for number in range(1000):
        get(f"shop{number}")
    found = operations(small)
    assert len(found) == 11
    assert found["other", "other", "other", "other"].total == 990
    assert series(small, "store_exporter_series_dropped_total")["series",] == 990


def test_the_name_of_a_decorated_function_is_known(recorder: Recorder) -> None:
    recorder = Recorder(max_operations=1)
    for name in ("one", "two", "three"):
        track(name, **SHOP, recorder=recorder)(lambda: None)()
        with track(f"{name} more", **SHOP, recorder=recorder):
            pass
    assert {labels[3] for labels in operations(recorder)} == {
        "one",
        "two",
        "three",
        "one more",
        "other",
    }
