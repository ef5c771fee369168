"""Reads the calls of a request's body, which is unpacked within a limit."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from .calls import FieldError, Found

MAX_BYTES = 1024 * 1024
"""Most bytes of a body, both packed and unpacked."""
MAX_CALLS = 1000
"""Most calls of one batch."""
JSON, NDJSON = "application/json", "application/x-ndjson"


class BodyError(Exception):
    """A body as a whole cannot be read."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def too_large() -> BodyError:
    """Return the error of a body that exceeds the limit."""
    return BodyError(413, f"the body is larger than {MAX_BYTES} bytes; send it in parts")


def unpacked(body: bytes, encoding: str) -> bytes:
    """Return the body without its content encoding.

    Raises:
        BodyError: the encoding is unknown, or the gzip is invalid, cut short or too large unpacked.
    """
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise BodyError(415, "the content encoding must be gzip or identity")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(body, MAX_BYTES + 1)
    except zlib.error:
        raise BodyError(400, "the body is not gzip") from None
    if len(found) > MAX_BYTES:
        raise too_large()
    if not unpacker.eof or unpacker.unused_data:
        raise BodyError(400, "the gzip body is incomplete, or other data follows it")
    return found


def calls_in(body: bytes, content_type: str) -> Iterator[Found]:
    """Yield the calls of a batch, and errors for lines that are not JSON.

    Raises:
        BodyError: it is not a batch, or has no calls or too many; raised before any is yielded.
    """
    if content_type == NDJSON:
        found: list[Any] = [line for line in body.split(b"\n") if line.strip()]
    elif content_type == JSON:
        found = _array(body)
    else:
        raise BodyError(415, f"the content type must be {JSON} or {NDJSON}")
    if not found:
        raise BodyError(400, "the body contains no calls")
    if len(found) > MAX_CALLS:
        raise BodyError(413, f"a batch may have at most {MAX_CALLS} calls; send it in parts")
    return _lines(found) if content_type == NDJSON else iter(enumerate(found))


def _array(body: bytes) -> list[Any]:
    try:
        found = _read(body)
    except (ValueError, RecursionError):
        raise BodyError(400, "the body is not JSON in UTF-8") from None
    if not isinstance(found, list):
        raise BodyError(400, "the body must be an array of calls")
    return found


def _lines(lines: list[bytes]) -> Iterator[Found]:
    for index, line in enumerate(lines):
        try:
            yield index, _read(line)
        except (ValueError, RecursionError):
            yield index, FieldError("", "the line is not JSON in UTF-8")


def _read(text: bytes) -> Any:
    """Read JSON; ValueError or RecursionError if the text is none.

    pydantic's parser takes half the time of Python's, but refuses two things that Python's accepts:
    a byte-order mark, and half a surrogate pair, which JavaScript leaves when it cuts a string.
    """
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)
