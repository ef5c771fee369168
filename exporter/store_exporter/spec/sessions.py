"""A shopper's cart over several calls, the same on every platform."""

from __future__ import annotations

from dataclasses import dataclass, field

from .results_carts import CartLine


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
