"""Reading a body within a limit that holds before and after decompression."""

from __future__ import annotations

import zlib

from ..errors import ErrorName, StoreError

ACCEPTED = "gzip"
"""The value of Accept-Encoding: the coding that `Body` can decompress within its limit."""

_MAGIC = b"\x1f\x8b"
_GZIP = 31  # zlib's number for a window of 32 KiB inside gzip's header and checksum
_ZLIB, _BARE = 15, -15  # the same inside zlib's header, and without any
_CODINGS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
_UNREADABLE = ("br", "zstd", "compress", "x-compress", "dcb", "dcz")
"""Known codings that were not requested. Any other name is ignored, as browsers do: sites put the
charset, `none` or `aws-chunked` there."""
_MOST_CODINGS = 3
"""Maximum number of nested codings; more cannot be the mistake of a proxy."""
_MOST_MEMBERS = 1000
"""Maximum number of members of a gzip file. Each costs as much as kilobytes of data, and only an
attacker makes members smaller than a thousandth of a body."""


class _Inflating:
    """Undoes one coding of a body, piece by piece; `window` is zlib's number for the format."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._object = zlib.decompressobj(window)
        self._held = b""
        self._members = 0
        self._over = False

    @property
    def cut_off(self) -> bool:
        """Whether the data has begun but not ended."""
        return (self._members > 0 or bool(self._held)) and not self._object.eof

    def add(self, data: bytes, most: int) -> bytes:
        """Decompress the next piece, up to a number of bytes; zlib.error for other data."""
        data, self._held = self._held + data, b""
        found = b""
        while data and len(found) < most and not self._over:
            if not self._members or self._object.eof:
                # The first two bytes identify the format.
                if len(data) < len(_MAGIC):
                    self._held = data
                    break
                self._begin(data)
            else:
                found += self._object.decompress(data, most - len(found))
                data = self._object.unused_data
        return found

    def _begin(self, data: bytes) -> None:
        if not self._members:
            # Microsoft's servers omit zlib's header, and browsers accept that.
            is_bare = self._window == _ZLIB and not _has_zlib_header(data)
            self._window = _BARE if is_bare else self._window
        elif self._window != _GZIP or not data.startswith(_MAGIC):
            # The data that follows is not another member, which RFC 1952 allows; it is ignored.
            self._over = True
            return
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise zlib.error("too many members")
        self._object = zlib.decompressobj(self._window)


def _has_zlib_header(data: bytes) -> bool:
    """Whether data begins with a header of RFC 1950."""
    return data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0


class Body:
    """Collects a response's body piece by piece.

    Args:
        limit: bytes that it may have, as sent and decompressed.
        coding: the value of Content-Encoding.
        status: of the response, for error messages.

    Raises:
        StoreError: invalid_response, for a compression that was not requested.
    """

    def __init__(self, limit: int, coding: str, status: int) -> None:
        self._limit = limit
        self._status = status
        self._received = 0
        self._chunks: list[bytes] = []
        self._size = 0
        codings = [one.strip() for one in coding.lower().split(",")]
        known = [one for one in codings if one in _CODINGS]
        for one in codings:
            if one in _UNREADABLE or len(known) > _MOST_CODINGS:
                message = f"a body compressed as {one!r}, which was not requested"
                raise self._error("invalid_response", message)
        # The coding that was applied last is undone first.
        self._inflating = [_Inflating(_CODINGS[one]) for one in reversed(known)]

    def _error(self, error_type: ErrorName, message: str) -> StoreError:
        return StoreError(error_type, message, status=self._status)

    def add(self, chunk: bytes) -> None:
        """Add the next piece.

        Raises:
            StoreError: response_too_large or invalid_response.
        """
        self._received += len(chunk)
        try:
            for inflating in self._inflating:
                # One byte above the limit is enough to know that the body is too large.
                chunk = inflating.add(chunk, self._limit - self._size + 1)
        except zlib.error:
            raise self._error("invalid_response", "the compression is broken") from None
        self._size += len(chunk)
        if max(self._size, self._received) > self._limit:
            message = f"the response exceeds {self._limit} bytes"
            raise self._error("response_too_large", message)
        self._chunks.append(chunk)

    def whole(self) -> bytes:
        """Return the body. As far as HTTP is concerned, it is complete.

        Raises:
            StoreError: invalid_response, for compressed data that is cut off.
        """
        if any(inflating.cut_off for inflating in self._inflating):
            raise self._error("invalid_response", "the compressed body is cut off")
        return b"".join(self._chunks)
