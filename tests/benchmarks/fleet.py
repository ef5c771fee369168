"""What it takes to watch many stores over real TLS, beside blackbox_exporter, all in one run.

The stores are `tls_store.py`, a process of its own on loopback; the exporter is `store-exporter
serve`, and the peer is blackbox_exporter with one processor. Each is a process whose own processor
time counts, so that others on the machine disturb little. Probes are compared in windows of some
hundred of ours, then of the peer's: a window's ratio is of one moment, and the median counts.

It runs in the environment that has the server's extras, and prints what it measured as JSON:

    python -m tests.benchmarks.fleet STORES INTERVAL SECONDS WINDOWS
"""

from __future__ import annotations

import json
import math
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from . import effort as efforts
from . import probes
from .effort import Effort
from .result import Result, Spread
from .serve import DOMAIN

ROOT = Path(__file__).parents[2]
PROMETHEUS = {
    "Accept-Encoding": "gzip",
    "X-Prometheus-Scrape-Timeout-Seconds": "10",
    "User-Agent": "Prometheus/3.5.0",
}
TEXT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
    "q=0.7," + TEXT
)
_TICKS = os.sysconf("SC_CLK_TCK")
_FLOORS = ("asyncio", "aiohttp")
"""Clients of `floors` that are measured beside our probes."""
_BETWEEN_PAGES = 1.0
"""Seconds, so that what waited while one page was made is not counted among the next one's."""


def measure(effort: Effort) -> list[Result]:
    """Return the figures, or nothing where the server's extras are not installed."""
    python = os.environ.get("BENCH_EXPORTER", sys.executable)
    has_all = subprocess.run([python, "-c", "import aiohttp, pydantic, trustme, yaml"], check=False)
    if has_all.returncode or not Path("/proc/self/stat").exists():
        sys.stderr.write(
            "THE FLEET IS LEFT OUT: it needs Linux and the server's extra; scripts/bench has them\n"
        )
        return []
    done = subprocess.run(
        [python, "-m", __name__, json.dumps(asdict(effort))],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'exporter'}:{ROOT}"},
        cwd=ROOT,
    )
    return _results(json.loads(done.stdout), effort)


def _results(found: dict[str, Any], effort: Effort) -> list[Result]:
    is_full = effort.stores == efforts.FULL.stores
    what = f"{effort.stores:,} stores every {effort.interval} s"

    def only_full(target: float) -> float | None:
        return target if is_full else None

    # By what a probe that ran has cost, or a schedule that is late would look cheap.
    cores = found["probe"] * effort.stores / effort.interval
    rows = [
        Result(f"{what}: processor", "cores", cores, target=0.25),
        Result(f"{what}: the same for each probe", "µs", found["probe"] * 1e6),
        Result(f"{what}: memory", "MB", found["memory"], target=only_full(300)),
        Result(f"{what}: scheduler lag, p99", "s", found["lag"], target=0.05),
        Result(f"{what}: the same of the first runs", "s", found["lag_at_start"]),
    ]
    for name, times in found["pages"].items():
        middle = median(times)
        target = only_full(0.3) if "gzip" in name else None
        rows.append(
            Result(f"{what}: /metrics, {name}", "s", middle, target=target, spread=Spread.of(times))
        )
    rows += [
        Result(f"{what}: latest other answer meanwhile", "s", found["worst"], target=0.05),
        Result(f"{what}: other answers meanwhile, median", "s", found["usual"]),
        Result(f"{what}: failed probes", "probes", found["failures"], target=0),
    ]
    rows.append(
        Result("floor: a kept TLS connection in OpenSSL alone: memory", "KB", found["floor"] / 1e3)
    )
    floors = [
        (f"floor: {client} alone over a {kind} TLS connection", f"{client} {kind}", None)
        for client in _FLOORS
        for kind in ("fresh", "kept")
    ]
    for name, kind, target in (
        ("probe over a fresh TLS connection", "fresh", 1.0),
        ("probe over a kept TLS connection", "kept", 1 / 4),
        *floors,
    ):
        ours, peer = found[kind], found.get("blackbox")
        if not peer:
            rows.append(Result(name, "µs", median(ours), spread=Spread.of(ours)))
            continue
        ratios = [one / other for one, other in zip(ours, peer, strict=True)]
        rows.append(
            Result(
                f"{name}, against blackbox_exporter's",
                "µs",
                median(ours),
                median(peer),
                target,
                Spread.of(ratios),
            )
        )
    return rows


def main() -> None:
    effort = Effort(**json.loads(sys.argv[1]))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _certificates(place)
        found = {**_probes(place, effort), **_fleet(place, effort)}
    sys.stdout.write(json.dumps(found))


