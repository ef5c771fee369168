"""The span of one HTTP request, a child of the operation's, by the semantic conventions for HTTP.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span (stable)

The address is shown without user and password and without the values of its query, which are
credentials, codes and customers' addresses. It may be one that a store redirects to, with what it
was sent in the path or among the names: what looks like a key there is left out too. Headers and
bodies are not shown at all, and no trace context is sent to the store.
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
"""What the conventions put in place of a value."""
_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[A-Za-z_][\w.\[\]-]{0,63}")
_KEY = re.compile(r"\w*[0-9A-Fa-f]{24,}\w*|[A-Za-z0-9+=]{40,}")
"""What the platforms' keys are: many hexadecimal digits, or base64."""


class HttpSpan:
    """The span of a request that is sent now; none where no operation is being traced.

    Nothing here raises: a trace must not fail the request.

    Args:
        method: of the request.
        url: its address; of its query only the names are shown.
        params: names of what else its query has.
    """

    def __init__(self, method: str, url: str, params: Iterable[str] = ()) -> None:
        self._span: Any = None
        try:
            tracer = tracing.tracer()
            if tracer is not None and tracing.active() is not None:
                self._span = tracer.start_span(
                    method, kind=_client_kind(), attributes=_attributes(method, url, params)
                )
        except Exception as error:
            if comes_from_outside(error):
                raise
            # There is no span then; the request is what matters.
            self._span = None

    def responded(self, status: int) -> None:
        """End it with a response."""
        attributes: dict[str, str | int] = {"http.response.status_code": status}
        if status >= 400:
            attributes["error.type"] = str(status)
        self._end(attributes)

    def failed(self, error_type: ErrorName) -> None:
        """End it without a response."""
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


def _client_kind() -> Any:
    from opentelemetry.trace import SpanKind

    return SpanKind.CLIENT


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
    """Return a parameter's name, if it is one."""
    return _KEY.sub(_MASK, name) if _NAME.fullmatch(name) else _MASK
