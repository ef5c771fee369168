"""`/probe?target=<domain>&module=<probe>`: one probe of one configured store, now.

No part of the request becomes an address. The target is looked up among the configured stores, and
the store's own configuration has its address.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Any

from aiohttp import web

from ..metrics.exposition import render, render_text
from ..metrics.families import Family
from ..metrics.recorder import Recorder
from ..mounts.aiohttp import send
from ..probing.jobs import PROBE, Job, jobs_of
from ..probing.results.result import Result
from ..stores.model import Secret, Store
from .exporter import Exporter
from .places import FullError, Places

TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
MAX_PROBES = 32
_RESERVE = 0.5
"""Seconds of Prometheus' timeout that are reserved for the response."""
_SHORTEST = 0.1
_BUSY = "another run of it still goes on"
_SLACK = 0.4
"""Seconds within which the end of a probe's deadline is recorded."""


class Probing:
    """Serves `/probe`."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._places = Places(MAX_PROBES)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Probe one store and return the metrics of this probe alone."""
        query = request.query
        store = self._exporter.inventory.stores.get(query.get("target", "").lower())
        if store is None:
            return _refused("target must be the domain of a configured store; /sd lists them")
        probes = [job for job in jobs_of(store) if job.kind == PROBE]
        job = _job(probes, query.get("module", ""))
        if job is None:
            names = ", ".join(job.name for job in probes)
            return _refused(f"module must be a probe that this store runs: {names}")
        try:
            timeout = _timeout(job, request.headers.get(TIMEOUT_HEADER))
        except ValueError:
            return _refused(f"{TIMEOUT_HEADER} must be a number of seconds")
        job = replace(job, schedule=replace(job.schedule, timeout=timeout))
        return await self._respond(request, job)

    async def _respond(self, request: web.Request, job: Job) -> web.StreamResponse:
        """Run a probe and return its metrics, or a debug report for people."""
        recorder = Recorder()
        try:
            result = await self._run(job, recorder)
        except (FullError, TimeoutError) as error:
            full = isinstance(error, FullError)
            return _unavailable("too many probes at the same time" if full else _BUSY)
        if request.query.get("debug") == "true":
            text = await asyncio.to_thread(debug_text, job, result, recorder)
            return web.Response(text=self._exporter.redact(text))
        if result.skipped:
            # The figures would say something about the store that is only true of this exporter.
            return _unavailable(self._exporter.redact(result.message))
        headers = request.headers
        rendered = render(
            _of_stores(recorder), headers.get("Accept"), headers.get("Accept-Encoding")
        )
        response = web.StreamResponse(headers=rendered.headers)
        await send(request, response, rendered.chunks)
        return response

    async def _run(self, job: Job, recorder: Recorder) -> Result:
        """Run a probe, if it can start within the time that Prometheus has."""
        runner = self._exporter.single(recorder)
        # Waiting for a slot of our own does not count against the store, but Prometheus waits no
        # longer than it said.
        with self._places.occupied():
            async with asyncio.timeout(job.schedule.timeout + _SLACK):
                return await runner.run_anyway(job, reserve=False)


def _unavailable(message: str) -> web.Response:
    return web.Response(status=503, text=f"{message}\n")


def _refused(message: str) -> web.Response:
    return web.Response(status=400, text=f"{message}\n")


def _job(probes: Iterable[Job], module: str) -> Job | None:
    return next(
        (job for job in probes if job.name == module or (not module and job.liveness)), None
    )


def _timeout(job: Job, header: str | None) -> float:
    """Return the smaller of the probe's timeout and what Prometheus has left, if that is a time."""
    if header is None:
        return job.schedule.timeout
    seconds = float(header)
    if not math.isfinite(seconds) or seconds <= 0:
        raise ValueError("not a number of seconds")
    return min(job.schedule.timeout, max(seconds - _RESERVE, _SHORTEST))


def _of_stores(recorder: Recorder) -> Iterator[Family]:
    """Omit metrics about the exporter itself, which `/metrics` has."""
    for family in recorder.families():
        if not family.metric.name.startswith("store_exporter_"):
            yield family


def debug_text(job: Job, result: Result, recorder: Recorder) -> str:
    """Return a report of a probe: its log, its metrics and the store's configuration."""
    outcome = "succeeded" if result.ok else f"failed: {result.error_type}: {result.message}"
    log = [
        f"probe {job.name} of {job.store.domain}, timeout {job.schedule.timeout:g} s",
        *result.lines,
        *(f"degraded: {reason}" for reason in result.degraded),
        *([result.summary] if result.summary else []),
        f"{outcome} after {result.duration:.3f} s; requests: {result.requests}",
    ]
    metrics = b"".join(render_text(_of_stores(recorder))).decode()
    return (
        "Log of this probe:\n"
        + "".join(f"  {line}\n" for line in log)
        + f"\nMetrics of this probe:\n{metrics}"
        + f"\nConfiguration of this store:\n{configuration(job.store)}\n"
    )


def configuration(store: Store) -> str:
    """Write a store's effective configuration as JSON, secrets masked."""
    return json.dumps(asdict(store), indent=2, default=_plain)


def _plain(value: Any) -> Any:
    """Convert a value that JSON cannot represent; mask a secret."""
    return str(value) if isinstance(value, Secret) else repr(value)
