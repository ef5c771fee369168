"""What the forms of use cost that are not the fixed decorator, against pre-bound children.

The peer is what a careful programmer writes with prometheus_client: children looked up beforehand,
a counter and a histogram, and a counter of errors where operations fail. Ours finds its labels when
the operation starts, and counts errors and operations in progress in every form.

Rows named `floor` do nothing at all in the same syntax: what CPython takes for a form, whoever
writes it. Where a floor is above the goal, or near it, no instrumentation can meet it in that form.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import process_time
from timeit import timeit
from typing import Any

from store_exporter import Recorder, StoreError, store_context, track

from . import peers
from .calls import LABELS, STORE, bare, bare_coroutine, bare_failure
from .effort import Effort
from .result import Result

Call = Callable[[str], Any]
GOAL = 0.6


class _Nothing:
    """A context manager made of the arguments of `track`, which does nothing."""

    __slots__ = ("arguments",)

    def __init__(
        self,
        operation: str,
        *,
        org: str | None = None,
        domain: str | None = None,
        platform: str | None = None,
        labels: object = None,
        failure: object = None,
        recorder: object = None,
    ) -> None:
        self.arguments = (operation, org, domain, platform, labels, failure, recorder)

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


def measure(effort: Effort) -> list[Result]:
    plain = _best({**_plain(), **_empty()}, effort)
    coroutines = _best_coroutines(effort)
    peer = plain["pre-bound"] - plain["bare"]
    rows = [
        _row(form, plain[form] - plain["bare"], peer)
        for form in ("store_context", "with track(…)", "with a shared track")
    ]
    refused = plain["pre-bound refusal"] - plain["bare"]
    failing = plain["bare failure"]
    generator = plain["bare generator"]
    bare_await = coroutines["bare"]
    rows += [
        _row("operation.fail", plain["operation.fail"] - plain["bare"], refused),
        _row("failing call", plain["failure"] - failing, plain["pre-bound failure"] - failing),
        _row("generator", plain["generator"] - generator, plain["pre-bound generator"] - generator),
        *(
            _row(form, coroutines[form] - bare_await, coroutines["pre-bound"] - bare_await)
            for form in ("async with track(…)", "async with a shared track")
        ),
        *_floors(plain, coroutines),
        *_handles(effort),
    ]
    return rows


def _floors(plain: dict[str, float], coroutines: dict[str, float]) -> list[Result]:
    """Return what the forms take that do nothing."""
    return [
        Result(
            f"floor: {form} that does nothing, against pre-bound children",
            "µs",
            found[f"floor: {form}"] - found["bare"],
            found["pre-bound"] - found["bare"],
        )
        for form, found in (
            ("with an object made for it", plain),
            ("with a shared object", plain),
            ("async with an object made for it", coroutines),
            ("async with a shared object", coroutines),
        )
    ]


def _row(form: str, ours: float, peer: float) -> Result:
    return Result(f"form: {form}, against pre-bound children", "µs", ours, peer, GOAL)


def _plain() -> dict[str, Call]:
    recorder = Recorder()
    shared = track(LABELS[3], **STORE, recorder=recorder)
    in_context = track(LABELS[3], recorder=recorder)(bare)

    def with_context(query: str) -> str:
        with store_context(**STORE):
            result: str = in_context(query)
            return result

    def block(query: str) -> str:
        with track(LABELS[3], **STORE, recorder=recorder):
            return bare(query)

    def shared_block(query: str) -> str:
        with shared:
            return bare(query)

    def failed_block(query: str) -> str:
        with shared as operation:
            operation.fail("out_of_stock")
            return bare(query)

    def items(query: str) -> Iterator[str]:
        yield query

    def drained(function: Callable[[str], Iterator[str]]) -> Call:
        def call(query: str) -> None:
            for _ in function(query):
                pass

        return call

    return {
        "bare": bare,
        "pre-bound": peers.prebound(bare),
        "store_context": with_context,
        "with track(…)": block,
        "with a shared track": shared_block,
        "operation.fail": failed_block,
        "pre-bound refusal": peers.prebound_refusal(bare),
        "bare failure": _suppressed(bare_failure),
        "failure": _suppressed(shared(bare_failure)),
        "pre-bound failure": _suppressed(peers.prebound_with_errors(bare_failure)),
        "bare generator": drained(items),
        "generator": drained(shared(items)),
        "pre-bound generator": drained(peers.prebound_generator(items)),
    }


def _empty() -> dict[str, Call]:
    nothing = _Nothing(LABELS[3])

    def block(query: str) -> str:
        with _Nothing(LABELS[3], **STORE, recorder=None):
            return bare(query)

    def shared_block(query: str) -> str:
        with nothing:
            return bare(query)

    return {
        "floor: with an object made for it": block,
        "floor: with a shared object": shared_block,
    }


def _suppressed(function: Call) -> Call:
    def call(query: str) -> None:
        with suppress(StoreError):
            function(query)

    return call


def _best(forms: dict[str, Call], effort: Effort) -> dict[str, float]:
    """Return the microseconds of processor time of the quickest of interleaved rounds."""
    best = dict.fromkeys(forms, float("inf"))
    for _ in range(effort.rounds):
        for name, call in forms.items():
            seconds = timeit(
                "call('shoes')", globals={"call": call}, number=effort.calls, timer=process_time
            )
            best[name] = min(best[name], seconds / effort.calls * 1e6)
    return best


def _best_coroutines(effort: Effort) -> dict[str, float]:
    recorder = Recorder()
    shared = track(LABELS[3], **STORE, recorder=recorder)

    async def block(query: str) -> str:
        async with track(LABELS[3], **STORE, recorder=recorder):
            return await bare_coroutine(query)

    async def shared_block(query: str) -> str:
        async with shared:
            return await bare_coroutine(query)

    nothing = _Nothing(LABELS[3])

    async def empty_block(query: str) -> str:
        async with _Nothing(LABELS[3], **STORE, recorder=recorder):
            return await bare_coroutine(query)

    async def shared_empty_block(query: str) -> str:
        async with nothing:
            return await bare_coroutine(query)

    forms: dict[str, Call] = {
        "floor: async with an object made for it": empty_block,
        "floor: async with a shared object": shared_empty_block,
        "bare": bare_coroutine,
        "pre-bound": peers.prebound_coroutine(bare_coroutine),
        "async with track(…)": block,
        "async with a shared track": shared_block,
    }

    async def repeat(call: Call) -> float:
        start = process_time()
        for _ in range(effort.calls):
            await call("shoes")
        return process_time() - start

    best = dict.fromkeys(forms, float("inf"))
    for _ in range(effort.rounds):
        for name, call in forms.items():
            best[name] = min(best[name], asyncio.run(repeat(call)) / effort.calls * 1e6)
    return best


def _handles(effort: Effort) -> list[Result]:
    """What a call costs where there are many label sets, each called in turn."""
    number = effort.histograms
    recorder = Recorder(max_series=number, max_series_per_org=number)
    calls = [
        track(
            "search_products",
            org="acme",
            domain=f"{n}.example.com",
            platform="x",
            recorder=recorder,
        )(bare)
        for n in range(number)
    ]
    counters, histograms = peers.instruments()
    peer = [
        peers.wrapped(bare, counters.labels(*labels), histograms.labels(*labels))
        for labels in (("acme", f"{n}.example.com", "x", "search_products") for n in range(number))
    ]
    rounds = max(2, 60_000 * effort.runs // number)

    def each(functions: list[Call]) -> float:
        best = float("inf")
        for _ in range(3):
            start = process_time()
            for _ in range(rounds):
                for function in functions:
                    function("shoes")
            best = min(best, (process_time() - start) / rounds / number * 1e6)
        return best

    for functions in (calls, peer):
        each(functions)
    bare_cost = each([bare] * number)
    ours, theirs = each(calls) - bare_cost, each(peer) - bare_cost
    name = f"call: {number:,} label sets in turn, against prometheus_client, pre-bound"
    return [Result(name, "µs", ours, theirs, 1 / 3)]