def _probes(place: Path, effort: Effort) -> dict[str, Any]:
    """Return the processor time of one probe in µs, ours and the peer's, for each window."""
    count = round(effort.rate * effort.seconds)
    with ExitStack() as stack:
        closing = stack.enter_context(_tls_store(place, "close"))
        keeping = stack.enter_context(_tls_store(place, "keep"))
        ours = {
            f"{client} {kind}".lstrip(): stack.enter_context(_client(place, client, port))
            for client in ("", *_FLOORS)
            for kind, port in (("fresh", closing), ("kept", keeping))
        }
        floor = float(subprocess.check_output(_command(place, "memory", keeping)))
        peer = stack.enter_context(_blackbox(place, closing))
        found: dict[str, list[float]] = {name: [] for name in ours}
        for process in ours.values():
            _run(process, 2 * probes.STORES)
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
    with _running(*_command(place, client, port)) as process:
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


def _fleet(place: Path, effort: Effort) -> dict[str, Any]:
    """Watch all stores for a while, scraped every 15 s as our `prometheus.yml` has it."""
    with ExitStack() as stack:
        port = stack.enter_context(_tls_store(place, "keep"))
        config = _config(place / "fleet", port, effort.stores, effort.interval)
        exporter = stack.enter_context(_exporter(config))
        time.sleep(effort.interval)
        exporter.wait_for_runs(effort.stores)
        at_start, runs = exporter.lag(), exporter.runs()
        before, began = exporter.processor(), time.perf_counter()
        while (elapsed := time.perf_counter() - began) < effort.interval:
            time.sleep(min(15.0, effort.interval - elapsed))
            exporter.page(PROTOBUF)
        spent, memory = exporter.processor() - before, exporter.memory() / 1e6
        lag, runs = exporter.lag(), exporter.runs() - runs
        answers: list[float] = []
        pages: dict[str, list[float]] = {}
        for _ in range(effort.windows):
            for name, accept in (("text, gzip", TEXT), ("protobuf, gzip", PROTOBUF)):
                time.sleep(_BETWEEN_PAGES)
                with exporter.asked_all_the_while(answers):
                    began = time.perf_counter()
                    exporter.page(accept)
                    pages.setdefault(name, []).append(time.perf_counter() - began)
        return {
            "probe": spent / runs,
            "memory": memory,
            "lag": _percentile({le: count - at_start[le] for le, count in lag.items()}),
            "lag_at_start": _percentile(at_start),
            "pages": pages,
            "worst": max(answers),
            "usual": median(answers),
            "failures": exporter.failures(),
        }


class Side:
    """A process that is measured.

    Args:
        process: it.
        port: where it listens.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port

    def processor(self) -> float:
        """Return the seconds of processor time that it has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> int:
        """Return the bytes of memory that it occupies."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) * 1024

    def get(self, path: str, headers: dict[str, str] | None = None) -> bytes:
        """Return what it answers.

        Raises:
            OSError: it does not answer, or not with 200.
        """
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise OSError(f"{path} answers {answer.status}")
        return body


class Exporter(Side):
    """Ours."""

    def page(self, accept: str) -> None:
        """Scrape it."""
        self.get("/metrics", {**PROMETHEUS, "Accept": accept})

    def lag(self) -> dict[float, float]:
        """Return how many runs started within so many seconds of their time."""
        text = self.get("/metrics").decode()
        found = re.findall(
            r'^store_exporter_scheduler_lag_seconds_bucket\{le="([^"]+)"\} (\S+)',
            text,
            re.MULTILINE,
        )
        return {float(le): float(count) for le, count in found}

    def runs(self) -> float:
        """Return how many probes it has run."""
        # Those that told of a store; a run that was left out costs nothing and tells nothing.
        text = self.get("/metrics").decode()
        counts = re.findall(
            r"^store_probe_duration_seconds_count\{[^\n]*\} (\S+)$", text, re.MULTILINE
        )
        return sum(map(float, counts))

    def failures(self) -> float:
        """Return how many probes failed."""
        text = self.get("/metrics").decode()
        counts = re.findall(r"^store_probe_failures_total\{[^\n]*\} (\S+)$", text, re.MULTILINE)
        return sum(map(float, counts))

    def wait_for_runs(self, count: int) -> None:
        """Wait until each store was probed once."""
        for _ in range(60):
            if self.runs() >= count:
                return
            time.sleep(5.0)
        raise TimeoutError(f"{count} probes did not run within five minutes")

    @contextmanager
    def asked_all_the_while(self, answers: list[float]) -> Iterator[None]:
        """Ask `/-/healthy` again and again, and note how late each answer is."""
        ended = threading.Event()

        def ask() -> None:
            # At least once, because a small page is there at once.
            while True:
                began = time.perf_counter()
                self.get("/-/healthy")
                answers.append(time.perf_counter() - began)
                if ended.wait(0.01):
                    return

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


class Blackbox(Side):
    """The peer, driven as Prometheus drives it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, target: int) -> None:
        super().__init__(process, port)
        self._target = target

    def drive(self, count: int) -> None:
        """Have it run so many probes, eight at a time."""
        path = f"/probe?module=store&target=https%3A%2F%2F127.0.0.1%3A{self._target}%2Fwp-json%2Fwc"
        connections = threading.local()

        def probe(_: int) -> None:
            connection = getattr(connections, "one", None)
            if connection is None:
                connection = connections.one = HTTPConnection("127.0.0.1", self.port, timeout=30)
            connection.request("GET", path)
            if b"\nprobe_success 1\n" not in connection.getresponse().read():
                raise OSError("blackbox_exporter does not find the store alive")

        with ThreadPoolExecutor(probes.AT_ONCE) as pool:
            list(pool.map(probe, range(count)))


