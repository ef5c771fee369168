"""The processes that are measured beside each other, and the stores that they watch.

Each is a process whose own processor time counts, so that others on the machine disturb little.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path

from store_demo.ports import free_ports

from . import probes
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

    def get(
        self, path: str, headers: dict[str, str] | None = None, *, method: str = "GET"
    ) -> bytes:
        """Return what it answers.

        Raises:
            OSError: it does not answer, or not with 200.
        """
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise OSError(f"{path} answers {answer.status}")
        return body


class Exporter(Side):
    """Ours."""

    @cached_property
    def _scraper(self) -> HTTPConnection:
        """Its connection is kept: one that is not may mean that its last response was lost."""
        return HTTPConnection("127.0.0.1", self.port, timeout=60)

    def page(self, accept: str) -> None:
        """Scrape it as Prometheus does."""
        self._scraper.request("GET", "/metrics", headers={**PROMETHEUS, "Accept": accept})
        answer = self._scraper.getresponse()
        answer.read()
        if answer.status != 200:
            raise OSError(f"/metrics answers {answer.status}")

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


@contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def tls_store(place: Path, manner: str) -> Iterator[int]:
    """Run the stores; yields their port."""
    command = (sys.executable, "-m", "tests.benchmarks.tls_store", f"{place / 'store.pem'}", manner)
    with running(*command) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


@contextmanager
def exporter(config: Path) -> Iterator[Exporter]:
    """Run ours."""
    (port,) = free_ports(1)
    with running(
        *(sys.executable, "-m", "tests.benchmarks.serve", "serve", "--log.level=error"),
        *(f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"),
        BENCH_KEY="ck_" + "a" * 40,
        BENCH_SECRET="cs_" + "b" * 40,
    ) as process:
        side = Exporter(process, port)
        answers(side, "/-/ready")
        yield side


@contextmanager
def blackbox(place: Path, target: int) -> Iterator[Blackbox | None]:
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
    (port,) = free_ports(1)
    with running(
        *(program, "--log.level=error", f"--config.file={config}"),
        f"--web.listen-address=127.0.0.1:{port}",
        GOMAXPROCS="1",
    ) as process:
        side = Blackbox(process, port, target)
        answers(side, "/-/healthy")
        yield side


def answers(side: Side, path: str) -> None:
    for _ in range(1200):
        try:
            side.get(path)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"port {side.port} does not answer {path} within two minutes")
