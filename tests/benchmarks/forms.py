"""What the forms of use cost that are not the fixed decorator, against pre-bound children.

The peer is what a careful programmer writes with prometheus_client for the same figures: children
looked up beforehand, a counter and a histogram, and a counter of errors where operations fail. It
does the same work, and no more than it must: where ours follows a context, so does the peer; where
ours leaves out what a consumer takes between two items, so does the peer. Ours also finds its
labels when a block begins, and counts errors and operations in progress in every form.

OpenTelemetry is hidden meanwhile, for the peer looks for no traces; what that costs a failure is in
the rows of calls.

Rows named `floor` do nothing at all in the same syntax: what CPython takes for a form, whoever
writes it. Where a floor is near the goal, no instrumentation can meet it in that form.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from time import process_time
from typing import Any
from unittest.mock import patch

from store_exporter import Recorder, store_context, track

from . import peers
from .calls import (
    DOMAIN,
    OPERATION,
    ORG,
    PLATFORM,
    STORE,
    bare,
    bare_coroutine,
    bare_failure,
    suppressed,
)
from .effort import Effort
from .result import Result
from .timing import Figures, above, compared, timed, timed_coroutines

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
    with patch.dict(sys.modules):
        sys.modules.pop("opentelemetry.trace", None)
        return _measure(effort)


def _measure(effort: Effort) -> list[Result]:
    plain = timed({**_plain(), **_empty()}, effort)
    coroutines = timed_coroutines(_coroutines(), effort)

    def row(form: str, peer: str = "pre-bound", base: str = "bare") -> Result:
        return _row(form, above(plain[form], plain[base]), above(plain[peer], plain[base]))

    bare_await = coroutines["bare"]
    awaiting_peer = above(coroutines["pre-bound"], bare_await)
    return [
        row("store_context", "pre-bound by context"),
        row("with track(…)"),
        row("with a shared track"),
        row("operation.fail", "pre-bound refusal"),
        row("failing call", "pre-bound failure", "bare failure"),
        row("generator", "pre-bound generator", "bare generator"),
        *(
            _row(form, above(coroutines[form], bare_await), awaiting_peer)
            for form in ("async with track(…)", "async with a shared track")
        ),
        *_floors(plain, coroutines),
        *_handles(effort),
    ]


def _floors(plain: dict[str, Figures], coroutines: dict[str, Figures]) -> list[Result]:
    """Return what the forms take that do nothing."""
    return [
        compared(
            f"floor: {form} that does nothing, against pre-bound children",
            above(found[f"floor: {form}"], found["bare"]),
            above(found["pre-bound"], found["bare"]),
        )
        for form, found in (
            ("with an object made for it", plain),
            ("with a shared object", plain),
            ("async with an object made for it", coroutines),
            ("async with a shared object", coroutines),
        )
    ]


def _row(form: str, ours: Figures, peer: Figures) -> Result:
    return compared(f"form: {form}, against pre-bound children", ours, peer, GOAL)


def _plain() -> dict[str, Call]:
    recorder = Recorder()
    shared = track(OPERATION, **STORE, recorder=recorder)
    in_context = track(OPERATION, recorder=recorder)(bare)

    def with_context(query: str) -> str:
        with store_context(org=ORG, domain=DOMAIN, platform=PLATFORM):
            result: str = in_context(query)
            return result

    def block(query: str) -> str:
        with track(OPERATION, org=ORG, domain=DOMAIN, platform=PLATFORM, recorder=recorder):
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
        "pre-bound by context": peers.prebound_by_context(bare),
        "store_context": with_context,
        "with track(…)": block,
        "with a shared track": shared_block,
        "operation.fail": failed_block,
        "pre-bound refusal": peers.prebound_refusal(bare),
        "bare failure": suppressed(bare_failure),
        "failing call": suppressed(shared(bare_failure)),
        "pre-bound failure": suppressed(peers.prebound_with_errors(bare_failure)),
        "bare generator": drained(items),
        "generator": drained(shared(items)),
        "pre-bound generator": drained(peers.prebound_generator(items)),
    }


def _empty() -> dict[str, Call]:
    nothing = _Nothing(OPERATION)

    def block(query: str) -> str:
        with _Nothing(OPERATION, org=ORG, domain=DOMAIN, platform=PLATFORM):
            return bare(query)

    def shared_block(query: str) -> str:
        with nothing:
            return bare(query)

    return {
        "floor: with an object made for it": block,
        "floor: with a shared object": shared_block,
    }


def _coroutines() -> dict[str, Call]:
    recorder = Recorder()
    shared = track(OPERATION, **STORE, recorder=recorder)

    async def block(query: str) -> str:
        async with track(OPERATION, org=ORG, domain=DOMAIN, platform=PLATFORM, recorder=recorder):
            return await bare_coroutine(query)

    async def shared_block(query: str) -> str:
        async with shared:
            return await bare_coroutine(query)

    nothing = _Nothing(OPERATION)

    async def empty_block(query: str) -> str:
        async with _Nothing(
            OPERATION, org=ORG, domain=DOMAIN, platform=PLATFORM, recorder=recorder
        ):
            return await bare_coroutine(query)

    async def shared_empty_block(query: str) -> str:
        async with nothing:
            return await bare_coroutine(query)

    return {
        "floor: async with an object made for it": empty_block,
        "floor: async with a shared object": shared_empty_block,
        "bare": bare_coroutine,
        "pre-bound": peers.prebound_coroutine(bare_coroutine),
        "async with track(…)": block,
        "async with a shared track": shared_block,
    }


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

    def each(functions: Sequence[Call]) -> float:
        best = float("inf")
        for _ in range(3):
            start = process_time()
            for _ in range(rounds):
                for function in functions:
                    function("shoes")
            best = min(best, (process_time() - start) / rounds / number * 1e6)
        return best

    each(calls)
    each(peer)
    bare_cost = each([bare] * number)
    ours, theirs = each(calls) - bare_cost, each(peer) - bare_cost
    name = f"call: {number:,} label sets in turn, against prometheus_client, pre-bound"
    return [Result(name, "µs", ours, theirs, 1 / 3)]
