"""What a real Prometheus says is what happened: births, bursts, restarts, crashes and replicas.

Processes live and die by a random schedule, and the Prometheis stand still now and then. At the end
the calls are compared, to the unit, with the growth of the samples that each of two Prometheis
stored, and with the analytics API's figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest

from store_demo.ports import free_ports
from store_exporter.errors import ERROR_TYPES
from store_exporter.server.api import prometheus as asked
from store_exporter.server.api.analytics import Filters
from tests.servers import Server, eventually, prometheus

ROOT = Path(__file__).parents[2]
LIVES = 3
INTERVAL = 1.0
PROTOCOLS = {
    "text": "PrometheusText0.0.4",
    "openmetrics": "OpenMetricsText1.0.0",
    "native": "PrometheusProto",
}
"""How each org's process is scraped."""
OPERATIONS = ("search_products", "get_cart", "add_to_cart", "apply_coupon_to_cart")
FAILURES = ("out_of_stock", "invalid_coupon", "timeout", "server_error", "dns")

Call = tuple[str, str | None]
Key = tuple[str, ...]


class Shop:
    """A process that runs operations and serves its metrics; killed when the block ends."""

    def __init__(self, port: int, org: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mounts.shop", str(port), org],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        self._expect("ready")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, calls: list[Call]) -> None:
        """Run operations."""
        self._write(json.dumps(calls))
        self._expect("done")

    def show(self) -> None:
        """Have the scrapers get everything."""
        self._write("[]")
        self._expect("seen")

    def end(self) -> None:
        """Let it end by itself."""
        self._write("")
        self._process.wait(60)

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _expect(self, word: str) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == f"{word}\n"


class Standstill:
    """Stops each server now and then for about a scrape, so that it gives up on answers it got.

    At the end of a process its last answers have to be read, or nobody ever reads them.
    """

    def __init__(self, servers: list[Server], seed: int) -> None:
        self._servers = servers
        self._random = random.Random(f"{seed} standstill")
        self._free = threading.Condition()
        self._ending = 0
        self._ends: list[tuple[float, float]] = []
        self._over = threading.Event()

    def run(self) -> None:
        """Go on until it is over."""
        while not self._over.wait(self._random.uniform(0.5, 1.5) * INTERVAL):
            with self._free:
                self._free.wait_for(lambda: not self._ending)
                server = self._random.choice(self._servers)
                os.kill(server.pid, signal.SIGSTOP)
                time.sleep(self._random.uniform(0.3, 1.3) * INTERVAL)
                os.kill(server.pid, signal.SIGCONT)

    @contextmanager
    def held_off(self) -> Iterator[None]:
        """Let nobody be stopped in the block, in which a process ends."""
        with self._free:
            self._ending += 1
        begun = time.time()
        try:
            yield
        finally:
            self._ends.append((begun, time.time()))
            with self._free:
                self._ending -= 1
                self._free.notify_all()

    def end(self) -> None:
        """Stop nobody any more."""
        self._over.set()

    def kept_off(self) -> bool:
        """Whether the machine stopped nobody either while a process ended."""
        return not any(
            begun - INTERVAL < at < ended
            for server in self._servers
            for at in given_up(server)
            for begun, ended in self._ends
        )


def given_up(server: Server) -> list[float]:
    """When scrapes began that took longer than they may."""
    found = server.json("/api/v1/query", query="scrape_duration_seconds[1h]")["data"]["result"]
    values = [value for series in found for value in series["values"]]
    return [float(at) for at, seconds in values if float(seconds) >= INTERVAL]


def live(org: str, port: int, seed: int, standstill: Standstill) -> Counter[Call]:
    """Let one process live several times; return the calls that it made in all."""
    rng = random.Random(f"{seed} {org}")
    made: Counter[Call] = Counter()
    for _ in range(LIVES):
        with Shop(port, org) as shop:
            for _ in range(rng.randint(1, 5)):
                share = rng.choice((0.0, 0.2, 1.0))
                calls: list[Call] = [
                    (rng.choice(OPERATIONS), rng.choice(FAILURES) if rng.random() < share else None)
                    for _ in range(rng.choice((1, 3, 40)))
                ]
                shop.run(calls)
                made.update(calls)
                time.sleep(rng.uniform(0, 0.8))
            with standstill.held_off():
                shop.show()
            if rng.random() < 0.5:
                shop.end()
    return made


def sees(server: Server, targets: int) -> bool:
    """Whether a Prometheus has scraped so many."""
    return len(server.query("up")) == targets


@contextmanager
def replicas(ports: dict[str, int], folder: Path) -> Iterator[list[Server]]:
    """Run two Prometheis, with the flags that tests/servers gives, that scrape all orgs alike."""
    config = "scrape_configs:\n" + "".join(
        f"- job_name: {org}\n  scrape_interval: {INTERVAL:g}s\n"
        f"  scrape_protocols: [{PROTOCOLS[org]}]\n"
        f"  static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
        for org, port in ports.items()
    )
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    with prometheus(config, folder / "a") as one, prometheus(config, folder / "b") as other:
        for server in (one, other):
            eventually(partial(sees, server, len(ports)))
        yield [one, other]


def expected(made: Counter[Call]) -> dict[str, dict[Key, float]]:
    """What the calls come to: by operation, and by operation, error type and fault."""
    calls: Counter[Key] = Counter()
    errors: Counter[Key] = Counter()
    for (operation, error_type), count in made.items():
        calls[operation,] += count
        if error_type is not None:
            errors[operation, error_type, str(ERROR_TYPES[error_type].fault)] += count
    return {"calls": dict(calls), "errors": dict(errors)}


def analytics(server: Server, org: str) -> dict[str, dict[Key, float]]:
    """What the analytics API reads."""
    usages = asyncio.run(asked.usage(server.url, Filters(org, days=1), time.time())).usages
    calls = {(operation,): round(usage.total, 6) for (_, _, operation), usage in usages.items()}
    errors: dict[Key, float] = {
        (operation, error_type, str(ERROR_TYPES[error_type].fault)): round(count, 6)
        for (_, _, operation), usage in usages.items()
        for error_type, count in usage.errors.items()
    }
    return {
        "calls": {key: count for key, count in calls.items() if count},
        "errors": {key: count for key, count in errors.items() if count},
    }


def differences(server: Server, org: str, truth: dict[str, dict[Key, float]]) -> dict[str, Any]:
    """Where the two ways of counting differ from what happened."""
    errors = ("operation", "error_type", "fault")
    duration = "store_operation_duration_seconds" + ("" if org == "native" else "_count")
    where = f'{{org="{org}"}}'
    found = {
        "calls": server.growth(f"store_operations_total{where}", "operation"),
        "histogram": server.growth(f"{duration}{where}", "operation"),
        "errors": server.growth(f"store_operation_errors_total{where}", *errors),
    }
    right = {**truth, "histogram": truth["calls"]}
    wrong = {name: (found[name], right[name]) for name in found if found[name] != right[name]}
    read = analytics(server, org)
    return wrong | {f"analytics {n}": (read[n], truth[n]) for n in read if read[n] != truth[n]}


@pytest.mark.real
@pytest.mark.timeout(600)
def test_calls_are_what_prometheus_and_analytics_say(tmp_path: Path, seed: int) -> None:
    for number in range(5):
        (folder := tmp_path / str(number)).mkdir()
        if in_time := play(folder, seed + number):
            break
    assert in_time, "the machine was too busy each time"


def play(folder: Path, seed: int) -> bool:
    """Compare calls and figures, and return whether the machine was quick enough to do so."""
    with ThreadPoolExecutor(len(PROTOCOLS) + 1) as pool:
        ports = dict(zip(PROTOCOLS, free_ports(len(PROTOCOLS)), strict=True))
        with replicas(ports, folder) as servers:
            standstill = Standstill(servers, seed)
            pool.submit(standstill.run)
            try:
                lives = {o: pool.submit(live, o, p, seed, standstill) for o, p in ports.items()}
                truths = {org: expected(made.result()) for org, made in lives.items()}
            finally:
                standstill.end()
            wrong = [
                (seed, number, org, found)
                for number, server in enumerate(servers)
                for org, truth in truths.items()
                if (found := differences(server, org, truth))
            ]
            in_time = standstill.kept_off()
            assert not (wrong and in_time), wrong
            return in_time or not wrong
