"""A shopper's cart over several calls, the same on every platform. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...errors import StoreError
from .results import CartLine

# What tokens and cart ids of the platforms consist of; all of it may stand in a header or in JSON.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=?:&%-]{1,4096}")


@dataclass(slots=True)
class CartSession:
    """One shopper's cart, over several calls.

    Pass the same session to each cart operation of a shopper. It keeps the store's token and what
    was last seen in the cart, so that a cart that the store has lost can be put together again. It
    belongs to one shopper and is not meant for several threads.

    Args:
        token: of an earlier `Cart.token`; None begins a new cart.
    """

    token: str | None = field(default=None, repr=False)
    lines: tuple[CartLine, ...] = ()
    coupons: tuple[str, ...] = ()


def session_of(cart: CartSession | str | None) -> CartSession:
    """Return the session that a caller means by a session, a token or nothing.

    Raises:
        StoreError: invalid_input, the token has characters that no token has.
    """
    session = cart if isinstance(cart, CartSession) else CartSession(cart or None)
    if session.token is not None and not _TOKEN.fullmatch(session.token):
        raise StoreError("invalid_input", "the cart's token is not a token")
    return session
