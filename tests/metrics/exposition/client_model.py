"""The messages of prometheus/client_model, built here so that a real decoder reads our bytes."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "io.prometheus.client"
_TYPE = descriptor_pb2.FieldDescriptorProto

# Message -> fields; a field is its name, number, type, and "*" where it is repeated.
_MESSAGES: dict[str, list[tuple[str, int, str]]] = {
    "Timestamp": [("seconds", 1, "int64"), ("nanos", 2, "int32")],
    "LabelPair": [("name", 1, "string"), ("value", 2, "string")],
    "Exemplar": [("label", 1, "*LabelPair"), ("value", 2, "double"), ("timestamp", 3, "Timestamp")],
    "Gauge": [("value", 1, "double")],
    "Counter": [
        ("value", 1, "double"),
        ("exemplar", 2, "Exemplar"),
        ("created_timestamp", 3, "Timestamp"),
    ],
    "Bucket": [
        ("cumulative_count", 1, "uint64"),
        ("upper_bound", 2, "double"),
        ("exemplar", 3, "Exemplar"),
    ],
    "BucketSpan": [("offset", 1, "sint32"), ("length", 2, "uint32")],
    "Histogram": [
        ("sample_count", 1, "uint64"),
        ("sample_sum", 2, "double"),
        ("bucket", 3, "*Bucket"),
        ("schema", 5, "sint32"),
        ("zero_threshold", 6, "double"),
        ("zero_count", 7, "uint64"),
        ("positive_span", 12, "*BucketSpan"),
        ("positive_delta", 13, "*sint64"),
        ("created_timestamp", 15, "Timestamp"),
        ("exemplars", 16, "*Exemplar"),
    ],
    "Metric": [
        ("label", 1, "*LabelPair"),
        ("gauge", 2, "Gauge"),
        ("counter", 3, "Counter"),
        ("histogram", 7, "Histogram"),
    ],
    "MetricFamily": [
        ("name", 1, "string"),
        ("help", 2, "string"),
        ("type", 3, "int32"),
        ("metric", 4, "*Metric"),
        ("unit", 5, "string"),
    ],
}


def _family_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="client_model_of_the_tests.proto", package=_PACKAGE, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, number, kind in fields:
            field = message.field.add(name=field_name, number=number)
            one = kind.removeprefix("*")
            field.label = _TYPE.LABEL_OPTIONAL if one == kind else _TYPE.LABEL_REPEATED
            if one in _MESSAGES:
                field.type, field.type_name = _TYPE.TYPE_MESSAGE, f".{_PACKAGE}.{one}"
            else:
                field.type = getattr(_TYPE, f"TYPE_{one.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.MetricFamily"))


MetricFamily = _family_class()


def decode(body: bytes) -> list[Any]:
    """Return the `MetricFamily` messages of a delimited body; none may hold unknown fields."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    found, place = [], 0
    while place < len(body):
        length, place = _varint(body, place)
        family = MetricFamily.FromString(body[place : place + length])
        assert len(UnknownFieldSet(family)) == 0
        found.append(family)
        place += length
    assert place == len(body)
    return found


def _varint(body: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[place]
        place += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, place
