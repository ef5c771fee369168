"""Whatever is reported: nothing is raised, nothing half counted, no label is made of it."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.errors import ERROR_TYPES
from store_exporter.ingest.body import JSON, MAX_BYTES, NDJSON, BodyError, calls_in, unpacked
from store_exporter.ingest.calls import FIELDS, Refusal, Tenant
from store_exporter.ingest.error_classes import CLASSES, ErrorClasses
from store_exporter.ingest.reader import CallReader
from store_exporter.platforms import base
from tests.ingest.support import SHOP

NOW = 1_800_000_000.0
TENANT = Tenant(
    org="acme",
    platform_of={SHOP: "woocommerce"}.get,
    accepts_unknown=lambda _: False,
    platforms=("shopify", "woocommerce"),
    classes=ErrorClasses({}, base.codes_of),
    now=lambda: NOW,
)
GOOD: dict[str, Any] = {"operation": "get_cart", "domain": SHOP, "duration_seconds": 0.5}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
likely = st.fixed_dictionaries(
    {
        "operation": st.sampled_from(["get_cart", "own", ""]) | anything,
        "domain": st.sampled_from([SHOP, "zen.example"]) | anything,
        "duration_seconds": st.floats(0, 10) | anything,
    },
    optional={field: anything for field in FIELDS if field not in GOOD},
)


@given(st.lists(likely | anything, max_size=20))
def test_every_call_is_counted_whole_or_refused_with_a_sentence(calls: list[Any]) -> None:
    reader = CallReader(TENANT)
    reader.read(enumerate(calls))
    additions = reader.additions()
    assert reader.accepted + len(reader.refusals) == len(calls)
    assert sum(addition.finished for addition in additions.values()) == reader.accepted
    assert sum(len(addition.durations) for addition in additions.values()) == reader.accepted
    for (org, domain, platform, operation), addition in additions.items():
        assert (org, domain, platform) == ("acme", SHOP, "woocommerce")
        assert operation.isascii()
        assert addition.errors.keys() <= ERROR_TYPES.keys()
        assert sum(addition.errors.values()) <= addition.finished
        assert all(0 <= seconds <= 3600 for seconds in addition.durations)
    for refusal in reader.refusals:
        assert refusal.field in {"", *FIELDS}
        assert refusal.error
        # Nothing of what was sent is in the answer.
        json.dumps(refusal.error).encode("ascii")


@given(st.lists(likely | anything, max_size=6), st.sampled_from([1, 2, -1]))
def test_a_call_is_read_alike_whatever_came_before_it(calls: list[Any], step: int) -> None:
    calls = [GOOD, *calls, GOOD, *calls[::step], GOOD]
    together = CallReader(TENANT)
    together.read(enumerate(calls))
    refused: list[Refusal] = []
    durations: list[float] = []
    for place, call in enumerate(calls):
        alone = CallReader(TENANT)
        alone.read([(place, call)])
        refused += alone.refusals
        durations += durations_of(alone)
    assert together.refusals == refused
    assert sorted(durations_of(together)) == sorted(durations)


def durations_of(reader: CallReader) -> list[float]:
    return [one for addition in reader.additions().values() for one in addition.durations]


@given(
    st.binary(max_size=200), st.sampled_from(["", "gzip", "br"]), st.sampled_from([JSON, NDJSON])
)
def test_any_body_is_read_or_refused(body: bytes, encoding: str, kind: str) -> None:
    status, found = 200, []
    try:
        found = list(calls_in(unpacked(body, encoding), kind))
    except BodyError as error:
        status = error.status
    assert found if status == 200 else status in {400, 413, 415}


@given(st.lists(anything, min_size=1, max_size=5))
def test_both_kinds_of_body_hold_the_same_calls(calls: list[Any]) -> None:
    array = json.dumps(calls).encode()
    lines = b"\n".join(json.dumps(call).encode() for call in calls)
    assert repr(list(calls_in(array, JSON))) == repr(list(calls_in(gunzip(lines), NDJSON)))


def gunzip(body: bytes) -> bytes:
    return unpacked(gzip.compress(body), "gzip")


PACKED = gzip.compress(b"[]", mtime=0)


@pytest.mark.parametrize(
    "packed",
    [PACKED[:-1], PACKED + b"more", PACKED * 2, zlib.compress(b"[]"), b""],
    ids=["cut short", "with more", "twice", "zlib", "nothing"],
)
def test_gzip_that_is_not_whole_is_refused(packed: bytes) -> None:
    with pytest.raises(BodyError) as caught:
        unpacked(packed, "gzip")
    assert caught.value.status == 400


def test_what_unpacks_to_more_than_the_limit_is_refused() -> None:
    assert len(gunzip(b" " * MAX_BYTES)) == MAX_BYTES
    with pytest.raises(BodyError) as caught:
        gunzip(b" " * (MAX_BYTES + 1))
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("fields", "field", "error"),
    [
        ({"operation": "get cart"}, "operation", "must be a name of letters"),
        ({"operation": None}, "operation", "must be a name of letters"),
        ({"domain": "https://d/"}, "domain", "is not a host name in lower case"),
        ({"domain": "Shop.example.com"}, "domain", "is not a host name in lower case"),
        ({"platform": "woocomerce"}, "platform", "must be one of: shopify, woocommerce"),
        ({"platform": "shopify"}, "platform", "the store runs woocommerce"),
        ({"duration_seconds": True}, "duration_seconds", "must be a number of seconds"),
        ({"duration_seconds": "1"}, "duration_seconds", "must be a number of seconds"),
        ({"duration_seconds": float("nan")}, "duration_seconds", "must be from 0 to 3600"),
        ({"duration_seconds": 10**400}, "duration_seconds", "must be from 0 to 3600"),
        ({"error_type": "out_of_stok"}, "error_type", "did you mean out_of_stock?"),
        (
            {"error_type": "timeout", "error_class": "E"},
            "error_type",
            "must not be set together with error_class",
        ),
        ({"error_type": "timeout", "http_status": 99}, "http_status", "must be a whole number"),
        ({"error_class": ""}, "error_class", "must be a string of 1 to 100 characters"),
        ({"http_status": 1000}, "http_status", "must be a whole number from 100 to 599"),
        ({"http_status": 404.0}, "http_status", "must be a whole number from 100 to 599"),
        ({"time": "2027-01-15T08:00:00"}, "time", "with a time zone"),
        ({"time": NOW - 3601}, "time", "is more than an hour ago"),
        ({"time": NOW * 1000}, "time", "is more than five minutes ahead"),
        ({"trace_id": "A" * 32}, "trace_id", "must be 32 lower-case hexadecimal digits"),
        ({"span_id": "xyz"}, "span_id", "must be 16 lower-case hexadecimal digits"),
        ({"message": 5}, "message", "must be a string"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(fields: dict[str, Any], field: str, error: str) -> None:
    reader = CallReader(TENANT)
    reader.read([(7, {**GOOD, **fields})])
    (refusal,) = reader.refusals
    assert (refusal.index, refusal.field) == (7, field)
    assert error in refusal.error
    assert reader.additions() == {}


def test_ids_of_zeros_as_opentelemetry_gives_them_without_a_span_are_none() -> None:
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    ids = {
        "trace_id": trace.format_trace_id(context.trace_id),
        "span_id": trace.format_span_id(context.span_id),
    }
    reader = CallReader(TENANT)
    reader.read([(0, {**GOOD, **ids, "error_type": "timeout"})])
    ((_, addition),) = reader.additions().items()
    assert not addition.exemplars
    (failed,) = reader.failed()
    assert (reader.refusals, failed.trace_id) == ([], "")


def test_a_call_with_its_trace_is_an_exemplar_and_its_message_is_kept_for_the_log() -> None:
    reader = CallReader(TENANT)
    told = {
        "trace_id": "a" * 32,
        "span_id": "b" * 16,
        "time": "2027-01-15T08:00:00Z",
        "error_class": "ECONNRESET",
        "message": "x" * 5000,
    }
    reader.read([(0, {**GOOD, **told})])
    ((labels, addition),) = reader.additions().items()
    (exemplar,) = addition.exemplars
    assert (exemplar.trace_id, exemplar.span_id, exemplar.value) == ("a" * 32, "b" * 16, 0.5)
    assert exemplar.timestamp == NOW
    (failed,) = reader.failed()
    told_of = (failed.org, failed.domain, failed.platform, failed.operation)
    assert (told_of, failed.error_type, len(failed.message)) == (labels, "connection", 1000)
    assert (failed.time, failed.trace_id, failed.duration) == (NOW, "a" * 32, 0.5)


def test_the_table_of_classes_names_error_types_and_each_class_once() -> None:
    assert CLASSES.keys() <= ERROR_TYPES.keys()
    names = [name for names in CLASSES.values() for name in names.split()]
    assert len(names) == len(set(names))


def test_a_line_that_is_no_json_is_refused_alone() -> None:
    found = calls_in(b'{"operation": 1}\nno\n{"domain": 2}', NDJSON)
    reader = CallReader(TENANT)
    reader.read(found)
    assert reader.refusals[1] == Refusal(1, "", "the line is not JSON in UTF-8")
    assert [refusal.index for refusal in reader.refusals] == [0, 1, 2]


@pytest.mark.parametrize(
    ("platform", "code", "status", "expected"),
    [
        ("woocommerce", "woocommerce_rest_product_out_of_stock", 400, "out_of_stock"),
        ("woocommerce", "woocommerce_rest_cannot_view", 401, "forbidden"),
        ("woocommerce", "rest_no_route", None, "api_not_found"),
        ("shopify", "THROTTLED", 200, "rate_limited"),
        ("shopify", "ACCESS_DENIED", None, "forbidden"),
        ("woocommerce", "ACCESS_DENIED", None, None),
    ],
)
def test_a_platforms_own_codes_are_known_for_its_stores(
    platform: str, code: str, status: int | None, expected: str | None
) -> None:
    assert TENANT.classes.error_type(code, status, platform) == expected


def test_half_of_a_pair_of_surrogates_and_a_byte_order_mark_are_read_as_python_reads_them() -> None:
    """JavaScript leaves the one where it cuts a text, some editors write the other."""
    assert list(calls_in(b'\xef\xbb\xbf[{"message": "cut \\ud83d"}]', JSON)) == [
        (0, {"message": "cut \ud83d"})
    ]


def test_a_status_that_only_equals_one_is_refused_whatever_came_before() -> None:
    reader = CallReader(TENANT)
    calls = [{**GOOD, "http_status": status} for status in (404, 404.0, 404)]
    reader.read(enumerate(calls))
    assert (reader.accepted, [refusal.index for refusal in reader.refusals]) == (2, [1])


def test_the_slowest_success_of_a_store_keeps_its_own_time_and_trace() -> None:
    reader = CallReader(TENANT)
    slow = {**GOOD, "duration_seconds": 3.0, "time": NOW - 60, "trace_id": "a" * 32}
    failed = {**GOOD, "duration_seconds": 9.0, "error_type": "timeout"}
    reader.read(enumerate([GOOD, slow, {**GOOD, "operation": "own"}, failed]))
    (slowest,) = reader.slowest()
    found = (slowest.duration, slowest.time, slowest.trace_id, slowest.operation)
    assert found == (3.0, NOW - 60, "a" * 32, "get_cart")
    (one,) = reader.failed()
    assert (one.duration, one.error_type, one.time) == (9.0, "timeout", NOW)