def _percentile(counts: dict[float, float]) -> float:
    """Return the 99th percentile by cumulative buckets, as PromQL's `histogram_quantile` does."""
    rank = 0.99 * counts[math.inf]
    lower = below = 0.0
    for le, count in counts.items():
        if count >= rank:
            return (
                lower if le == math.inf else lower + (le - lower) * (rank - below) / (count - below)
            )
        lower, below = le, count
    raise ValueError("a histogram without its last bucket")


@contextmanager
def _running(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def _tls_store(place: Path, manner: str) -> Iterator[int]:
    """Run the stores; yields their port."""
    command = (sys.executable, "-m", "tests.benchmarks.tls_store", f"{place / 'store.pem'}", manner)
    with _running(*command) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


@contextmanager
def _exporter(config: Path) -> Iterator[Exporter]:
    """Run ours."""
    port = _free_port()
    with _running(
        *(sys.executable, "-m", "tests.benchmarks.serve", "serve", "--log.level=error"),
        *(f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"),
        BENCH_KEY="ck_" + "a" * 40,
        BENCH_SECRET="cs_" + "b" * 40,
    ) as process:
        side = Exporter(process, port)
        _answers(side, "/-/ready")
        yield side


@contextmanager
def _blackbox(place: Path, target: int) -> Iterator[Blackbox | None]:
    """Run the peer, if it is there."""
    program = shutil.which("blackbox_exporter", path=f"{ROOT / '.tools/bin'}:{os.environ['PATH']}")
    if program is None:
        sys.stderr.write(
            "BLACKBOX_EXPORTER IS NOT HERE: `scripts/tools blackbox_exporter` gets it\n"
        )
        yield None
        return
    config = place / "blackbox.yml"
    config.write_text(
        "modules:\n  store:\n    prober: http\n    timeout: 10s\n    http:\n"
        f"      headers: {{Host: shop{DOMAIN}}}\n"
        f"      tls_config: {{ca_file: {place / 'ca.pem'}, server_name: shop{DOMAIN}}}\n"
    )
    port = _free_port()
    with _running(
        *(program, "--log.level=error", f"--config.file={config}"),
        f"--web.listen-address=127.0.0.1:{port}",
        GOMAXPROCS="1",
    ) as process:
        side = Blackbox(process, port, target)
        _answers(side, "/-/healthy")
        yield side


def _answers(side: Side, path: str) -> None:
    for _ in range(1200):
        try:
            side.get(path)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"port {side.port} does not answer {path} within two minutes")


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _certificates(place: Path) -> None:
    import trustme

    issuer = trustme.CA()
    issued = issuer.issue_cert("*" + DOMAIN, key_type=trustme.KeyType.ECDSA)
    issued.private_key_and_cert_chain_pem.write_to_path(place / "store.pem")
    issuer.cert_pem.write_to_path(place / "ca.pem")


def _config(folder: Path, port: int, stores: int, interval: int) -> Path:
    """Write the configuration of stores of which liveness alone is watched; ten to an org."""
    from store_exporter.platforms import base

    folder.mkdir()
    platform = base.load("woocommerce")
    document: dict[str, Any] = {
        "state_directory": f"{folder / 'state'}",
        "defaults": {
            "ca_file": f"{folder.parent / 'ca.pem'}",
            "requests_per_hour": 100_000,
            "probes": _only("liveness", platform.probes, interval),
            "collectors": _only("", platform.collectors, interval),
        },
        "orgs": [{"org": f"org{number}"} for number in range(-(-stores // 10))],
        "stores": [
            {
                "org": f"org{number // 10}",
                "domain": f"shop{number}{DOMAIN}",
                "platform": "woocommerce",
                "url": f"https://shop{number}{DOMAIN}:{port}",
                "credentials": {
                    "consumer_key": "env:BENCH_KEY",
                    "consumer_secret": "env:BENCH_SECRET",
                },
            }
            for number in range(stores)
        ],
    }
    file = folder / "store-exporter.yml"
    file.write_text(json.dumps(document))  # which is YAML, too
    return file


def _only(name: str, checks: Any, interval: int) -> dict[str, Any]:
    return {
        one: {"interval": f"{interval}s"} if one == name else {"enabled": False} for one in checks
    }


if __name__ == "__main__":
    main()
