"""The peers, used as their documentation shows."""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

from store_exporter.metrics.catalogue.operations import LATENCY_BUCKETS, OPERATION_LABELS

Call = Callable[..., Any]

VALUES = ("acme", "shop.example.com", "woocommerce", "search_products")


def durations(number: int) -> list[float]:
    """Return durations as a shop's: most near 0.14 s, some of a few seconds; always the same."""
    source = random.Random(1)
    return [source.lognormvariate(-2, 1) for _ in range(number)]


def wrap(function: Call) -> dict[str, Call]:
    """Return the function instrumented by each peer that is installed."""
    wrapped = {
        "prometheus_client, labels() each time": _labels_each_time(function),
        "prometheus_client, pre-bound": prebound(function),
    }
    for name, wrap_by in (("autometrics", _autometrics), ("OpenTelemetry SDK", _opentelemetry)):
        try:
            wrapped[name] = wrap_by(function)
        except ImportError:
            sys.stderr.write(
                f"{name} is not installed here and is left out; scripts/bench has it\n"
            )
    return wrapped


def instruments() -> tuple[Counter, Histogram]:
    """Return a counter and a histogram with our names, labels and buckets."""
    registry = CollectorRegistry()
    return (
        Counter("store_operations", "Finished.", OPERATION_LABELS, registry=registry),
        Histogram(
            "store_operation_duration_seconds",
            "How long.",
            OPERATION_LABELS,
            buckets=LATENCY_BUCKETS,
            registry=registry,
        ),
    )


def _labels_each_time(function: Call) -> Call:
    counter, histogram = instruments()

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            counter.labels(*VALUES).inc()
            histogram.labels(*VALUES).observe(perf_counter() - start)

    return wrapper


def prebound(function: Call) -> Call:
    counters, histograms = instruments()
    return wrapped(function, counters.labels(*VALUES), histograms.labels(*VALUES))


def wrapped(function: Call, counter: Counter, histogram: Histogram) -> Call:
    """Return the function measured by these children."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            counter.inc()
            histogram.observe(perf_counter() - start)

    return wrapper


def prebound_coroutine(function: Call) -> Call:
    counters, histograms = instruments()
    counter, histogram = counters.labels(*VALUES), histograms.labels(*VALUES)

    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        try:
            return await function(*args, **kwargs)
        finally:
            counter.inc()
            histogram.observe(perf_counter() - start)

    return wrapper


def prebound_with_errors(function: Call) -> Call:
    """Return the function with a counter of errors as well, for operations that fail."""
    counters, histograms = instruments()
    counter, histogram = counters.labels(*VALUES), histograms.labels(*VALUES)
    error = _errors().labels(*VALUES, "out_of_stock")

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        try:
            return function(*args, **kwargs)
        except Exception:
            error.inc()
            raise
        finally:
            counter.inc()
            histogram.observe(perf_counter() - start)

    return wrapper


def prebound_refusal(function: Call) -> Call:
    """Return the function counted as failed each time, though it raises nothing."""
    counters, histograms = instruments()
    counter, histogram = counters.labels(*VALUES), histograms.labels(*VALUES)
    error = _errors().labels(*VALUES, "out_of_stock")

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        try:
            error.inc()
            return function(*args, **kwargs)
        finally:
            counter.inc()
            histogram.observe(perf_counter() - start)

    return wrapper


def _errors() -> Counter:
    return Counter(
        "store_operation_errors", "Failed.", (*OPERATION_LABELS, "error_type"), registry=None
    )


def prebound_by_context(function: Call) -> Call:
    """Return the function in a context that names the store, and measured by the store's children.

    As a server of many tenants does: children fixed beforehand could only count for one of them.
    """
    counters, histograms = instruments()
    store: ContextVar[tuple[str, str, str]] = ContextVar("store")
    children = {VALUES[:3]: (counters.labels(*VALUES), histograms.labels(*VALUES))}
    org, domain, platform, _ = VALUES

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        counter, histogram = children[store.get()]
        start = perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            counter.inc()
            histogram.observe(perf_counter() - start)

    def block(query: str) -> Any:
        token = store.set((org, domain, platform))
        try:
            return wrapper(query)
        finally:
            store.reset(token)

    return block


def prebound_generator(function: Call) -> Call:
    """Return the generator function measured while it works, and not while its consumer does.

    `yield from` would be quicker, and count the consumer's time as the shop's.
    """
    counters, histograms = instruments()
    counter, histogram = counters.labels(*VALUES), histograms.labels(*VALUES)

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        seconds, start = 0.0, perf_counter()
        try:
            generator = function(*args, **kwargs)
            while True:
                try:
                    item = next(generator)
                except StopIteration as stop:
                    return stop.value
                seconds += perf_counter() - start
                yield item
                start = perf_counter()
        finally:
            counter.inc()
            histogram.observe(seconds + perf_counter() - start)

    return wrapper


def _autometrics(function: Call) -> Call:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from autometrics import autometrics, init  # type: ignore[import-not-found,unused-ignore]

        init(tracker="prometheus")
        wrapped: Call = autometrics(function)
    return wrapped


def _opentelemetry(function: Call) -> Call:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    # The reader would otherwise be collected, and the instruments would record nothing.
    provider = MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)
    meter = provider.get_meter("benchmark")
    counter = meter.create_counter("store.operations")
    histogram = meter.create_histogram("store.operation.duration", "s")
    attributes = dict(zip(OPERATION_LABELS, VALUES, strict=True))

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            counter.add(1, attributes)
            histogram.record(perf_counter() - start, attributes)

    wrapper.provider = provider  # type: ignore[attr-defined]
    return wrapper
