"""Access control: passwords from `--web.config.file`, and tokens of orgs under `/api`."""

from __future__ import annotations

import base64

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ...config.model.org import Scope
from ...config.model.web import WebConfig
from ..endpoints import ApiError
from ..exporter import Exporter
from ..process import connections
from .passwords import BusyError, Passwords
from .tokens import OrgTokens, bearer
from .web_file import WebFile

_OPEN = ("/-/healthy", "/-/ready")
"""Requested by process managers and load balancers, which should not need a password."""
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="store-exporter", charset="UTF-8"'}


class OrgAccess:
    """Determines the org of a request under `/api`, and whether the request is permitted.

    The tokens are those of the exporter's configuration as it is at that moment.
    """

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._config = exporter.config
        self._tokens = OrgTokens(exporter.config.orgs)

    def org(self, request: web.Request, scope: Scope) -> str:
        """Return the org of the request's token, which must have this scope.

        Raises:
            ApiError: 401 without a token of an org, 403 for a token without the scope; both with
                the challenge of RFC 6750.
        """
        if self._config is not self._exporter.config:
            self._config = self._exporter.config
            self._tokens = OrgTokens(self._config.orgs)
        token = bearer(request.headers.get("Authorization", ""))
        if not token:
            message = "a bearer token of an org is needed, as Authorization: Bearer TOKEN"
            raise ApiError(401, message, _bearer_challenge())
        grant = self._tokens.grant(token)
        if grant is None:
            challenge = _bearer_challenge(', error="invalid_token"')
            raise ApiError(401, "no org has this token", challenge)
        if scope not in grant.scopes:
            challenge = _bearer_challenge(f', error="insufficient_scope", scope="{scope}"')
            raise ApiError(403, f"a token with the scope {scope} is needed", challenge)
        return grant.org


def _bearer_challenge(more: str = "") -> dict[str, str]:
    return {"WWW-Authenticate": f'Bearer realm="store-exporter"{more}'}


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
