"""`store-exporter probe`: run a store's probes and collectors once, and print the results."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator
from typing import Any

from ..config import Config
from ..errors import ERROR_TYPES
from ..metrics.catalogue import business, health, metrics_of
from ..metrics.recorder import Recorder
from ..platforms import base
from ..probing.jobs import jobs_of
from ..probing.results.result import Result
from ..probing.runner import Runner
from ..probing.transport import Transport
from ..stores.model import Store
from .support import arguments, stores, terminal

# The figures about the store; the others are about the run, which is printed separately.
_FIGURES = (
    health.INFO,
    health.TLS_EXPIRY,
    *(metric for metric in metrics_of(business) if "collector" not in metric.labels),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("domain", help="the store's host name, as in the configuration")
    arguments.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Probe and print; 1 when anything failed, 2 when there is no such store."""
    arguments.silence_log()
    config = stores.read_config(args)
    return asyncio.run(_probe(config, args))


async def _probe(config: Config, args: argparse.Namespace) -> int:
    (store,) = await stores.stores_of(config, [args.domain])
    recorder, transport = Recorder(), Transport()
    # Without saved documents, the run does not change the exporter's counters.
    runner = Runner(recorder, transport)
    results = []
    if args.format == "text":
        print(f"{store.domain} ({base.load(store.platform).title}, org {store.org}) at {store.url}")
    try:
        for job in jobs_of(store):
            result = await runner.run_anyway(job)
            results.append(result)
            if args.format == "text":
                print("\n".join(("", *_lines(result))), flush=True)
    finally:
        await transport.close()
    known = runner.health(store.domain)
    state = known.state.value if known is not None else "unknown"
    figures = list(_figures(recorder))
    if args.format == "json":
        print(json.dumps(_document(store, state, results, figures), indent=2))
    else:
        print("\n".join(("", *_summary(state, results, figures))))
    return 0 if all(result.ok for result in results) else 1


def _lines(result: Result) -> Iterator[str]:
    mark = "FAIL" if not result.ok else "warn" if result.degraded else "ok"
    yield f"{mark:<5} {result.kind} {result.name} ({result.duration:.3f} s)"
    for what, sentence in _details(result):
        yield from terminal.wrapped(f"      {what:<9} ", sentence, terminal.width())


def _details(result: Result) -> Iterator[tuple[str, str]]:
    for line in result.lines:
        yield "request", line
    if result.phases:
        yield "phases", ", ".join(f"{name} {took:.3f} s" for name, took in result.phases.items())
    if result.error_type is not None:
        error = ERROR_TYPES[result.error_type]
        yield "failed", f"{error.name}: {result.message}"
        yield "means", f"{error.meaning} Fault: {error.fault}."
        yield "do", error.advice
    elif result.summary:
        yield "found", result.summary
    for reason in result.degraded:
        yield "degraded", reason


def _summary(
    state: str, results: list[Result], figures: list[tuple[str, dict[str, str], float]]
) -> Iterator[str]:
    if figures:
        yield "Figures (counters start with this run; those of the exporter do not change):"
    for name, labels, value in figures:
        inner = ", ".join(f'{label}="{text}"' for label, text in labels.items())
        yield f"  {name}{{{inner}}} {value:.15g}" if inner else f"  {name} {value:.15g}"
    requests = sum(result.requests for result in results)
    good = sum(result.ok for result in results)
    yield (
        f"{good} of {len(results)} succeeded with {requests} requests; "
        f"the store would be shown as {state}."
    )


def _figures(recorder: Recorder) -> Iterator[tuple[str, dict[str, str], float]]:
    """Yield the store's figures without the labels that are the same for all of them."""
    own = len(health.STORE_LABELS)
    for family in recorder.families():
        if family.metric not in _FIGURES:
            continue
        names = family.metric.labels[own:]
        for values, value in family.series:
            if isinstance(value, int | float):
                labels = dict(zip(names, values[own:], strict=True))
                yield family.metric.name, labels, value


def _document(
    store: Store,
    state: str,
    results: list[Result],
    figures: list[tuple[str, dict[str, str], float]],
) -> dict[str, Any]:
    return {
        "domain": store.domain,
        "org": store.org,
        "platform": store.platform,
        "health": state,
        "checks": [_check(result) for result in results],
        "figures": [
            {"metric": name, "labels": labels, "value": value} for name, labels, value in figures
        ],
    }


def _check(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = {
        "kind": result.kind,
        "name": result.name,
        "ok": result.ok,
        "duration_seconds": round(result.duration, 6),
        "status": result.status,
        "summary": result.summary,
        "degraded": list(result.degraded),
        "requests": list(result.lines),
        "phases_seconds": {name: round(took, 6) for name, took in result.phases.items()},
        "error": None,
    }
    if result.error_type is not None:
        error = ERROR_TYPES[result.error_type]
        document["error"] = {
            "type": error.name,
            "fault": error.fault.value,
            "message": result.message,
            "meaning": error.meaning,
            "advice": error.advice,
        }
    return document
