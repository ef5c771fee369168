"""The format and the encoding follow from what real scrapers ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.metrics.exposition.negotiate import Format, accepts_gzip, choose_format

PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        pytest.param(
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            "application/openmetrics-text;version=0.0.1;q=0.5,"
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
            "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            Format.OPENMETRICS,
            id="Prometheus 3.5",
        ),
        pytest.param(
            f"{PROTOBUF};q=0.6,"
            "application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,*/*;q=0.2",
            Format.PROTOBUF,
            id="Prometheus 3.5 with native histograms",
        ),
        pytest.param(
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,*/*;q=0.5",
            Format.TEXT_1,
            id="Prometheus 3.5 told to use text 1.0.0",
        ),
        pytest.param(
            "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            Format.OPENMETRICS_0,
            id="Prometheus 2.5",
        ),
        pytest.param(
            "text/plain;version=0.0.4;q=1,*/*;q=0.1", Format.TEXT, id="VictoriaMetrics 1.145"
        ),
        pytest.param(
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            Format.TEXT,
            id="a browser",
        ),
        pytest.param("*/*", Format.TEXT, id="curl"),
        pytest.param("application/openmetrics-text", Format.OPENMETRICS, id="no version"),
        pytest.param(
            "application/openmetrics-text;version=9.0.0,text/plain;q=0.1",
            Format.TEXT,
            id="a version of the future",
        ),
        pytest.param(
            "application/vnd.google.protobuf;proto=other;encoding=delimited,*/*;q=0.1",
            Format.TEXT,
            id="another protobuf message",
        ),
        pytest.param(PROTOBUF.replace("delimited", "text"), Format.TEXT, id="protobuf as text"),
        pytest.param(f"{PROTOBUF};q=0,*/*", Format.TEXT, id="protobuf refused"),
        pytest.param(f'{PROTOBUF.upper()};Q="0.9"', Format.PROTOBUF, id="upper case, quoted"),
        pytest.param("application/json", Format.TEXT, id="nothing that we have"),
        pytest.param("text/plain;q=high,;;=,,", Format.TEXT, id="nonsense"),
        pytest.param("text/plain;q=nan", Format.TEXT, id="not a number"),
        pytest.param(f"{'x' * 5000},{PROTOBUF}", Format.TEXT, id="far too long"),
        pytest.param("", Format.TEXT, id="empty"),
        pytest.param(None, Format.TEXT, id="absent"),
    ],
)
def test_the_format_is_the_one_preferred(accept: str | None, chosen: Format) -> None:
    assert choose_format(accept) is chosen


@pytest.mark.parametrize(
    ("accept_encoding", "accepted"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, GZIP;q=0.8, *;q=0.1", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("", False),
        (None, False),
    ],
)
def test_gzip_is_used_where_it_is_accepted(accept_encoding: str | None, accepted: bool) -> None:
    assert accepts_gzip(accept_encoding) is accepted


@given(st.text(max_size=200))
def test_no_header_makes_it_fail(header: str) -> None:
    assert isinstance(choose_format(header), Format)
    assert accepts_gzip(header) in (True, False)
