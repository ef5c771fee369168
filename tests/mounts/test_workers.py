"""The recipes for several worker processes, run under gunicorn and uvicorn: nothing is lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store_demo.ports import free_ports
from tests.metrics.otlp.receiver import Receiver, http_receiver
from tests.servers import PrometheusFactory, eventually

ROOT = Path(__file__).parents[2]
WORKERS = 2

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn needs fork")


@contextmanager
def running(*argv: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server of the application until the block ends; it must end well."""
    process = subprocess.Popen(
        [sys.executable, "-m", *argv],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) in (0, -signal.SIGTERM)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def ask(port: int) -> str:
    """Make one request; return the number of the process that answered, or nothing."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as response:
            body: bytes = response.read()
            return body.decode()
    except OSError:
        return ""


def ask_all_workers(port: int) -> int:
    """Make requests until every worker has answered one; return how many were answered."""
    eventually(lambda: ask(port))
    answered = [ask(port) for _ in range(20)]
    deadline = time.monotonic() + 60
    while len(set(answered)) < WORKERS:
        assert time.monotonic() < deadline
        answered.append(ask(port))
    return 1 + len(answered)


def pushed(receiver: Receiver) -> list[float]:
    """The last count of each process that pushed any."""
    found: dict[str, float] = {}
    for request in receiver.requests:
        for resource in request.resource_metrics:
            [instance] = [
                one.value.string_value
                for one in resource.resource.attributes
                if one.key == "service.instance.id"
            ]
            for metric in resource.scope_metrics[0].metrics:
                if metric.name == "store.operations":
                    found[instance] = metric.sum.data_points[0].as_double
    return list(found.values())


def scraped(port: int) -> float:
    """The count that one worker shows."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as response:
        text: str = response.read().decode()
    found = re.search(r"^store_operations_total{.*} (\d+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else 0.0


def test_gunicorns_workers_push_and_add_up(tmp_path: Path) -> None:
    config = tmp_path / "gunicorn.conf.py"
    config.write_text(
        "def post_worker_init(worker):\n"
        "    from store_exporter.metrics.otlp import start_otlp\n\n"
        "    start_otlp()\n",
        encoding="utf-8",
    )
    [port] = free_ports(1)
    with http_receiver() as receiver:
        with running(
            *("gunicorn", "-c", str(config), "-w", str(WORKERS), "-b", f"127.0.0.1:{port}"),
            "tests.mounts.application:wsgi",
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
        ):
            requests = ask_all_workers(port)
        counts = pushed(receiver)
    assert len(counts) == WORKERS
    assert sum(counts) == requests


def test_uvicorns_workers_push_and_add_up() -> None:
    [port] = free_ports(1)
    with http_receiver() as receiver:
        with running(
            *("uvicorn", "--workers", str(WORKERS), "--port", str(port)),
            "tests.mounts.application:asgi",
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
        ):
            requests = ask_all_workers(port)
        counts = pushed(receiver)
    assert len(counts) == WORKERS
    assert sum(counts) == requests


def test_gunicorns_workers_are_scraped_on_ports_of_their_own(tmp_path: Path) -> None:
    port, *ports = free_ports(1 + WORKERS)
    config = tmp_path / "gunicorn.conf.py"
    config.write_text(
        "def post_worker_init(worker):\n"
        "    from store_exporter.mounts import serve_metrics\n\n"
        f"    serve_metrics({ports})\n",
        encoding="utf-8",
    )
    with running(
        *("gunicorn", "-c", str(config), "-w", str(WORKERS), "-b", f"127.0.0.1:{port}"),
        "tests.mounts.application:wsgi",
    ):
        requests = ask_all_workers(port)
        assert sum(scraped(one) for one in ports) == requests


@pytest.mark.real
def test_gunicorns_workers_end_when_prometheus_has_everything(
    tmp_path: Path, prometheus: PrometheusFactory
) -> None:
    port, *ports = free_ports(1 + WORKERS)
    config = tmp_path / "gunicorn.conf.py"
    config.write_text(
        "def post_worker_init(worker):\n"
        "    from store_exporter.mounts import serve_metrics\n\n"
        f"    serve_metrics({ports})\n\n\n"
        "def worker_exit(server, worker):\n"
        "    from store_exporter.mounts import last_look\n\n"
        "    last_look(20)\n",
        encoding="utf-8",
    )
    server = prometheus(f"""
        scrape_configs:
          - job_name: workers
            scrape_interval: 1s
            static_configs: [{{targets: {[f"127.0.0.1:{one}" for one in ports]}}}]
    """)
    eventually(lambda: len(server.query("up")) == WORKERS)
    with running(
        *("gunicorn", "-c", str(config), "-w", str(WORKERS), "-b", f"127.0.0.1:{port}"),
        "tests.mounts.application:wsgi",
    ):
        requests = ask_all_workers(port)
    assert sum(server.growth("store_operations_total").values()) == requests
