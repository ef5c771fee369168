"""Processes push on their own: at their end, after a fork, and side by side."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.metrics.otlp.receiver import RECEIVERS, Receiver, attributes

WORKER = Path(__file__).with_name("worker.py")


@pytest.fixture(params=RECEIVERS)
def receiver(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    with RECEIVERS[request.param]() as receiver:
        yield receiver


@contextmanager
def worker(
    how: str, endpoint: str, protocol: str, **environ: str
) -> Iterator[subprocess.Popen[str]]:
    variables = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        **environ,
    }
    with subprocess.Popen(
        [sys.executable, WORKER, how], env=variables, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process


def ended(process: subprocess.Popen[str]) -> str:
    """Wait for the process' good end; return what it said."""
    _, said = process.communicate(timeout=90)
    assert process.returncode == 0, said
    return said


def last_by_instance(receiver: Receiver, name: str = "store.revenue") -> dict[str, float]:
    """The last value that each process pushed."""
    found = {}
    for request in receiver.requests:
        for resource in request.resource_metrics:
            instance = attributes(resource.resource)["service.instance.id"]
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == name:
                        [point] = metric.sum.data_points
                        found[instance] = point.as_double
    return found


def test_a_process_pushes_before_it_ends(receiver: Receiver) -> None:
    with worker("once", receiver.endpoint, receiver.protocol) as process:
        ended(process)
    assert list(last_by_instance(receiver).values()) == [5]


def test_workers_push_side_by_side_and_add_up(receiver: Receiver) -> None:
    with (
        worker("once", receiver.endpoint, receiver.protocol) as one,
        worker("once", receiver.endpoint, receiver.protocol) as two,
    ):
        ended(one)
        ended(two)
    found = last_by_instance(receiver)
    assert len(found) == 2
    assert sum(found.values()) == 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("instance", ["", "given"])
def test_a_forked_child_counts_from_zero_and_pushes_for_itself(
    receiver: Receiver, instance: str
) -> None:
    resource = f"service.instance.id={instance}" if instance else ""
    with worker(
        "fork", receiver.endpoint, receiver.protocol, OTEL_RESOURCE_ATTRIBUTES=resource
    ) as process:
        ended(process)
    found = last_by_instance(receiver)
    assert sorted(found.values()) == [3, 7]
    assert not instance or "given" in found
    assert all(name.startswith(instance) for name in found)


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_child_of_multiprocessing_pushes_before_it_ends(method: str) -> None:
    with RECEIVERS["http/protobuf"]() as receiver:
        with worker(f"multiprocessing {method}", receiver.endpoint, receiver.protocol) as process:
            ended(process)
        assert list(last_by_instance(receiver).values()) == [3]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_of_multiprocessing_pushes_if_its_parent_does() -> None:
    with RECEIVERS["http/protobuf"]() as receiver:
        with worker("inherited", receiver.endpoint, receiver.protocol) as process:
            ended(process)
        assert sorted(last_by_instance(receiver).values()) == [3, 5]


@pytest.mark.parametrize("protocol", RECEIVERS)
def test_an_endpoint_that_says_nothing_does_not_keep_a_process_alive(protocol: str) -> None:
    # The system accepts connections on behalf of a socket that nobody reads.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with worker(
            "once",
            endpoint,
            protocol,
            EXIT_TIMEOUT="0.2",
            OTEL_EXPORTER_OTLP_TIMEOUT="300",
        ) as process:
            ended(process)
