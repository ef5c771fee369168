"""Who may come in: passwords from `--web.config.file`."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping

import bcrypt
from aiohttp import web
from aiohttp.typedefs import Middleware

from .web_file import WebFile

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_REMEMBERED = 256
_CHECKS_AT_ONCE = 2
_OPEN = ("/-/healthy", "/-/ready")
"""Asked by whoever restarts the process or balances load, who should not need a password."""
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="store-exporter", charset="UTF-8"'}


def basic_auth(file: WebFile) -> Middleware:
    """Make the middleware that asks for a user and password, when the file names any users."""
    passwords = Passwords()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in _OPEN:
            return await handler(request)
        config = file.current()
        if config is None:
            # Locked, rather than open, until somebody corrects the file.
            return web.Response(status=500, text="the web configuration has problems\n")
        users = config.basic_auth_users
        # The API for applications has tokens of its own in the same header.
        if not users or request.path.startswith("/api/v1/"):
            return await handler(request)
        user, password = credentials(request.headers.get("Authorization", ""))
        if not await passwords.are_right(users, user, password):
            return web.Response(status=401, text="401 Unauthorized\n", headers=_CHALLENGE)
        return await handler(request)

    return check


class Passwords:
    """Compares passwords with bcrypt hashes, and remembers which were right.

    bcrypt is slow on purpose, so it runs in threads, few at a time: guessing cannot take the
    machine away from the probes.
    """

    def __init__(self) -> None:
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._checks = asyncio.Semaphore(_CHECKS_AT_ONCE)

    async def are_right(self, users: Mapping[str, str], user: str, password: bytes) -> bool:
        """Tell whether the user exists and has this password."""
        # For an unknown user somebody else's hash is checked, so that both take as long.
        hashed = users.get(user) or next(iter(users.values()))
        key = hashlib.sha256(b"\0".join((user.encode(), hashed.encode(), password))).digest()
        if key in self._right:
            self._right.move_to_end(key)
            return True
        async with self._checks:
            # bcrypt knows 72 bytes and this library refuses more, where others cut them off.
            right = await asyncio.to_thread(bcrypt.checkpw, password[:72], hashed.encode())
        if not right or user not in users:
            return False
        self._right[key] = None
        if len(self._right) > _REMEMBERED:
            self._right.popitem(last=False)
        return True


def credentials(header: str) -> tuple[str, bytes]:
    """Read user and password from an `Authorization` header; empty when there are none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", b""
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return user.decode(), password
    except (binascii.Error, UnicodeDecodeError):
        return "", b""
