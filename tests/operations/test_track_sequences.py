"""Any sequence of calls, in any form and with any outcome, adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from store_exporter import ERROR_TYPES, ErrorName, Recorder, StoreError, bind, store_context, track
from tests.operations.shop import SHOP, STORE, counted

endings = st.sampled_from(["return", "say", "raise", *sorted(ERROR_TYPES)])


def act(ending: str) -> str:
    """Return, or raise what is asked for."""
    if ending == "raise":
        raise KeyError(ending)
    if ending in ERROR_TYPES:
        raise StoreError(cast("ErrorName", ending), "as requested")
    return ending


def drive(coroutine: Any) -> object:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waited")


def forms(recorder: Recorder) -> list[Callable[[str], object]]:
    """Return `act`, measured in every way there is; each takes `say` for a failure."""

    def judge(result: str) -> str | None:
        return "invalid_input" if result == "say" else None

    tracker = track("get_cart", **SHOP, failure=judge, recorder=recorder)
    late = track("get_cart", labels=lambda _: STORE, failure=judge, recorder=recorder)
    contextual = track("get_cart", failure=judge, recorder=recorder)
    bound = bind(**SHOP, recorder=recorder)

    async def coroutine(ending: str) -> str:
        return act(ending)

    def generator(ending: str) -> Any:
        yield from ()
        return act(ending)

    def block(ending: str) -> str:
        with bound("get_cart") as operation:
            if ending == "say":
                operation.fail("invalid_input")
            return act(ending)

    def in_context(ending: str) -> str:
        with store_context(**SHOP):
            return contextual(act)(ending)

    def exhaust(ending: str) -> object:
        return drive(measured_generator(ending))

    measured_generator = tracker(generator)
    return [
        tracker(act),
        late(act),
        in_context,
        block,
        exhaust,
        lambda ending: drive(tracker(coroutine)(ending)),
        lambda ending: drive(late(coroutine)(ending)),
    ]


@given(st.lists(st.tuples(st.integers(0, 6), endings), min_size=1, max_size=60))
def test_any_sequence_adds_up(sequence: list[tuple[int, str]]) -> None:
    recorder = Recorder()
    callers = forms(recorder)
    for form, ending in sequence:
        with suppress(KeyError, StoreError):
            assert callers[form](ending) == ending
    meanings = {"raise": "exception", "say": "invalid_input"}
    expected = Counter(meanings.get(ending, ending) for _, ending in sequence)
    del expected["return"]
    assert counted(recorder) == (len(sequence), 0, dict(expected))
