"""A body as text, and text as JSON with exact decimals. No I/O."""

from __future__ import annotations

import codecs
import json
import re
from decimal import Decimal
from typing import Any

from ..contract import Response
from ..errors import StoreError

_ESCAPE = re.compile(
    r"(\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w)|(\\u[dD][89a-fA-F]\w\w)|\\.", re.DOTALL
)
"""In JSON: a pair of surrogates, one that is alone and stands for no character, another escape."""
_GZIP = b"\x1f\x8b"


def text(response: Response) -> str:
    """Return the body as text, by its byte order mark, its declared charset or as UTF-8.

    Each file of PHP that begins with a byte order mark adds one of its own.

    Raises:
        StoreError: invalid_response, it is not text in that encoding.
    """
    body = response.body
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return _decoded(body, encoding, response).lstrip("\ufeff")
    match = re.search(r"charset=[\"']?([\w-]+)", response.headers.get("content-type", ""))
    return _decoded(body, match.group(1) if match else "utf-8", response)


def _decoded(body: bytes, encoding: str, response: Response) -> str:
    try:
        codecs.lookup(encoding)
    except LookupError:
        # Such as MySQL's name for it, utf8mb4; JSON is in UTF-8 whatever is declared.
        encoding = "utf-8"
    try:
        return body.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        message = f"the answer is not text in {encoding[:20]}"
        if body.startswith(_GZIP):
            message = "the answer is compressed once more than it says"
        raise StoreError("invalid_response", message, status=response.status) from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


def parse(source: str) -> Any:
    """Parse JSON, with exact decimals, and with U+FFFD for a surrogate that is alone.

    Raises:
        ValueError: it is not JSON, or nested or long beyond reason.
    """
    if source.startswith("<"):
        # Most answers that are no JSON are pages, and a decoder counts the lines of those.
        raise ValueError("it is a page")
    if "\\ud" in source or "\\uD" in source:
        source = _ESCAPE.sub(lambda found: r"\ufffd" if found.group(2) else found.group(), source)
    try:
        return _DECODER.decode(source)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def text_after_json(source: str) -> str | None:
    """Return what comes after the JSON at the beginning of a string; None where there is none."""
    try:
        _, end = _DECODER.raw_decode(source)
    except (ValueError, RecursionError):
        return None
    return source[end:]
