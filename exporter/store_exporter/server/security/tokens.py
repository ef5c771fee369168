"""Access control by the bearer tokens of orgs, which `/api` requires."""

from __future__ import annotations

import hmac
import secrets
from typing import NamedTuple

from aiohttp import web

from ...config.model.org import Scope
from ..endpoints import ApiError
from ..exporter import Exporter


class _Grant(NamedTuple):
    org: str
    scopes: frozenset[Scope]


class OrgAccess:
    """Determines the org of a request under `/api`, and whether the request is permitted.

    The tokens are those of the exporter's configuration as it is at that moment. They are kept and
    looked up as keyed digests, so that neither the table nor the time of a comparison depends on
    how much of a guess is right.
    """

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._key = secrets.token_bytes(32)
        self._read()

    def _read(self) -> None:
        self._config = self._exporter.config
        self._grants = {
            self._digest(token.token.reveal()): _Grant(name, frozenset(token.scopes))
            for name, org in self._config.orgs.items()
            for token in org.api_tokens
        }

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._key, token.encode("utf-8", "surrogateescape"), "sha256")

    def org(self, request: web.Request, scope: Scope) -> str:
        """Return the org of the request's token, which must have this scope.

        Raises:
            ApiError: 401 without a token of an org, 403 for a token without the scope; both with
                the challenge of RFC 6750.
        """
        if self._config is not self._exporter.config:
            self._read()
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            message = "a bearer token of an org is needed, as Authorization: Bearer TOKEN"
            raise ApiError(401, message, _challenge())
        grant = self._grants.get(self._digest(token.strip()))
        if grant is None:
            raise ApiError(401, "no org has this token", _challenge(', error="invalid_token"'))
        if scope not in grant.scopes:
            challenge = _challenge(f', error="insufficient_scope", scope="{scope}"')
            raise ApiError(403, f"a token with the scope {scope} is needed", challenge)
        return grant.org


def _challenge(more: str = "") -> dict[str, str]:
    return {"WWW-Authenticate": f'Bearer realm="store-exporter"{more}'}
