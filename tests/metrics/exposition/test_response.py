"""A response has the headers of its body, compressed where that was asked for."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from store_exporter.metrics.catalogue import operations
from store_exporter.metrics.exposition import render
from store_exporter.metrics.exposition.negotiate import Format
from store_exporter.metrics.families import Family
from tests.metrics.exposition import client_model, examples


def test_text_is_what_a_scraper_without_wishes_gets() -> None:
    response = render(examples.one_of_each())
    assert response.headers == {
        "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
        "Vary": "Accept, Accept-Encoding",
        "Content-Length": str(len(response.body)),
    }
    assert response.body.startswith(b"# HELP store_operations_total ")


@pytest.mark.parametrize("format_", list(Format))
def test_every_format_is_rendered_under_its_own_name(format_: Format) -> None:
    response = render(examples.one_of_each(), format_.value)
    assert response.headers["Content-Type"] == format_.value
    assert (b"# EOF\n" in response.body) == ("openmetrics" in format_.value)


@pytest.mark.parametrize("format_", list(Format))
def test_compressed_and_plain_bodies_are_the_same(format_: Format) -> None:
    plain = render(examples.one_of_each(), format_.value)
    packed = render(examples.one_of_each(), format_.value, "gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Length"] == str(len(packed.body))
    assert gzip.decompress(packed.body) == plain.body


def test_protobuf_can_do_without_classic_buckets() -> None:
    response = render(examples.one_of_each(), Format.PROTOBUF.value, classic=False)
    messages = {message.name: message for message in client_model.decode(response.body)}
    histogram = messages["store_operation_duration_seconds"].metric[0].histogram
    assert len(histogram.bucket) == 0


def test_nothing_is_an_empty_exposition() -> None:
    assert render([]).body == b""
    assert render([], Format.OPENMETRICS.value).body == b"# EOF\n"
    assert gzip.decompress(render([], None, "gzip").body) == b""


def test_a_failing_source_fails_before_anything_is_sent() -> None:
    def broken() -> Iterator[Family]:
        yield Family(operations.OPERATIONS, [(examples.OPERATION, 1)])
        raise RuntimeError("the recorder broke")

    with pytest.raises(RuntimeError, match="the recorder broke"):
        render(broken())
