"""A body as text, and text as JSON with exact decimals. No I/O."""

from __future__ import annotations

import codecs
import json
import re
from decimal import Decimal
from typing import Any

from ..contract import Response
from ..errors import StoreError

_SURROGATE = re.compile(
    r"(?<!\\)((?:\\\\)*)(?:(\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w)|\\u[dD][89a-fA-F]\w\w)"
)
"""Matches in JSON a pair of surrogates, or a lone one, which stands for no character, with the
escaped backslashes before it. Other escapes do not match; a Japanese page has a million of them."""
_COSTLY = (",", "[", "{", "\\ud", "\\uD")
"""Characters that begin or separate the values of JSON, and surrogates: parsing each takes up to a
microsecond, and nothing else runs meanwhile."""
_OPENING = ("[", "{", '"')
"""Characters at the beginning of JSON that can contain any of these."""
_MOST_COSTLY = 400_000
_CHARACTERS_FOR_EACH = 13
"""The most of these characters. Real responses have one per 18 characters or more, so 5 MiB have
290,000."""
_LARGEST_EXPONENT = 308
"""The exponent limit of numbers that every program can read (RFC 8259, section 6). Beyond it,
calculations fail, and a number written in full takes gigabytes."""
_LONGEST_NUMBER = 1000
"""The most characters of a number with decimals."""
_BEYOND = "a number out of range"
_GZIP = b"\x1f\x8b"
_BLANK = "\ufeff\u200b \t\r\n\v\f\xa0"
"""Characters before and after a document that mean nothing. Each PHP file that begins with a byte
order mark adds it, and one that ends with an empty line adds that."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(r"charset\s{0,9}=[\s\"']{0,9}([\w-]{1,99})")
_META = 1024
"""Bytes at a page's beginning in which browsers look for its encoding if no header names it."""


def text(response: Response) -> str:
    """Return the body as text, without surrounding blanks.

    If the body can be UTF-8, it is read as UTF-8, whatever is declared: JSON must be UTF-8, and a
    declared encoding often dates from before a site was moved. Otherwise the encoding is the one
    that a header or the page declares.

    Raises:
        StoreError: invalid_response, it is not text in either.
    """
    found, encoding = _decoded(response)
    if found is None:
        message = f"the response is not text in {encoding[:20]}"
        if response.body.startswith(_GZIP):
            message = "the response is compressed once more than it declares"
        raise StoreError("invalid_response", message, status=response.status)
    return found.strip(_BLANK)


def shown_text(response: Response) -> str:
    """Return a page as browsers show it: bytes that are not valid in its encoding become U+FFFD.

    A shop's page may contain half a character if a name was cut off. Only what is compressed more
    often than it declares is no text.

    Raises:
        StoreError: invalid_response, it is compressed more often than it declares.
    """
    found, _ = _decoded(response)
    if found is None:
        if response.body.startswith(_GZIP):
            return text(response)
        found = response.body.decode(errors="replace")
    return found.strip(_BLANK)


def _decoded(response: Response) -> tuple[str | None, str]:
    """Return the body as text, or None if it is not text, and its encoding."""
    body = response.body
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _in(encoding, body), encoding
    match = _CHARSET.search(response.headers.get("content-type", "").lower())
    if match is None and body.lstrip()[:1] == b"<":
        match = _CHARSET.search(body[:_META].decode("latin-1").lower())
    declared = match[1] if match else "utf-8"
    # Text in these encodings is valid UTF-8 too, but with odd characters.
    odd = declared.startswith(("utf-16", "utf-32")) and b"\0" in body[:200]
    found = None if odd or declared.startswith("iso-2022") else _in("utf-8", body)
    return (_in(declared, body), declared) if found is None else (found, "utf-8")


def _in(encoding: str, body: bytes) -> str | None:
    """Return a body as text; None if it is not valid in the encoding, or that does not exist."""
    try:
        return body.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _decimal(number: str) -> Decimal:
    try:
        found = Decimal(number[: _LONGEST_NUMBER + 1])
    except ArithmeticError:
        raise ValueError(_BEYOND) from None
    if len(number) > _LONGEST_NUMBER or abs(found.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(_BEYOND)
    return found


def _integer(number: str) -> int:
    if len(number) > _LARGEST_EXPONENT:
        raise ValueError(_BEYOND)
    return int(number)


_DECODER = json.JSONDecoder(
    parse_float=_decimal, parse_int=_integer, parse_constant=_refuse_constant
)


def parse(source: str) -> Any:
    """Parse JSON with exact decimals; lone surrogates become U+FFFD.

    Raises:
        ValueError: it is not JSON, or is nested too deeply, or has a number out of range.
        StoreError: response_too_large, it contains too many values.
    """
    if source.startswith("<"):
        # Most responses that are not JSON are pages; for its error the decoder would count all
        # lines.
        raise ValueError("it is a page")
    if _is_costly(source):
        raise StoreError("response_too_large", "the JSON consists of too many small values")
    if "\\ud" in source or "\\uD" in source:
        source = _SURROGATE.sub(_character, source)
    try:
        return _DECODER.decode(source)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _character(found: re.Match[str]) -> str:
    return found[0] if found[2] else rf"{found[1]}\ufffd"


def _is_costly(source: str) -> bool:
    """Whether JSON would keep the process busy for a second, as no real response does."""
    if not source.startswith(_OPENING):
        return False
    most = max(_MOST_COSTLY, len(source) // _CHARACTERS_FOR_EACH)
    return sum(map(source.count, _COSTLY)) > most


def text_after_json(source: str) -> str | None:
    """Return the text after the JSON at the beginning of a string; None without JSON."""
    if _is_costly(source):
        return None
    try:
        _, end = _DECODER.raw_decode(source)
    except (ValueError, RecursionError):
        return None
    return source[end:]
