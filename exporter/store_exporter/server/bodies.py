"""Reads request bodies of applications, with limits on time, size and concurrency."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from ..ingest.body import MAX_BYTES, BodyError, too_large, unpacked
from .endpoints import ApiError, place_of
from .places import Places

MAX_BODIES = 128
"""Maximum number of concurrent reporting requests."""
MAX_BODIES_OF_ORG = 64
SECONDS = 10.0
"""Maximum seconds for the arrival of a body."""


class Bodies:
    """The bodies that are being read or processed."""

    def __init__(self) -> None:
        self._places = Places(MAX_BODIES, MAX_BODIES_OF_ORG)

    @asynccontextmanager
    async def read(self, request: web.Request, org: str) -> AsyncIterator[bytes]:
        """Read a request's body, decompressed, and occupy its place until the block ends.

        Raises:
            ApiError: there are too many concurrent requests, or the body is too slow, too large or
                broken.
        """
        try:
            with place_of(org, self._places):
                yield await _body(request)
        except BodyError as error:
            raise ApiError(error.status, str(error)) from None


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > MAX_BYTES:
        raise too_large()
    try:
        async with asyncio.timeout(SECONDS):
            body = await request.read()
    except web.HTTPRequestEntityTooLarge:  # of the application's `client_max_size`
        raise too_large() from None
    except TimeoutError:
        raise BodyError(408, f"the body did not arrive within {SECONDS:.0f} seconds") from None
    except (HttpProcessingError, web.RequestPayloadError):
        raise BodyError(400, "the body broke off or is not what its headers say") from None
    return unpacked(body, request.headers.get("Content-Encoding", "").strip().lower())
