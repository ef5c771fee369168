"""Access tokens that a store grants an app for a time (RFC 6749, 4.4). No I/O."""

from __future__ import annotations

from collections.abc import Callable

from ....errors import StoreError
from ..reading.fields import Fields

_SPARE = 300.0
_SHORTEST = 60.0
_UNSAID = 3600
"""Seconds for which a token is used whose end the response does not state (RFC 6749, 5.1)."""


def is_token(value: str) -> bool:
    """Whether a text can be sent as a token."""
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
        """Whether a new one must be requested, which is a little before it expires."""
        return self._monotonic() >= self._ends

    def receive(self, document: Fields) -> None:
        """Take the token out of the store's response.

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
        """Have a new one requested next time, because this one was refused."""
        self._ends = 0.0
