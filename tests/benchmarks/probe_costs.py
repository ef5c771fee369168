"""What one liveness probe takes, beside blackbox_exporter's and beside clients that only request.

Each side makes some hundred probes in turn, of which the processor time counts: a window's ratio is
of one moment, and the median counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from . import probes
from .effort import Effort
from .result import Result, Spread
from .sides import blackbox, running, tls_store

_FLOORS = ("asyncio", "aiohttp")
"""Clients of `floors` that are measured beside our probes."""


def rows(found: dict[str, Any]) -> list[Result]:
    """Return the rows of what `measured` found."""
    floor = Result(
        "floor: a kept TLS connection in OpenSSL alone: memory", "KB", found["floor"] / 1e3
    )
    floors = [
        (f"floor: {client} alone over a {kind} TLS connection", f"{client} {kind}", None)
        for client in _FLOORS
        for kind in ("fresh", "kept")
    ]
    results = [floor]
    for name, kind, target in (
        ("probe over a fresh TLS connection", "fresh", 1.0),
        ("probe over a kept TLS connection", "kept", 1 / 4),
        *floors,
    ):
        ours, peer = found[kind], found.get("blackbox")
        if not peer:
            results.append(Result(name, "µs", median(ours), spread=Spread.of(ours)))
            continue
        ratios = [one / other for one, other in zip(ours, peer, strict=True)]
        results.append(
            Result(
                f"{name}, against blackbox_exporter's",
                "µs",
                median(ours),
                median(peer),
                target,
                Spread.of(ratios),
            )
        )
    return results


def measured(place: Path, effort: Effort) -> dict[str, Any]:
    """Return the processor time of one probe in µs, ours and the peer's, for each window."""
    count = round(effort.rate * effort.seconds)
    with ExitStack() as stack:
        closing = stack.enter_context(tls_store(place, "close"))
        keeping = stack.enter_context(tls_store(place, "keep"))
        ours = {
            f"{client} {kind}".lstrip(): stack.enter_context(_client(place, client, port))
            for client in ("", *_FLOORS)
            for kind, port in (("fresh", closing), ("kept", keeping))
        }
        floor = float(subprocess.check_output(_command(place, "memory", keeping)))
        peer = stack.enter_context(blackbox(place, closing))
        found: dict[str, list[float]] = {name: [] for name in ours}
        for process in ours.values():
            # What is kept is there before it is measured.
            _run(process, 2 * min(probes.STORES, count))
        if peer is not None:
            found["blackbox"] = []
            peer.drive(count)
        for _ in range(effort.windows):
            for name, process in ours.items():
                found[name].append(_run(process, count) / count * 1e6)
            if peer is not None:
                before = peer.processor()
                peer.drive(count)
                found["blackbox"].append((peer.processor() - before) / count * 1e6)
    return {**found, "floor": floor}


def _run(process: subprocess.Popen[bytes], count: int) -> float:
    """Have a process run so many probes; returns the processor time that they took, in seconds."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{count}\n".encode())
    process.stdin.flush()
    told = json.loads(process.stdout.readline())
    if told["good"] != count:
        raise OSError(f"{count - told['good']} of {count} probes failed, so that nothing is proven")
    seconds: float = told["seconds"]
    return seconds


@contextmanager
def _client(place: Path, client: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    with running(*_command(place, client, port)) as process:
        yield process


def _command(place: Path, client: str, port: int) -> tuple[str, ...]:
    """Return what runs our probes, or the client of a floor."""
    what = ("floors", client) if client else ("probes",)
    return (
        sys.executable,
        "-m",
        f"tests.benchmarks.{what[0]}",
        *what[1:],
        str(port),
        f"{place / 'ca.pem'}",
    )
