"""Access control by the passwords of `--web.config.file`."""

from __future__ import annotations

import base64

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ...config.model.web import WebConfig
from ..process import connections
from .passwords import BusyError, Passwords
from .web_file import WebFile

_OPEN = ("/-/healthy", "/-/ready")
"""Requested by process managers and load balancers, which should not need a password."""
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="store-exporter", charset="UTF-8"'}


def basic_auth(file: WebFile, prefix: str = "") -> Middleware:
    """Make the middleware that requires a user and password, when the file names any users."""
    passwords = Passwords()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = None
        path = request.path.removeprefix(prefix)
        if path not in _OPEN:
            refusal = await _refusal(request, path, file.current(), passwords)
        return await handler(request) if refusal is None else refusal

    return check


async def _refusal(
    request: web.Request, path: str, config: WebConfig | None, passwords: Passwords
) -> web.Response | None:
    if config is None:
        # While the file has problems, all requests are refused rather than permitted.
        return web.Response(status=500, text="the web configuration has problems\n")
    users = config.basic_auth_users
    # The endpoints for applications use the same header for their own tokens.
    if not users or path.startswith("/api/") or path == "/v1/metrics":
        return None
    user, password = credentials(request.headers.get("Authorization", ""))
    if not user:
        return _unauthorized()
    connection = connections.of(request)
    try:
        with connection.may_end():
            right = await passwords.are_right(
                users,
                user,
                password,
                address=request.remote,
                guessed=connection.guessed,
                gone=lambda: connection.is_ending,
            )
    except BusyError:
        text = "too many passwords are being checked\n"
        return web.Response(status=429, text=text, headers={"Retry-After": "1"})
    if right:
        return None
    connection.guessed = True
    return _unauthorized()


def _unauthorized() -> web.Response:
    return web.Response(status=401, text="401 Unauthorized\n", headers=_CHALLENGE)


def credentials(header: str) -> tuple[str, bytes]:
    """Read user and password from an `Authorization` header; empty when there are none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", b""
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return user.decode(), password
    except ValueError:  # not base64, not UTF-8, or bytes beyond ASCII in the header
        return "", b""
