"""Temporary access tokens that a store grants to an app (RFC 6749, 4.4). No I/O."""

from __future__ import annotations

from collections.abc import Callable

from ....errors import StoreError
from ..reading.fields import Fields

_SPARE = 300.0
_SHORTEST = 60.0
_UNSAID = 3600
"""Seconds for which a token is used if the response does not state its lifetime (RFC 6749, 5.1)."""


def is_token(value: str) -> bool:
    """Whether the text can be sent as a token."""
    return bool(value) and value.isascii() and value.isprintable()


class AccessToken:
    """A token and its end; none at first.

    Args:
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.value = ""
        self._ends = 0.0
        self._monotonic = monotonic

    @property
    def expired(self) -> bool:
        """Whether a new token must be requested; true a little before the old one expires."""
        return self._monotonic() >= self._ends

    def receive(self, document: Fields) -> None:
        """Store the token of the store's response.

        Raises:
            StoreError: invalid_response, there is none.
        """
        token, lifetime = document.text("access_token"), _UNSAID
        if document.has("expires_in"):
            lifetime = document.integer("expires_in")
        if not is_token(token):
            raise StoreError("invalid_response", "the access token is not one")
        self.value = token
        self._ends = self._monotonic() + max(lifetime - _SPARE, _SHORTEST)

    def forget(self) -> None:
        """Drop the token because it was refused; the next operation requests a new one."""
        self._ends = 0.0
