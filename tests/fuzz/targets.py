"""What reads bytes of others, as functions that raise nothing but what they say they raise."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from store_exporter.config import ConfigError
from store_exporter.config.model import values
from store_exporter.config.yaml import document as configuration
from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.events.page import Page
from store_exporter.ingest import otlp
from store_exporter.ingest.body import JSON, BodyError, calls_in, unpacked
from store_exporter.metrics.exposition.negotiate import accepts_gzip, choose_format
from store_exporter.net import documents, head, tls
from store_exporter.net.plans import retry_after
from store_exporter.net.proxy import no_tunnel
from store_exporter.net.redactor import Redactor
from store_exporter.net.redirects import Trail
from store_exporter.platforms.kit.auth import jwt
from store_exporter.platforms.woocommerce.marks import MARKS
from store_exporter.server.security.access import credentials
from store_exporter.stores.model import Secret

_SECRET = "ck_0123456789abcdef0123456789abcdef01234567"
_HIDES = Redactor([Secret(_SECRET)])


def _head(data: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Split bytes into headers and a body, as a parser of HTTP would hand them over."""
    top, _, body = data.partition(b"\n\n")
    pairs = (line.partition(b":") for line in top.split(b"\n"))
    return [(name.strip(), value.strip()) for name, _, value in pairs], body


def answer(data: bytes) -> None:
    """An answer of a store: its headers, its document, and where it leads."""
    if not data:
        return
    status = 100 + data[0] * 2
    raw, body = _head(data[1:])
    try:
        headers = head.read(status, raw)
        response = Response(status, headers, body, "https://shop.example.com/wp-json/")
        retry_after(response, 1.7e9)
        Trail("GET", response.url, MARKS).next(response)
        documents.document(response, MARKS)
    except StoreError as error:
        said = MARKS.redact.line(error.message)
        assert len(said.encode()) < 5000, said


def proxy(data: bytes) -> None:
    """The status line of a proxy, as aiohttp reads it."""
    phrase = data.decode("utf-8", "surrogateescape")
    message = no_tunnel("http://proxy:1", "shop.example.com", 403, phrase).message
    assert message == _HIDES(message)
    assert len(message.encode()) < 1000


def secret(data: bytes) -> None:
    """A text with a secret in the middle of it, which nobody may see."""
    text = data.decode("utf-8", "replace")
    half = len(text) // 2
    assert _SECRET not in _HIDES(text[:half] + _SECRET + text[half:])


def batch(data: bytes) -> None:
    """A batch of calls as an application reports it."""
    for encoding in ("", "gzip"):
        for kind in ("application/json", "application/x-ndjson"):
            try:
                list(calls_in(unpacked(data, encoding), kind))
            except BodyError:
                continue


def push(data: bytes) -> None:
    """A request of OTLP."""
    for kind in (otlp.PROTOBUF, JSON):
        try:
            otlp.parsed(data, kind)
        except BodyError:
            continue


def config(data: bytes) -> None:
    """A configuration file."""
    with suppress(ConfigError):
        configuration.parse(data.decode("utf-8", "replace"), "store-exporter.yml")


def header(data: bytes) -> None:
    """Headers of a request."""
    text = data.decode("utf-8", "surrogateescape")
    choose_format(text)
    accepts_gzip(text)
    credentials(text)
    credentials(f"Basic {text}")


_READERS: tuple[Callable[[Any], object], ...] = (
    *(values.url, values.proxy_url, values.proxy_exemption, values.domain, values.org),
    *(values.url_template, values.database_url, values.go_duration),
)


def address(data: bytes) -> None:
    """A value of the configuration."""
    for read in _READERS:
        with suppress(ValueError):
            read(data.decode("utf-8", "replace"))


def certificate(data: bytes) -> None:
    """A certificate that nobody has verified, and a token."""
    with suppress(ValueError):
        tls.expiry(data)
    jwt.expiry(data.decode("latin-1"))


def events(data: bytes) -> None:
    """Saved events."""
    try:
        page = Page.read(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return
    page.document()


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        *(answer, proxy, secret, batch, push, config, header, address, certificate, events),
    )
}
_EVENT = dict.fromkeys(("org", "domain", "platform", "component"), "") | {"time": 1, "kind": "api"}
SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "answer": (
        b'2content-type: application/json\nlink: <https://x/>\n\n{"code": "rest_x", "a": 1.5}',
        b"\xc9content-type: text/html; charset=x\nretry-after: 5\n\n<title>Error</title>",
        b"dlocation: https://shop.example.com/wp-login.php\n\n",
    ),
    "batch": (
        b'[{"operation": "get_cart", "domain": "a.example", "duration_seconds": 0.1}]',
        b'{"operation": "get_cart"}\n{"operation": "get_cart"}\n',
    ),
    "push": (
        b'{"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "x", "sum": {}}]}]}]}',
    ),
    "config": (b"orgs:\n  - {org: acme}\nstores: &a\n  - domain: 'a.example'\n    url: *a\n",),
    "header": (b"text/plain;version=0.0.4;q=0.5, application/openmetrics-text", b"YWRhOmI="),
    "address": (b"https://shop.example.com:8080/a?b#c", b"https://{domain}/shop", b"1h30m"),
    "certificate": (b"a.eyJleHAiOiAxfQ.b", bytes.fromhex("300f300d02010030003000300030003000")),
    "events": (json.dumps({"facts": {"plugin": {"a": "1"}}, "events": [_EVENT]}).encode(),),
}
"""What a target reads when all is well; changing that reaches more than beginning with nothing."""
