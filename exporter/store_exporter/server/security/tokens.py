"""The permissions of bearer tokens of `/api/v1`, from the configuration alone."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from ...config.model.org import OrgSection, Scope


class Grant(NamedTuple):
    """The org of a token, and its scopes."""

    org: str
    scopes: frozenset[Scope]


class OrgTokens:
    """Looks a token up in constant time, which reveals nothing about other tokens.

    Tokens are kept and looked up as keyed digests, so that neither the table nor the time of a
    comparison depends on how much of a guess is right.
    """

    def __init__(self, orgs: Mapping[str, OrgSection]) -> None:
        self._key = secrets.token_bytes(32)
        self._grants = {
            self._digest(token.token.reveal()): Grant(name, frozenset(token.scopes))
            for name, org in orgs.items()
            for token in org.api_tokens
        }

    def grant(self, token: str) -> Grant | None:
        """Return what a token permits; None for an unknown one."""
        return self._grants.get(self._digest(token))

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._key, token.encode("utf-8", "surrogateescape"), "sha256")


def bearer(authorization: str) -> str:
    """Return the bearer token in an `Authorization` header, known or not; "" if it has none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
