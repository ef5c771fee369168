"""Makes the head of a response readable where it breaks rules that no browser insists on. No I/O.

Plugins and servers send headers with a space in their name or without a colon, a carriage return at
the end of a line, the same Content-Length twice, or one beside chunks. Browsers show such a shop,
and RFC 9112 says what most of it means, but llhttp and h11 refuse it. Lines that are no headers are
left out.
"""

from __future__ import annotations

import re

from .head import MAX_BYTES

_BEGINNING = b"HTTP/"
_END = re.compile(rb"\n\r{0,4}\n")
_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RETURNS = re.compile(rb"\r{2,4}\n")
_SPACED = re.compile(rb"(\n" + _NAME + rb")[ \t]{1,8}:")
_NO_HEADER = re.compile(rb"\r\n(?!" + _NAME + rb":|[ \t\r])[^\r\n]+")
"""A line that is neither a header nor the next part of one."""
_LENGTH = re.compile(rb"\r\ncontent-length:([^\r\n]*)(?=\r\n)", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding:([^\r\n]*)(?=\r\n)", re.IGNORECASE)


class HeadReader:
    """Collects the head of the response to a request, and lets everything else through."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: bytes | None = None

    def expect(self) -> None:
        """Record that a request is sent: the next bytes begin a response."""
        self._held = b""

    def received(self, data: bytes) -> bytes:
        """Return what can be parsed of what was received; nothing before the head is complete."""
        if self._held is None:
            return data
        # The end may be split over what came before and now.
        searched = max(len(self._held) - 5, 0)
        # Empty lines belong to the previous response, whose declared length was too small.
        data = (self._held + data).lstrip(b"\r\n")
        end = _END.search(data, searched)
        is_http = data[: len(_BEGINNING)] == _BEGINNING[: len(data)]
        if is_http and end is None and len(data) <= MAX_BYTES:
            self._held = data
            return b""
        self._held = None
        if end is None or not is_http:
            return data
        head, line = data[: end.start() + 1], end[0][1:]
        return _mended(head) + _RETURNS.sub(b"\r\n", line) + data[end.end() :]


def _mended(head: bytes) -> bytes:
    """Return the lines of a head, each of which ends with a line feed, as they should be."""
    # Searching for fixed bytes costs little, and most heads have nothing to mend.
    if b"\r\r" in head:
        head = _RETURNS.sub(b"\r\n", head)
    if b" :" in head or b"\t:" in head:
        head = _SPACED.sub(rb"\1:", head)
    head = _NO_HEADER.sub(b"", head)
    codings, lengths = _values(_CODING, head), _values(_LENGTH, head)
    if codings and {*codings, b"chunked", b"identity"} == {b"chunked", b"identity"}:
        head = _CODING.sub(b"", head)
        if b"chunked" in codings:
            # Chunks say where the body ends, whatever else does.
            return _LENGTH.sub(b"", head) + b"Transfer-Encoding: chunked\r\n"
    if len(lengths) > 1 and len(set(lengths)) == 1:
        head = _LENGTH.sub(b"", head) + b"Content-Length: " + lengths[0] + b"\r\n"
    return head


def _values(header: re.Pattern[bytes], head: bytes) -> list[bytes]:
    """Return the values of a header that may be repeated, or be a list."""
    lines = header.findall(head)
    return [one.strip().lower() for line in lines for one in line.split(b",")]
