"""Classifies HTTP responses that other libraries' exceptions carry.

Exceptions of httpx and requests contain the response with its body, those of aiohttp and urllib its
status and headers, and JSON parsing errors the text. What is not JSON is classified by `documents`,
the rest by its status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ErrorName
from .outcomes import STATUSES

_MOST_BYTES = 1_000_000
"""Larger bodies are classified by their status, because the application waits meanwhile."""


def of_status(status: int) -> ErrorName:
    """Return the error type of an HTTP status that is not a success."""
    if status in STATUSES:
        return STATUSES[status]
    by_hundreds: dict[int, ErrorName] = {3: "redirect", 4: "invalid_request", 5: "server_error"}
    return by_hundreds.get(status // 100, "invalid_response")


def of_error(error: BaseException) -> ErrorName:
    """Return the error type of the response in an exception; invalid_response without one."""
    response = getattr(error, "response", None)
    holders = ((response, "status_code"), (response, "status"), (error, "status"), (error, "code"))
    for holder, name in holders:
        status = getattr(holder, name, None)
        if isinstance(status, int):
            break
    else:
        return "invalid_response"
    headers = _headers(error if response is None else response)
    body = _body(response, headers)
    if body is None and "html" in headers.get("content-type", ""):
        body = b""
    if 300 <= status < 400 or body is None or len(body) > _MOST_BYTES:
        return of_status(status)
    return _of_body(status, headers, body)


def _of_body(status: int, headers: Mapping[str, str], body: bytes) -> ErrorName:
    # Imported when it is needed, because an application that only measures never needs it.
    from ..contract import Response
    from ..errors import StoreError
    from . import documents
    from .decoding import parse, text

    response = Response(status, headers, body, "")
    try:
        document = parse(text(response))
    except (StoreError, ValueError):
        return documents.no_document(response).error_type
    found = documents.refusal(status, headers, document)
    return found[0] if found else of_status(status)


def of_unknown(error: BaseException) -> ErrorName | None:
    """Return the error type of a failed response that an application keeps in its own exception.

    Only attributes that were set are read, because properties of unknown classes run their code.
    """
    response = getattr(error, "__dict__", {}).get("response")
    members = getattr(response, "__dict__", {})
    status = members.get("status_code", members.get("status"))
    return of_error(error) if isinstance(status, int) and status >= 400 else None


def of_document(error: BaseException) -> ErrorName:
    """Return the error type of a body that a library could not parse as JSON."""
    from .marks import GENERIC
    from .pages import judged

    source = getattr(error, "doc", "")
    return judged(200, {}, source.strip() if isinstance(source, str) else "", GENERIC)[0]


def _headers(holder: Any) -> Mapping[str, str]:
    headers = getattr(holder, "headers", None)
    if headers is None:
        return {}
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _body(response: Any, headers: Mapping[str, str]) -> bytes | None:
    """Return a body that was already read; None where it is not known.

    The attribute is private, but the same in httpx and requests. Their public attributes would read
    a body that is not read yet.
    """
    body = getattr(response, "_content", None)
    if isinstance(body, bytes):
        return body
    return b"" if headers.get("content-length") == "0" else None
