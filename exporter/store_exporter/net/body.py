"""Reading a body within a limit that holds before and after decompression."""

from __future__ import annotations

import zlib

from ..errors import StoreError

ACCEPTED = "gzip"
"""The value of Accept-Encoding: what `Body` can decompress within its limit."""

_NO_CODING = ("", "identity", "none", "utf-8", "utf8", "iso-8859-1")
"""What stands for no compression, besides `identity`: sites set the charset in the wrong header."""
_GZIP = 31  # zlib's number for a window of 32 KiB inside gzip's header and checksum


class Body:
    """Collects a response's body piece by piece.

    Args:
        limit: bytes that it may have, as sent and decompressed.
        coding: the value of Content-Encoding.
        status: of the response, for error messages.

    Raises:
        StoreError: invalid_response, for a compression that was not asked for.
    """

    def __init__(self, limit: int, coding: str, status: int) -> None:
        self._limit = limit
        self._status = status
        self._received = 0
        self._chunks: list[bytes] = []
        self._size = 0
        coding = coding.strip().lower()
        self._inflate = None
        if coding not in _NO_CODING:
            if coding not in ("gzip", "x-gzip"):
                raise self._error("invalid_response", f"a body compressed as {coding[:20]!r}")
            self._inflate = zlib.decompressobj(_GZIP)

    def _error(self, error_type: str, message: str) -> StoreError:
        return StoreError(error_type, message, status=self._status)

    def add(self, chunk: bytes) -> None:
        """Add the next piece.

        Raises:
            StoreError: response_too_large or invalid_response.
        """
        self._received += len(chunk)
        if self._inflate is not None:
            try:
                # One byte more than allowed is enough to know, however much is still in there.
                chunk = self._inflate.decompress(chunk, self._limit - self._size + 1)
            except zlib.error:
                raise self._error("invalid_response", "the compression is broken") from None
        self._size += len(chunk)
        if max(self._size, self._received) > self._limit:
            message = f"the answer exceeds {self._limit} bytes"
            raise self._error("response_too_large", message)
        self._chunks.append(chunk)

    def whole(self) -> bytes:
        """Return the body, which is complete as far as HTTP is concerned.

        Raises:
            StoreError: invalid_response, for compressed data that is cut off.
        """
        if self._inflate is not None and self._received and not self._inflate.eof:
            raise self._error("invalid_response", "the compressed body is cut off")
        return b"".join(self._chunks)
