"""Who a cart belongs to: tokens for 48 hours, a nonce, and the Store API's rate limit."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

from .answers import ApiError, Call

TOKEN_LIFETIME = 48 * 3600
"""Seconds for which a Cart-Token is good."""


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Sessions:
    """Shoppers' sessions, whose tokens are signed with the secret."""

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self._secret = secret.encode()
        self._clock = clock
        self._begun = 0
        self.nonce = hashlib.sha256(self._secret + b"nonce").hexdigest()[:10]

    def begin(self) -> str:
        """Return the name of a session that nobody has."""
        self._begun += 1
        digest = hashlib.sha256(self._secret + str(self._begun).encode()).hexdigest()
        return f"t_{digest[:30]}"

    def _sign(self, payload: str) -> str:
        return _base64(hmac.new(self._secret, payload.encode(), "sha256").digest())

    def token(self, session: str) -> str:
        """Return a token for a shopper's session, good for 48 hours."""
        now = int(self._clock())
        claims = {"user_id": session, "exp": now + TOKEN_LIFETIME, "iss": "store-api", "iat": now}
        head = _base64(b'{"alg":"HS256","typ":"JWT"}')
        payload = f"{head}.{_base64(json.dumps(claims, separators=(',', ':')).encode())}"
        return f"{payload}.{self._sign(payload)}"

    def session(self, token: str) -> str | None:
        """Return the session of a valid token, or None."""
        payload, _, signature = token.rpartition(".")
        if not payload or not hmac.compare_digest(signature, self._sign(payload)):
            return None
        encoded = payload.partition(".")[2]
        claims = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        return claims["user_id"] if claims["exp"] > self._clock() else None

    def forget(self) -> None:
        """Invalidate all tokens, as a change of WordPress' salts does."""
        self._secret += b"!"

    def check_nonce(self, call: Call) -> None:
        """Let a change without a token pass with the nonce; 401 without one, 403 with another."""
        nonce = call.headers.get("nonce")
        if nonce is None:
            message = "Missing the Nonce header. This endpoint requires a valid nonce."
            raise ApiError(401, "woocommerce_rest_missing_nonce", message)
        if nonce != self.nonce:
            raise ApiError(403, "woocommerce_rest_invalid_nonce", "Nonce is invalid.")


class RateLimit:
    """The Store API's limiter, which is off as shipped."""

    window = 10
    """Seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._asked: list[float] = []
        self.requests: int | None = None
        """Requests in any window; None for no limit."""

    def headers(self) -> dict[str, str]:
        """Count a request and return the headers that tell how many are left.

        Raises:
            ApiError: 400, not 429, with the seconds to wait in a header of its own.
        """
        if self.requests is None:
            return {}
        now = self._clock()
        self._asked = [when for when in self._asked if when > now - self.window]
        left = self.requests - len(self._asked)
        headers = {"RateLimit-Limit": str(self.requests)}
        if left <= 0:
            wait = max(int(self._asked[0] + self.window - now), 1)
            message = f"Too many requests. Please wait {wait} seconds before trying again."
            error = ApiError(400, "rate_limit_exceeded", message)
            headers |= {"RateLimit-Remaining": "0", "RateLimit-Retry-After": str(wait)}
            error.reply.headers = {**headers, "RateLimit-Reset": str(int(now) + wait)}
            raise error
        self._asked.append(now)
        headers |= {"RateLimit-Remaining": str(left - 1)}
        return {**headers, "RateLimit-Reset": str(int(now) + self.window)}
