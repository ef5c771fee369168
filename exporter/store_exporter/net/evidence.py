"""Classifies HTTP responses that other libraries' exceptions carry.

Exceptions of httpx and requests contain the response with its body, those of aiohttp and urllib its
status and headers, and JSON parsing errors the text. `documents` classifies responses that are not
JSON, as it does for our own drivers. Responses that are JSON, or whose body is not known, are
classified by their status.
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
    if 300 <= status < 400:
        return of_status(status)
    if _is_api(headers, body):
        return _refusal(status, headers, body) or of_status(status)
    return _no_document(status, headers, (body or b"").decode(errors="replace"))


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
    source = getattr(error, "doc", "")
    return _no_document(200, {}, source if isinstance(source, str) else "")


def _no_document(status: int, headers: Mapping[str, str], source: str) -> ErrorName:
    # Imported when it is needed, because an application that only measures never needs it.
    from . import documents

    return documents.kind(status, headers, source.strip())


def _refusal(status: int, headers: Mapping[str, str], body: bytes | None) -> ErrorName | None:
    """Return the error type of JSON from a firewall or a closed store; None for any other."""
    if not body or len(body) > _MOST_BYTES:
        return None
    from ..errors import StoreError
    from . import documents
    from .decoding import parse

    try:
        document = parse(body.decode(errors="replace"))
    except (StoreError, ValueError):
        return None
    found = documents.refusal(status, headers, document)
    return found[0] if found else None


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


def _is_api(headers: Mapping[str, str], body: bytes | None) -> bool:
    """Whether a response is, or may be, that of an API."""
    if body is None:
        return "html" not in headers.get("content-type", "")
    if len(body) > _MOST_BYTES:
        return True
    if body.lstrip()[:1] == b"<":
        return False
    # Imported here, so that importing this package does not import it.
    import json

    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
