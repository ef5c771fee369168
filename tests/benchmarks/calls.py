"""What one instrumented call costs above the bare call, in every form, ours and the peers'.

The peers do what their own documentation shows, with four attributes: a counter and a histogram.
Ours also counts errors and operations in progress, and fills a native histogram. All wrappers take
any arguments. Every form runs in turn, in many short rounds; processor time counts, and the fastest
round of each, as the one that was disturbed least. Our folding of durations is in the figures: each
round is longer than the longest batch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from time import process_time
from timeit import timeit
from typing import Any, TypedDict
from unittest.mock import patch

from store_exporter import Recorder, StoreError, bind, store_context, track
from store_exporter.calls.book import CallBook

from . import peers
from .effort import Effort
from .result import Result
from .timing import Figures, above, alone, compared, timed, timed_coroutines


class Shop(TypedDict):
    org: str
    domain: str
    platform: str


LABELS = ("acme", "shop.example.com", "woocommerce", "search_products")
STORE: Shop = {"org": LABELS[0], "domain": LABELS[1], "platform": LABELS[2]}

ORG, DOMAIN, PLATFORM, OPERATION = LABELS
_VALUES = LABELS[:3]

Call = Callable[[str], Any]

_LATE = ("labels in the call", "labels in the context")
_OTHERS = ("decorator with a predicate", "with track(…)", "with a shared track", "with bind")


def bare(query: str) -> str:
    """Stand for the operation: it does nothing, so that only the measuring is measured."""
    return query


def bare_failure(query: str) -> str:
    raise StoreError("out_of_stock", query)


async def bare_coroutine(query: str) -> str:
    return query


def measure(effort: Effort) -> list[Result]:
    with store_context(**STORE):
        plain = _above(bare, {**_ours(), **peers.wrap(bare)}, effort)
        failures = _above(
            suppressed(bare_failure),
            {
                "ours": suppressed(_ours_with(bare_failure)),
                "remembered": suppressed(_ours_with(bare_failure, CallBook())),
            },
            effort,
        )
        coroutines = _above_coroutine(effort)
    targets = [
        ("decorator", "prometheus_client, labels() each time", 1 / 8),
        ("decorator", "prometheus_client, pre-bound", 1 / 3),
        ("decorator", "autometrics", 1 / 12),
        ("decorator", "OpenTelemetry SDK", 1 / 35),
        *((form, "prometheus_client, labels() each time", 1 / 8) for form in _LATE),
        *((form, "prometheus_client, labels() each time", None) for form in _OTHERS),
        ("labels in the call", "OpenTelemetry SDK", None),
    ]
    return [
        *(
            compared(f"call: {form}, against {peer}", plain[form], plain[peer], target)
            for form, peer, target in targets
            if peer in plain
        ),
        compared(
            "call: coroutine, against prometheus_client, pre-bound",
            coroutines["ours"],
            coroutines["peer"],
            1 / 3,
        ),
        alone("call: decorator, when the operation fails", failures["ours"]),
        alone("call: the same, with recent calls", failures["remembered"]),
        *_spans(effort),
        _threads(effort),
        _spread(effort),
    ]


def _ours() -> dict[str, Call]:
    recorder = Recorder()
    tracker = track(LABELS[3], **STORE, recorder=recorder)
    bound = bind(**STORE, recorder=recorder)

    def block(query: str) -> str:
        with track(OPERATION, org=ORG, domain=DOMAIN, platform=PLATFORM, recorder=recorder):
            return bare(query)

    def shared_block(query: str) -> str:
        with tracker:
            return bare(query)

    def bound_block(query: str) -> str:
        with bound(LABELS[3]):
            return bare(query)

    return {
        "decorator": tracker(bare),
        "decorator with a predicate": track(
            LABELS[3],
            failure=lambda _: None,
            recorder=recorder,
            **STORE,
        )(bare),
        "labels in the call": track(LABELS[3], labels=lambda _: _VALUES, recorder=recorder)(bare),
        "labels in the context": track(LABELS[3], recorder=recorder)(bare),
        "with track(…)": block,
        "with a shared track": shared_block,
        "with bind": bound_block,
    }


def _ours_with(function: Call, calls: CallBook | None = None) -> Call:
    recorder = Recorder()
    if calls is not None:
        recorder.calls = calls
    return track(LABELS[3], **STORE, recorder=recorder)(function)


def _spans(effort: Effort) -> list[Result]:
    """Return what a span costs more, beside one that OpenTelemetry's own decorator opens."""
    try:
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
    except ImportError:
        return []
    provider = TracerProvider(shutdown_on_exit=False)
    tracer = provider.get_tracer("benchmark")
    attributes = dict(zip(("org", "domain", "platform", "operation"), LABELS, strict=True))
    peer = tracer.start_as_current_span(LABELS[3], attributes=attributes)(bare)
    with patch.object(trace, "_TRACER_PROVIDER", provider):
        found = _above(bare, {"ours": _ours_with(bare), "peer": peer}, effort)
    name = "call: decorator with a span, against OpenTelemetry's span alone"
    return [compared(name, found["ours"], found["peer"])]


def suppressed(function: Call) -> Call:
    def call(query: str) -> None:
        with suppress(StoreError):
            function(query)

    return call


def _above(base: Call, forms: dict[str, Call], effort: Effort) -> dict[str, Figures]:
    """Return what each form takes above the bare call."""
    found = timed({"": base, **forms}, effort)
    return {name: above(found[name], found[""]) for name in forms}


def _above_coroutine(effort: Effort) -> dict[str, Figures]:
    forms = {
        "": bare_coroutine,
        "ours": _ours_with(bare_coroutine),
        "peer": peers.prebound_coroutine(bare_coroutine),
    }
    found = timed_coroutines(forms, effort)
    return {name: above(figures, found[""]) for name, figures in found.items()}


def _threads(effort: Effort) -> Result:
    """Eight threads that call the same operation: the time of all calls by their number."""
    forms = {"": bare, "ours": _ours_with(bare), "peer": peers.prebound(bare)}
    best = dict.fromkeys(forms, float("inf"))
    for _ in range(max(2, effort.rounds // 5)):
        for name, call in forms.items():
            best[name] = min(best[name], _by_eight(call, effort.calls))
    return Result(
        "8 threads: decorator, against prometheus_client, pre-bound",
        "µs",
        best["ours"] - best[""],
        best["peer"] - best[""],
        1 / 3,
    )


def _by_eight(call: Call, calls: int) -> float:
    begin = threading.Barrier(9)

    def work() -> None:
        begin.wait()
        timeit("call('shoes')", globals={"call": call}, number=calls)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    begin.wait()
    start = process_time()
    for thread in threads:
        thread.join()
    return (process_time() - start) / (8 * calls) * 1e6


def _spread(effort: Effort) -> Result:
    """What folding costs more for durations as real ones are: spread over many buckets."""
    spread = peers.durations(effort.calls)
    alike = [0.1] * effort.calls
    best = {"spread": float("inf"), "alike": float("inf")}
    for _ in range(effort.rounds):
        for name, durations in (("spread", spread), ("alike", alike)):
            handle = Recorder().operation(*LABELS)
            start = process_time()
            for seconds in durations:
                handle.start()
                handle.finish(seconds)
            best[name] = min(best[name], (process_time() - start) / effort.calls * 1e6)
    more = best["spread"] - best["alike"]
    return Result("call: more for durations that are spread widely", "µs", max(more, 0.0))
