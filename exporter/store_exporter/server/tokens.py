"""Which org a bearer token of `/api/v1` belongs to: the configuration says it, nothing else."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping

from ..config.model import OrgSection


class OrgTokens:
    """Finds the org of a token in time that tells nothing of the tokens there are.

    Tokens are kept and looked up as keyed digests, so that neither the table nor the time of a
    comparison depends on how much of a guess is right.
    """

    def __init__(self, orgs: Mapping[str, OrgSection]) -> None:
        self._key = secrets.token_bytes(32)
        self._orgs = {
            self._digest(token.reveal()): name
            for name, org in orgs.items()
            for token in org.api_tokens
        }

    def org(self, authorization: str) -> str | None:
        """Return the org that an `Authorization` header's token belongs to, if any."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        return self._orgs.get(self._digest(token.strip()))

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._key, token.encode("utf-8", "surrogateescape"), "sha256")
