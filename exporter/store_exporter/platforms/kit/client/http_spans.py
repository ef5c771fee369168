"""The span of one HTTP request: a child of the operation's span, by OpenTelemetry's conventions.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span (stable)

The span contains the address without user, password and the values of the query: these may be
credentials, codes and customers' addresses. The address may be the target of a store's redirect,
with the store's secrets in its path or among the parameter names, so texts that look like keys are
removed there, too. The span contains no headers and no bodies, and no trace context is sent to the
store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from ....errors import ErrorName
from ....metrics import tracing
from ....metrics.signals import comes_from_outside

_MASK = "REDACTED"
"""The placeholder that the conventions use for a value."""
_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[A-Za-z_][\w.\[\]-]{0,63}")
_KEY = re.compile(r"\b(?=\w*?[0-9A-Fa-f]{24})\w+|[A-Za-z0-9+=]{40,}")
"""Texts that look like the platforms' keys: a word with many hexadecimal digits, or base64. A word
is searched only from its beginning, because a store chooses the path to which it redirects."""


class HttpSpan:
    """The span of a request; no span if no operation is being traced.

    Nothing here raises: a trace must not fail the request. Of the query of the address only the
    names are shown, and `params` are names of other parameters.
    """

    def __init__(self, method: str, url: str, params: Iterable[str] = ()) -> None:
        self._span: Any = None
        try:
            tracer = tracing.tracer()
            if tracer is not None and tracing.active() is not None:
                from opentelemetry.trace import SpanKind

                attributes = _attributes(method, url, params)
                self._span = tracer.start_span(method, kind=SpanKind.CLIENT, attributes=attributes)
        except Exception as error:
            if comes_from_outside(error):
                raise
            # Continue without a span: the request is more important.
            self._span = None

    def responded(self, status: int) -> None:
        """End the span with a response."""
        attributes: dict[str, str | int] = {"http.response.status_code": status}
        if status >= 400:
            attributes["error.type"] = str(status)
        self._end(attributes)

    def failed(self, error_type: ErrorName) -> None:
        """End the span without a response."""
        self._end({"error.type": error_type})

    def _end(self, attributes: dict[str, str | int]) -> None:
        span, self._span = self._span, None
        if span is None:
            return
        try:
            from opentelemetry.trace import StatusCode

            span.set_attributes(attributes)
            if "error.type" in attributes:
                span.set_status(StatusCode.ERROR)
            span.end()
        except Exception as error:
            if comes_from_outside(error):
                raise


def _attributes(method: str, url: str, params: Iterable[str]) -> dict[str, str | int]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    names += params
    query = "&".join(f"{quote(_parameter_name(name), safe='')}={_MASK}" for name in names)
    netloc = f"[{host}]" if ":" in host else host
    if parts.port is not None:
        netloc = f"{netloc}:{parts.port}"
    return {
        "http.request.method": method,
        "url.full": urlunsplit((parts.scheme, netloc, _KEY.sub(_MASK, parts.path), query, "")),
        "server.address": host,
        "server.port": parts.port or _PORTS.get(parts.scheme, 0),
    }


def _parameter_name(name: str) -> str:
    return _KEY.sub(_MASK, name) if _NAME.fullmatch(name) else _MASK
