"""A shopper's cart over several calls: opening, changing, and rebuilding it if it was lost."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from ....errors import Fault, StoreError
from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Cart, CartLine
from ....spec.sessions import CartSession
from . import arguments
from .plans import Planned, plan

ApiT = TypeVar("ApiT")
# The characters of the platforms' tokens and cart ids; all are allowed in a header and in JSON.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=?:&%-]{1,4096}")


class CartLostError(StoreError):
    """The store does not know the cart's token any more, and so has changed nothing."""

    def __init__(self) -> None:
        super().__init__("invalid_response", "the store loses each cart at once", code="cart_lost")


def session_of(cart: CartSession | str | None) -> CartSession:
    """Return the session for a session, a token or None; invalid_input if the token can be none.

    Raises:
        StoreError: invalid_input, the token has characters that no token has.
    """
    session = cart if isinstance(cart, CartSession) else CartSession(cart or None)
    if session.token is not None and not _TOKEN.fullmatch(session.token):
        raise StoreError("invalid_input", "the cart's token is not a token")
    return session


class ShopperCart(ABC, Generic[ApiT]):
    """One shopper's cart, for one operation. A platform adds how its API reads and changes one.

    `cart` is the shopper's session, a token, or nothing for a new cart.

    Raises:
        StoreError: invalid_input, the token is not valid.
    """

    def __init__(self, api: ApiT, cart: CartSession | str | None) -> None:
        self.api = api
        self.session = session_of(cart)

    @abstractmethod
    def read(self) -> Plan[Cart | None]:
        """Return the session's cart, or a new one without a token; None if the store lost it."""

    @abstractmethod
    def refilling(self, lines: Sequence[CartLine], codes: Sequence[str]) -> Iterator[Plan[Cart]]:
        """Yield the changes that fill a new cart with the contents of an old one."""

    @abstractmethod
    def add(
        self, product: int | str, quantity: int, variation: int | str | Mapping[str, str] | None
    ) -> Plan[Cart]:
        """Put pieces of a product into the cart."""

    @abstractmethod
    def apply(self, code: str) -> Plan[Cart]:
        """Put a coupon on the cart."""

    @abstractmethod
    def remove(self, lines: Sequence[CartLine]) -> Plan[Cart]:
        """Take lines out of the open cart."""

    @abstractmethod
    def set_quantity(self, line: CartLine, quantity: int) -> Plan[Cart]:
        """Change how many pieces a line of the open cart has."""

    @abstractmethod
    def ids_of(self, product: int | str) -> Plan[set[int]]:
        """Return the ids by which a cart may hold a product: its own or its variations'."""

    def remember(self, cart: Cart) -> Cart:
        """Save the returned cart in the session."""
        self.session.token = cart.token
        self.session.lines = cart.lines
        self.session.coupons = tuple(coupon.code for coupon in cart.coupons)
        return cart

    def open(self) -> Plan[Cart]:
        """Return the session's cart; a lost one is rebuilt from the session's memory.

        Contents that are no longer available are left out, and listed in the cart's problems. If
        the store fails meanwhile, the memory stays complete, and the next operation begins with it.
        """
        session = self.session
        if session.token is not None or not (session.lines or session.coupons):
            found = yield from self.read()
            if found is not None:
                return found
            yield from self.lose()
        lines, codes = session.lines, session.coupons
        try:
            return (yield from self._put_together(lines, codes))
        except BaseException:
            session.token, session.lines, session.coupons = None, lines, codes
            raise

    def is_bought(self) -> Plan[bool]:
        """Whether the store lost the cart because it became an order; by default not."""
        yield from ()
        return False

    def lose(self) -> Plan[None]:
        """Forget a cart that the store has lost, and what was in it if that was bought."""
        session = self.session
        if (session.lines or session.coupons) and (yield from self.is_bought()):
            session.lines, session.coupons = (), ()
        session.token = None

    def _put_together(self, lines: Sequence[CartLine], codes: Sequence[str]) -> Plan[Cart]:
        session = self.session
        session.token, session.lines, session.coupons = None, (), ()
        cart = yield from self.read()
        if cart is None:
            raise CartLostError
        problems: list[str] = []
        for change in self.refilling(lines, codes):
            try:
                cart = yield from change
            except StoreError as error:
                if error.fault is not Fault.CUSTOMER:
                    raise
                problems.append(error.message)
        return as_renewed(cart, problems)

    def without(self, product: int | str) -> Plan[Cart]:
        """Remove every line with a product or one of its variations from the cart."""
        before = yield from self.open()
        lines = yield from self._lines_of(before, product)
        return keep_renewal(before, (yield from self.remove(lines)))

    def with_quantity(self, product: int | str, quantity: int) -> Plan[Cart]:
        """Set the quantity of the line that holds a product; invalid_input if several lines contain
        it.

        Raises:
            StoreError: invalid_input, several lines contain it.
        """
        count = arguments.quantity(quantity, low=0)
        before = yield from self.open()
        lines = yield from self._lines_of(before, product)
        if len(lines) > 1:
            # A discount on some pieces, or another plan or text, makes more lines of a variation.
            is_one = len({line.product_id for line in lines}) == 1
            advice = "remove it and add it anew" if is_one else "name the variation"
            raise StoreError("invalid_input", f"several lines hold this product: {advice}")
        changed = self.set_quantity(lines[0], count) if count else self.remove(lines)
        return keep_renewal(before, (yield from changed))

    def _lines_of(self, cart: Cart, product: int | str) -> Plan[list[CartLine]]:
        """Return the lines of a cart with a product or a variation of it, or raise not_found."""
        lines = [line for line in cart.lines if product in (line.product_id, line.sku)]
        if not lines and cart.lines:
            wanted = yield from self.ids_of(product)
            lines = [line for line in cart.lines if line.product_id in wanted]
        if not lines and "lines" in cart.unreadable:
            raise StoreError("invalid_response", "a line of the cart cannot be read")
        if not lines:
            raise StoreError("not_found", f"the cart does not contain {str(product)[:40]}")
        return lines


