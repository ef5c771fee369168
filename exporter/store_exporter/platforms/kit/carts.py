"""A shopper's cart over several calls, the same on every platform. No I/O."""

from __future__ import annotations

import re

from ...errors import StoreError
from ...spec.sessions import CartSession

# What tokens and cart ids of the platforms consist of; all of it may stand in a header or in JSON.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=?:&%-]{1,4096}")


def session_of(cart: CartSession | str | None) -> CartSession:
    """Return the session that a caller means by a session, a token or nothing.

    Raises:
        StoreError: invalid_input, the token has characters that no token has.
    """
    session = cart if isinstance(cart, CartSession) else CartSession(cart or None)
    if session.token is not None and not _TOKEN.fullmatch(session.token):
        raise StoreError("invalid_input", "the cart's token is not a token")
    return session
