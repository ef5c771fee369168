"""What it takes to count calls that others report, beside statsd_exporter, in one run.

Ours is `store-exporter serve`; batches come over HTTP and, of totals, by OTLP. The peer takes the
same calls as StatsD lines over TCP, with one processor: a counter and a histogram for each call.
Calls come at one rate, evenly, whether or not earlier ones were answered. The processor time of the
measured process counts, and of the answers the time since their batch could be sent.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from queue import SimpleQueue
from statistics import median
from threading import Thread
from typing import Any, NamedTuple

from store_demo.ports import free_ports

from . import apart
from .effort import Effort
from .result import Result, Spread
from .sides import Side

RATE = 20_000
"""Calls a second."""
SIZES = (100, 1000)
"""Calls of a batch."""
STORES = 10
OPERATIONS = ("search_products", "get_cart", "add_to_cart", "check_stock", "check_order")
CONNECTIONS = 8
PUSHES = 20
TOKEN = "token-of-the-benchmark"
HEAD = "\r\n".join(
    (
        "POST /api/v1/operations HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {TOKEN}",
        "Content-Type: application/json",
        "Idempotency-Key: {key}",
        "Content-Length: {length}",
        "",
        "",
    )
)
STATSD = """
defaults:
  observer_type: histogram
  histogram_options:
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
"""


def measure(effort: Effort) -> list[Result]:
    """Return the figures, or nothing where the server's extras are not installed."""
    # A tiny run only shows that it works.
    seconds = min(effort.seconds, max(0.2, effort.stores / 500))
    needed = "aiohttp, opentelemetry.proto, pydantic, yaml"
    numbers = str(min(effort.windows, 5)), str(seconds)
    found = apart.run(__name__, needed, *numbers, file=apart.LINUX)
    return [] if found is None else list(rows(*found))