def _surviving(cart: ShopperCart[ApiT], change: Callable[[], Plan[Cart]]) -> Plan[Cart]:
    """Make a change of a cart, a second time in a new one if the store has lost it."""
    try:
        return (yield from change())
    except CartLostError:
        yield from cart.lose()
    return as_renewed((yield from change()), ())


def cart_plans(
    kind: type[ShopperCart[ApiT]], calls: Mapping[str, tuple[str, ...]]
) -> tuple[Planned[..., Cart], ...]:
    """Return the plans of the operations on carts, in the order of `Operations`.

    The docstrings of the cart's own `add` and `apply` are notes. `calls` are API calls by the
    operation's name.
    """

    @plan(Operations.add_to_cart, calls=calls["add_to_cart"], notes_of=kind.add)
    def add_to_cart(
        api: ApiT,
        product: int | str,
        quantity: int = 1,
        variation: int | str | Mapping[str, str] | None = None,
        cart: CartSession | str | None = None,
    ) -> Plan[Cart]:
        mine, count = kind(api, cart), arguments.quantity(quantity)
        return _surviving(mine, lambda: mine.add(product, count, variation))

    @plan(Operations.get_cart, calls=calls["get_cart"])
    def get_cart(api: ApiT, cart: CartSession | str | None = None) -> Plan[Cart]:
        return kind(api, cart).open()

    @plan(Operations.remove_from_cart, calls=calls["remove_from_cart"])
    def remove_from_cart(
        api: ApiT, product: int | str, cart: CartSession | str | None = None
    ) -> Plan[Cart]:
        mine = kind(api, cart)
        return _surviving(mine, lambda: mine.without(product))

    @plan(Operations.update_cart_quantity, calls=calls["update_cart_quantity"])
    def update_cart_quantity(
        api: ApiT, product: int | str, quantity: int, cart: CartSession | str | None = None
    ) -> Plan[Cart]:
        mine = kind(api, cart)
        return _surviving(mine, lambda: mine.with_quantity(product, quantity))

    @plan(Operations.apply_coupon_to_cart, calls=calls["apply_coupon_to_cart"], notes_of=kind.apply)
    def apply_coupon_to_cart(
        api: ApiT, code: str, cart: CartSession | str | None = None
    ) -> Plan[Cart]:
        mine, wanted = kind(api, cart), arguments.text(code, "code")
        return _surviving(mine, lambda: mine.apply(wanted))

    return add_to_cart, get_cart, remove_from_cart, update_cart_quantity, apply_coupon_to_cart


def as_renewed(cart: Cart, problems: Sequence[str]) -> Cart:
    """Return a cart that replaced a lost one, with the problems of rebuilding it."""
    return replace(cart, renewed=True, problems=(*cart.problems, *problems))


def keep_renewal(before: Cart, after: Cart) -> Cart:
    """Return the cart after a change, still with the problems of its renewal."""
    return as_renewed(after, before.problems) if before.renewed else after
