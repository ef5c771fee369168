"""Every mount answers a scraper the same way."""

from __future__ import annotations

import gzip
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse

import pytest

from store_exporter.metrics.catalogue import operations
from store_exporter.metrics.exposition import render
from store_exporter.metrics.families import Family
from store_exporter.metrics.recorder import default
from store_exporter.mounts import make_wsgi_app
from tests.metrics.exposition import client_model, examples
from tests.mounts.running import MOUNTS, Mount

PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)


class Broken:
    def families(self) -> Iterator[Family]:
        yield Family(operations.OPERATIONS, [(examples.OPERATION, 1)])
        raise RuntimeError("a secret detail")


@pytest.fixture(scope="module", params=MOUNTS)
def mount(request: pytest.FixtureRequest) -> Mount:
    return MOUNTS[request.param]


@pytest.fixture(scope="module")
def url(mount: Mount) -> Iterator[str]:
    with mount(examples.Source()) as url:
        yield url


def ask(url: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method=method, headers=named)
    with urllib.request.urlopen(request, timeout=60) as response:
        return response, response.read()


def refused(url: str, method: str = "GET", data: bytes | None = None) -> urllib.error.HTTPError:
    request = urllib.request.Request(url, method=method, data=data)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=60)
    return error.value


def test_text_is_served_unless_another_format_is_requested(url: str) -> None:
    response, body = ask(url)
    expected = render(examples.one_of_each())
    assert body == expected.body
    for name, value in expected.headers.items():
        assert response.headers[name] == value
    assert len(response.headers.get_all("Content-Length", [])) == 1


def test_the_format_and_encoding_requested_are_served(url: str) -> None:
    response, body = ask(url, Accept=f"{PROTOBUF};q=0.6,*/*;q=0.1", Accept_Encoding="gzip")
    assert response.headers["Content-Type"].startswith("application/vnd.google.protobuf")
    assert response.headers["Content-Encoding"] == "gzip"
    messages = client_model.decode(gzip.decompress(body))
    assert messages[0].name == "store_operations_total"


def test_head_has_the_headers_of_get_and_no_body(url: str) -> None:
    got, _ = ask(url)
    response, body = ask(url, "HEAD")
    assert body == b""
    for name in ("Content-Type", "Content-Length"):
        assert response.headers[name] == got.headers[name]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_not_allowed(url: str, method: str) -> None:
    with refused(url, method, b"x" if method == "POST" else None) as error:
        assert error.code == 405
        assert error.headers["Allow"] == "GET, HEAD"
        assert error.read() == b"405 Method Not Allowed\n"


def test_a_failure_is_a_clean_500_without_details(
    mount: Mount, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        mount(Broken()) as url,
        caplog.at_level(logging.CRITICAL, "store_exporter.mounts"),
        refused(url) as error,
    ):
        assert error.code == 500
        assert error.read() == b"500 Internal Server Error\n"


def test_without_a_source_the_default_recorder_is_served() -> None:
    default().operation("org-of-the-default", "shop.example.com", "shopify", "get_order")
    app = make_wsgi_app()
    statuses: list[str] = []
    body = b"".join(app({"REQUEST_METHOD": "GET"}, lambda status, _: statuses.append(status)))
    assert statuses == ["200 OK"]
    assert b"store_exporter_operation_series" in body