def main() -> None:
    """Measure; print what was spent and how soon batches were answered as JSON."""
    windows, seconds = int(sys.argv[1]), float(sys.argv[2])
    spent: dict[str, list[float]] = {}
    times: dict[str, list[float]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = stack.enter_context(exporter(folder))
        peer = stack.enter_context(statsd(folder))
        for _ in range(windows):
            for size in SIZES:
                cores, answers = load(ours, size, seconds)
                spent.setdefault(f"{size}", []).append(cores)
                times.setdefault(f"{size}", []).append(median(answers) * 1000)
            spent.setdefault("otlp", []).append(otlp_load(ours, PUSHES))
            if peer is not None:
                spent.setdefault("statsd", []).append(statsd_load(peer, seconds))
    json.dump((spent, times), sys.stdout)


def rows(spent: dict[str, list[float]], times: dict[str, list[float]]) -> Iterator[Result]:
    """Yield the results: processor time against the peer's, and how soon batches are answered."""
    theirs = spent.get("statsd")
    series, each = STORES * len(OPERATIONS), spent["otlp"]
    name = f"a push of {3 * series} points of {series} series by OTLP: processor"
    yield Result(name, "ms", median(each), spread=Spread.of(each))
    for size in SIZES:
        name = f"{RATE:,} reported calls a second in batches of {size}"
        cores = spent[f"{size}"]
        yield Result(
            f"{name}: processor", "cores", median(cores), target=1.0, spread=Spread.of(cores)
        )
        if theirs:
            ratios = [ours / other for ours, other in zip(cores, theirs, strict=True)]
            yield Result(
                f"{name}: processor, against statsd_exporter",
                "cores",
                median(cores),
                peer=median(theirs),
                spread=Spread.of(ratios),
            )
        answers = times[f"{size}"]
        yield Result(
            f"{name}: answer", "ms", median(answers), target=5.0, spread=Spread.of(answers)
        )


def otlp_load(side: Side, pushes: int) -> float:
    """Push totals as an SDK does; return the milliseconds of processor time of each push."""
    body = totals_request()
    started = time.time_ns()
    before = side.processor()
    connection = HTTPConnection("127.0.0.1", side.port, timeout=60)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-protobuf"}
    for number in range(1, pushes + 1):
        for point, value in body.points:
            point.start_time_unix_nano, point.time_unix_nano = started, time.time_ns()
            if hasattr(point, "as_int"):
                point.as_int = number * value
            else:
                point.count, point.sum = number * 13 * value, float(number)
                point.bucket_counts[:] = [number * value] * 13
        request = body.request.SerializeToString()
        connection.request("POST", "/v1/metrics", body=request, headers=headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
    connection.close()
    return (side.processor() - before) * 1000 / pushes


class Totals(NamedTuple):
    """A request, and its points with what each grows by."""

    request: Any
    points: list[tuple[Any, int]]


def totals_request() -> Totals:
    """Return a request of three metrics of every series."""
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2

    from store_exporter.metrics.catalogue.operations import LATENCY_BUCKETS

    request = metrics_service_pb2.ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    points = []
    for name in ("store.operations", "store.operation.errors", "store.operation.duration"):
        metric = metrics.add(name=name)
        is_histogram = name.endswith("duration")
        if is_histogram:
            metric.unit = "s"
        else:
            metric.sum.is_monotonic = True
        data = metric.histogram if is_histogram else metric.sum
        data.aggregation_temporality = 2
        for store in range(STORES):
            for operation in OPERATIONS:
                point = data.data_points.add()
                labels = {
                    "domain": f"shop{store}.example.com",
                    "platform": "woocommerce",
                    "operation": operation,
                }
                if name.endswith("errors"):
                    labels["error.type"] = "timeout"
                for key, value in labels.items():
                    point.attributes.add(key=key).value.string_value = value
                if is_histogram:
                    point.explicit_bounds.extend(LATENCY_BUCKETS)
                points.append((point, 8))
    return Totals(request, points)


def load(side: Side, size: int, seconds: float) -> tuple[float, list[float]]:
    """Report calls for a while; return the cores that were used and the seconds of each answer."""
    bodies = [json.dumps([call() for _ in range(size)]).encode() for _ in range(20)]
    due: SimpleQueue[tuple[float, int] | None] = SimpleQueue()
    answers: list[float] = []
    senders = [
        Thread(target=send, args=(side.port, bodies, due, answers)) for _ in range(CONNECTIONS)
    ]
    for sender in senders:
        sender.start()
    before, started = side.processor(), time.perf_counter()
    evenly(size / RATE, seconds, lambda number, at: due.put((at, number)))
    for _ in senders:
        due.put(None)
    for sender in senders:
        sender.join()
    used = side.processor() - before
    assert len(answers) >= seconds * RATE / size - 1, "a batch was not answered"
    return used / (time.perf_counter() - started), answers


def evenly(every: float, seconds: float, do: Callable[[int, float], Any]) -> None:
    """Do something at even intervals, with its number and when it was due."""
    started = time.perf_counter()
    for number in range(int(seconds / every)):
        at = started + number * every
        if (early := at - time.perf_counter()) > 0:
            time.sleep(early)
        do(number, at)


def send(
    port: int,
    bodies: list[bytes],
    due: SimpleQueue[tuple[float, int] | None],
    answers: list[float],
) -> None:
    """Report batches when they are due, with little work of its own, for that is timed too.

    Where all connections are busy with earlier batches, a batch is timed since it was due. Where
    one waits for it, it is timed since it is sent: that this process got its processor late, which
    on a busy machine takes milliseconds, says nothing of the server.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        free = time.perf_counter()
        while (batch := due.get()) is not None:
            at, number = batch
            body = bodies[number % len(bodies)]
            head = HEAD.format(
                key=f"{os.getpid()}/{time.monotonic_ns()}/{number}", length=len(body)
            )
            request = head.encode() + body
            since = at if free > at else time.perf_counter()
            connection.sendall(request)
            answer = received(connection)
            free = time.perf_counter()
            answers.append(free - since)
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise OSError(answer)


def received(connection: socket.socket) -> bytes:
    """Return one answer, whole.

    Raises:
        OSError: the connection ended before.
    """
    answer = b""
    while True:
        more = connection.recv(65536)
        if not more:
            raise OSError(answer)
        answer += more
        head, end, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and length and len(body) >= int(length[1]):
            return answer


def call() -> dict[str, Any]:
    """Return a call as a busy shop has them: most in tenths of a second, one of twenty failed."""
    found: dict[str, Any] = {
        "operation": random.choice(OPERATIONS),
        "domain": f"shop{random.randrange(STORES)}.example.com",
        "platform": "woocommerce",
        "duration_seconds": round(random.lognormvariate(-1.5, 1), 4),
    }
    return found | ({"error_type": "timeout"} if random.random() < 0.05 else {})


@contextmanager
def exporter(folder: Path) -> Iterator[Side]:
    """Run ours, which watches no store."""
    token = {"token": "env:TOKEN", "scopes": ["ingest"]}
    config = {
        "orgs": [{"org": "acme", "api_tokens": [token], "unknown_domains": "accept"}],
        "stores": [],
    }
    (folder / "config.yml").write_text(json.dumps(config))
    environ = {
        **os.environ,
        "TOKEN": TOKEN,
        "PYTHONPATH": f"{apart.ROOT / 'exporter'}:{apart.ROOT}",
    }
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-m", "store_exporter", "serve", "--log.level=error",
         "--config.file=config.yml", f"--web.listen-address=127.0.0.1:{port}"],
        cwd=folder, env=environ,
    )  # fmt: skip
    with ending(process):
        side = Side(process, port)
        wait(lambda: side.get("/-/ready"))
        yield side


@contextmanager
def statsd(folder: Path) -> Iterator[StatsdSide | None]:
    """Run the peer, where it is installed."""
    program = shutil.which(
        "statsd_exporter", path=f"{apart.ROOT / '.tools/bin'}:{os.environ['PATH']}"
    )
    if program is None:
        sys.stderr.write("statsd_exporter is not on PATH; there is no peer\n")
        yield None
        return
    (folder / "statsd.yml").write_text(STATSD)
    taken, web = free_ports(2)
    process = subprocess.Popen(
        [program, f"--statsd.listen-tcp=127.0.0.1:{taken}", "--statsd.listen-udp=",
         f"--web.listen-address=127.0.0.1:{web}", "--log.level=error",
         f"--statsd.mapping-config={folder / 'statsd.yml'}"],
        env={**os.environ, "GOMAXPROCS": "1"}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with ending(process):
        side = Side(process, web)
        wait(lambda: side.get("/-/ready"))
        yield StatsdSide(process, web, taken)


class StatsdSide(Side):
    """The peer, and where it takes lines."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, lines: int) -> None:
        super().__init__(process, port)
        self.lines = lines


def statsd_load(side: StatsdSide, seconds: float) -> float:
    """Send lines for a while; return the cores that were used until all were counted."""
    size = SIZES[0]
    batches = ["".join(map(line, (call() for _ in range(size)))).encode() for _ in range(20)]
    counted = statsd_total(side)
    before, started = side.processor(), time.perf_counter()
    with socket.create_connection(("127.0.0.1", side.lines)) as sending:
        evenly(size / RATE, seconds, lambda number, _: sending.sendall(batches[number % 20]))
        elapsed = time.perf_counter() - started
    wanted = counted + int(seconds * RATE / size) * size
    wait(lambda: statsd_total(side) >= wanted or None)
    return (side.processor() - before) / elapsed


def line(call: dict[str, Any]) -> str:
    tags = f"domain:{call['domain']},platform:{call['platform']},operation:{call['operation']}"
    lines = f"store_operations:1|c|#{tags}\n"
    lines += f"store_operation_duration:{call['duration_seconds']}|h|#{tags}\n"
    if "error_type" in call:
        lines += f"store_operation_errors:1|c|#{tags},error_type:{call['error_type']}\n"
    return lines


def statsd_total(side: Side) -> float:
    page = side.get("/metrics").decode().splitlines()
    return sum(float(one.split()[-1]) for one in page if one.startswith("store_operations{"))


@contextmanager
def ending(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()
        process.communicate()


def wait(found: Callable[[], Any]) -> None:
    """Wait until something is there.

    Raises:
        TimeoutError: it is not within half a minute.
    """
    for _ in range(300):
        try:
            if found() is not None:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError("nothing is there")


if __name__ == "__main__":
    main()
