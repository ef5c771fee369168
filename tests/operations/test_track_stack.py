"""What happens at the end of the stack, where not even the instrumentation can call anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from store_exporter import Recorder, track
from tests.operations.shop import SHOP, STORE, counted


def endless(recorder: Recorder) -> dict[str, Callable[[], Any]]:
    """Return functions that call themselves for ever, each measured in another way."""

    @track("get_cart", **SHOP, recorder=recorder)
    def fixed() -> None:
        fixed()

    @track("get_cart", labels=lambda: STORE, recorder=recorder)
    def late() -> None:
        late()

    @track("get_cart", **SHOP, recorder=recorder)
    def items() -> Iterator[int]:
        yield from items()

    @track("get_cart", **SHOP, recorder=recorder)
    async def coroutine() -> None:
        await coroutine()

    shared = track("get_cart", **SHOP, recorder=recorder)

    def block() -> None:
        with shared:
            block()

    def fresh_block() -> None:
        with track("get_cart", **SHOP, recorder=recorder):
            fresh_block()

    return {
        "fixed": fixed,
        "late": late,
        "items": lambda: list(items()),
        "coroutine": lambda: asyncio.run(coroutine()),
        "block": block,
        "fresh_block": fresh_block,
    }


@pytest.mark.parametrize("way", ["fixed", "late", "items", "coroutine", "block", "fresh_block"])
def test_nothing_stays_in_progress_after_an_endless_recursion(recorder: Recorder, way: str) -> None:
    function = endless(recorder)[way]
    for _ in range(5):
        with pytest.raises(RecursionError):
            function()
    total, in_progress, errors = counted(recorder)
    assert in_progress == 0
    assert total > 100
    assert errors is not None
    assert errors["exception"] <= total


def test_an_exception_near_the_end_of_the_stack_stays_what_it_is(recorder: Recorder) -> None:
    error = LookupError()
    seen: list[BaseException] = []

    @track("get_cart", **SHOP, recorder=recorder)
    def fails() -> None:
        raise error

    def at_every_depth() -> None:
        try:
            fails()
        except (LookupError, RecursionError) as found:
            seen.append(found)
        at_every_depth()

    with pytest.raises(RecursionError):
        at_every_depth()
    assert seen.count(error) > 100
    total, in_progress, _ = counted(recorder)
    assert in_progress == 0
    assert total >= seen.count(error)
