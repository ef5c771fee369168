"""The head of an HTTP response: its limits, and points on which the parsing libraries disagree.

Probes read responses with aiohttp (llhttp) and clients with httpx (h11). `odd_heads` makes readable
for both what browsers read. If only one of them refuses something else, this module or `httpx_wire`
refuses it for both, so that both report the same about a store.
There are three exceptions: sizes of chunks with 17 to 20 digits or with only a line feed at their
end (broken for llhttp, cut off for h11), text that arrives together with a response whose
connection should be kept (llhttp reads it as a broken response, h11 ignores it), and interim
responses without an end (too many bytes for probes, a timeout for clients). Sources: aiohttp 3.14
(`_http_parser.pyx`, `max_field_size`, `max_headers`), httpcore 1.0 (`MAX_INCOMPLETE_EVENT_SIZE`,
100 KiB), RFC 9112.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from ..errors import ErrorName, StoreError

MAX_LINE = 64 * 1024
"""The most bytes of one header, name and value. Real shops send a Content-Security-Policy of 11 KB,
and cache tags that are several times as long."""
MAX_LINES = 500
"""The most headers of one response."""
MAX_BYTES = 96 * 1024
"""The most bytes of all headers together; browsers allow 256 KB, and httpx 100."""

_VERSIONS = ("HTTP/1.0", "HTTP/1.1", "HTTP/2")
_CODING = "transfer-encoding"


def read(
    status: int, raw: Iterable[tuple[bytes, bytes]], version: str = "HTTP/1.1", reason: str = ""
) -> dict[str, str]:
    """Return the headers of a response: names in lower case, repeated ones joined by commas.

    Args:
        status: the HTTP status.
        raw: names and values as received.
        version: the HTTP version in the status line.
        reason: the reason phrase in the status line.

    Raises:
        StoreError: response_too_large; invalid_response, HTTP does not allow it.
    """
    lines = list(raw)
    total = longest = sum(map(len, chain.from_iterable(lines)))
    if total > MAX_LINE:
        longest = max(len(name) + len(value) for name, value in lines)
    for size, limit, what in (
        (len(lines), MAX_LINES, "headers"),
        (max(longest, len(reason)), MAX_LINE, "bytes in one line of its head"),
        (total, MAX_BYTES, "bytes of headers"),
    ):
        if size > limit:
            message = f"the response has more than {limit} {what}"
            raise _error("response_too_large", message, status)
    found: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    for raw_name, raw_value in lines:
        name = raw_name.decode("latin-1").lower()
        try:
            value = raw_value.decode()
        except UnicodeDecodeError:
            value = raw_value.decode("latin-1")
        if name in found:
            repeated.setdefault(name, [found[name]]).append(value)
        else:
            found[name] = value
    for name, values in repeated.items():
        # A repeated header with the same value counts once.
        found[name] = ", ".join(dict.fromkeys(values))
    codings = repeated.get(_CODING) or ([found[_CODING]] if _CODING in found else [])
    problem = _problem(status, found, codings, version)
    if problem is not None:
        raise _error("invalid_response", f"the store's response is not HTTP: {problem}", status)
    return found


def _problem(
    status: int, headers: Mapping[str, str], codings: list[str], version: str
) -> str | None:
    if version not in _VERSIONS:
        return f"version {version[:20]!r}"
    if not 200 <= status <= 999:
        return f"status {status}, which was not requested"
    codings = [coding.strip().lower() for coding in codings]
    if codings not in ([], ["chunked"]):
        return f"Transfer-Encoding {', '.join(codings)[:40]!r}"
    if codings and "content-length" in headers:
        return "both Content-Length and Transfer-Encoding"
    return None


def _error(error_type: ErrorName, message: str, status: int) -> StoreError:
    return StoreError(error_type, message, status=status if 100 <= status <= 999 else None)
