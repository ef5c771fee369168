"""A receiver of traces by OTLP over HTTP that keeps what it gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.fakes.handlers import Handler, handling


@dataclass
class Traces:
    """What an OTLP receiver keeps."""

    endpoint: str = ""
    spans: list[Span] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def of(self, trace_id: str) -> list[Span]:
        return [span for span in self.spans if span.trace_id.hex() == trace_id]


@contextmanager
def receiving() -> Iterator[Traces]:
    kept = Traces()

    class Receiver(Handler):
        def respond(self) -> None:
            for resource in ExportTraceServiceRequest.FromString(self.body()).resource_spans:
                kept.services.add(attributes(resource.resource)["service.name"])
                for scope in resource.scope_spans:
                    kept.spans += scope.spans
            self.answer(body=ExportTraceServiceResponse().SerializeToString())

    with handling(Receiver) as address:
        kept.endpoint = f"{address}/v1/traces"
        yield kept


def attributes(span: Any) -> dict[str, Any]:
    return {
        one.key: getattr(one.value, one.value.WhichOneof("value") or "") for one in span.attributes
    }
