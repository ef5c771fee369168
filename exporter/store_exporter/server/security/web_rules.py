"""The web configuration's rules for every request: a rate limit, and response headers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ...config.model.web import RateLimit
from .web_file import WebFile


class TokenBucket:
    """Permits requests like golang.org/x/time/rate: `burst` at once, then one each interval."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._tokens = float(limit.burst)
        self._at = clock()

    def allow(self) -> bool:
        """Return whether a request may pass now, and count it."""
        if not self.limit.interval:
            return True
        now = self._clock()
        grown = self._tokens + (now - self._at) / self.limit.interval
        self._tokens, self._at = min(grown, self.limit.burst), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def rate_limit(file: WebFile) -> Middleware:
    """Make the middleware that responds with 429 beyond the file's limit."""
    bucket = TokenBucket(RateLimit.usual())

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal bucket
        config = file.current()
        if config is not None and config.rate_limit != bucket.limit:
            bucket = TokenBucket(config.rate_limit)
        if bucket.allow():
            return await handler(request)
        return web.Response(status=429, text="429 Too Many Requests\n")

    return check


def set_headers(file: WebFile) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Make the function that sets the file's headers on every response, replacing its own."""

    async def change(_: web.Request, response: web.StreamResponse) -> None:
        config = file.current()
        headers = config.http_server_config.headers if config is not None else {}
        for name, value in headers.items():
            if value:
                response.headers[name] = value
            else:
                response.headers.pop(name, None)

    return change
