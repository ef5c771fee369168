"""OTLP receivers on loopback ports that keep what they get, and fail when told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE

from tests.fakes.handlers import Handler, handling

Request = metrics_service_pb2.ExportMetricsServiceRequest
Answer = metrics_service_pb2.ExportMetricsServiceResponse


@dataclass
class Receiver:
    """What a receiver got, request by request.

    Attributes:
        protocol: what it speaks, as the `OTEL_EXPORTER_OTLP_PROTOCOL` variable says it.
        endpoint: its address, as the `OTEL_EXPORTER_OTLP_ENDPOINT` variable takes it.
        failing: whether it refuses what it gets.
        requests: what it accepted.
        headers: of every request, accepted or not.
    """

    protocol: str
    endpoint: str = ""
    failing: bool = False
    requests: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def receive(self, request: Any, headers: dict[str, str]) -> bool:
        """Keep a request; return whether it is accepted."""
        with self.changed:
            self.headers.append(headers)
            if not self.failing:
                self.requests.append(request)
            self.changed.notify_all()
        return not self.failing

    def wait_for(self, requests: int) -> None:
        """Wait until that many requests were accepted."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) >= requests, 60)

    def resources(self) -> list[dict[str, str]]:
        """Attributes of each request's resource."""
        return [
            attributes(one.resource)
            for request in self.requests
            for one in request.resource_metrics
        ]

    def metrics(self) -> Iterator[Any]:
        """Every metric of every request, in their order."""
        for request in self.requests:
            for resource in request.resource_metrics:
                for scope in resource.scope_metrics:
                    yield from scope.metrics

    def points(self, name: str) -> list[Any]:
        """The data points of the metrics of that name, in their order, without `births`."""
        return self._points(name, births=False)

    def births(self, name: str) -> list[Any]:
        """What counters and histograms of that name are said to have begun with."""
        return self._points(name, births=True)

    def _points(self, name: str, *, births: bool) -> list[Any]:
        found, known = [], set()
        for metric in self.metrics():
            data = getattr(metric, metric.WhichOneof("data"))
            cumulative = (
                getattr(data, "aggregation_temporality", 0) == AGGREGATION_TEMPORALITY_CUMULATIVE
            )
            for point in data.data_points if metric.name == name else ():
                labels = tuple(sorted(attributes(point).items()))
                is_birth = cumulative and labels not in known
                known.add(labels)
                if is_birth is births:
                    found.append(point)
        return found


def attributes(holder: Any) -> dict[str, str]:
    """The attributes of a resource or data point."""
    return {one.key: one.value.string_value for one in holder.attributes}


@contextmanager
def http_receiver() -> Iterator[Receiver]:
    receiver = Receiver("http/protobuf")

    class Metrics(Handler):
        def respond(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            accepted = receiver.receive(Request.FromString(self.body()), headers)
            # 400 is not tried again, so a failing push fails at once.
            self.answer(200 if accepted else 400, Answer().SerializeToString())

    with handling(Metrics) as receiver.endpoint:
        yield receiver


@contextmanager
def grpc_receiver() -> Iterator[Receiver]:
    receiver = Receiver("grpc")

    class Service(metrics_service_pb2_grpc.MetricsServiceServicer):
        def Export(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
            headers = {key: str(value) for key, value in context.invocation_metadata()}
            if not receiver.receive(request, headers):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "told to fail")
            return Answer()

    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads)
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(Service(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        receiver.endpoint = f"http://127.0.0.1:{port}"
        server.start()
        try:
            yield receiver
        finally:
            server.stop(grace=None).wait()


RECEIVERS = {"http/protobuf": http_receiver, "grpc": grpc_receiver}
