"""The programs of docs/frameworks.md run as they stand, under the servers that they name."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store_demo.ports import free_ports
from tests.metrics.otlp.receiver import Receiver, attributes, http_receiver
from tests.servers import eventually

PAGE = Path(__file__).parents[2] / "docs" / "frameworks.md"
STORE = {"org": "acme", "domain": "shop.example.com", "platform": "woocommerce"}


def program(folder: Path, title: str) -> None:
    """Write the program of a section as shop.py."""
    section = PAGE.read_text().split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    (block,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    (folder / "shop.py").write_text(block)


@contextmanager
def running(folder: Path, *command: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, **environ},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def get(address: str, path: str) -> str:
    with urllib.request.urlopen(f"http://{address}{path}", timeout=60) as answer:
        body: bytes = answer.read()
    return body.decode()


@pytest.mark.parametrize(
    ("title", "server"),
    [
        ("FastAPI", "uvicorn"),
        ("FastAPI with a dependency", "uvicorn"),
        ("Flask", "gunicorn"),
        ("Django", "gunicorn"),
    ],
)
def test_a_web_application_shows_what_it_measured(tmp_path: Path, title: str, server: str) -> None:
    program(tmp_path, title)
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    flags = ("--port", str(port)) if server == "uvicorn" else ("--bind", address)
    with running(tmp_path, server, "shop:app", *flags):
        eventually(lambda: is_open(port))
        assert json.loads(get(address, "/carts/42")) == {"number": 42, "items": 2}
        shown = get(address, "/metrics")
    labels = ",".join(f'{name}="{value}"' for name, value in STORE.items())
    assert f'store_operations_total{{{labels},operation="get_cart"}} 1' in shown


def is_open(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


QUEUE = """
from shop import app

app.conf.broker_transport_options = {"data_folder_in": "queue", "data_folder_out": "queue"}
"""
SEND = """
from queued import app

for sku in ("TEE-1", "TEE-2"):
    app.send_task("check_stock", [sku])
"""


def test_a_task_of_celery_is_pushed(tmp_path: Path) -> None:
    program(tmp_path, "Celery")
    # A folder is the broker: the worker and who sends find their messages there.
    (tmp_path / "queue").mkdir()
    (tmp_path / "queued.py").write_text(QUEUE)
    (tmp_path / "send.py").write_text(SEND)
    worker = ("celery", "--app", "queued", "worker", "--concurrency", "1")
    with http_receiver() as receiver:
        environ = {
            "BROKER_URL": "filesystem://",
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "OTEL_METRIC_EXPORT_INTERVAL": "200",
        }
        with running(tmp_path, *worker, **environ):
            run(tmp_path, "send.py", **environ)
            eventually(lambda: counted(receiver) == {"check_stock": 2.0})


def run(folder: Path, script: str, **environ: str) -> None:
    subprocess.run(
        [sys.executable, script],
        cwd=folder,
        env={**os.environ, **environ},
        check=True,
        timeout=90,
    )


def counted(receiver: Receiver) -> dict[str, float]:
    """The latest totals that were pushed, by operation."""
    points = receiver.points("store.operations")
    return {attributes(point)["operation"]: point.as_double for point in points}


def test_a_script_pushes_before_it_ends(tmp_path: Path) -> None:
    program(tmp_path, "A script")
    with http_receiver() as receiver:
        run(tmp_path, "shop.py", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
        assert counted(receiver) == {"check_stock": 2.0}
