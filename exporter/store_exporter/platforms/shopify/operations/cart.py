"""Operations on a shopper's cart, through the Storefront API that shops' own pages use.

What identifies a cart is its id, which is as good as a password: give each shopper a `CartSession`,
or keep `Cart.token` and pass it to the next call; without either, a call begins a new cart.
"""

from __future__ import annotations

from collections.abc import Mapping

from ....errors import StoreError
from ....net.plans import Plan
from ...kit import checks
from ...kit.described import operation
from ...kit.fields import Fields
from ...kit.results import Cart, CartLine
from ...kit.sessions import CartSession, session_of
from .. import ids, models, product_lookup
from ..api import Api
from ..cart_calls import all_or_nothing, change, holding, kept, open_cart

CART = "The shopper's CartSession, or the token of an earlier cart; without it a new cart."
_GET = "storefront Cart"


@operation(
    "Puts a product into a shopper's cart.",
    parameters={
        "product": product_lookup.PRODUCT,
        "quantity": "Pieces.",
        "variation": "Id or SKU of the variant, or its options by name, such as Size: L.",
        "cart": CART,
    },
    errors=("not_found", "out_of_stock", "invalid_input"),
    calls=("admin VariantsByQuery", "admin ProductById", _GET, "storefront AddLines"),
    example='store.add_to_cart("SKU-010", quantity=2, cart=session)',
)
def add_to_cart(
    api: Api,
    product: int | str,
    quantity: int = 1,
    variation: int | str | Mapping[str, str] | None = None,
    cart: CartSession | str | None = None,
) -> Plan[Cart]:
    """Add to a cart, beside what is in it already.

    Raises:
        StoreError: invalid_input, the product has several variants and none was chosen.
    """
    count = checks.quantity(quantity)
    session = session_of(cart)
    variant = yield from _variant(api, product, variation)
    before = yield from open_cart(api, session)
    item = {"merchandiseId": ids.opaque(variant, "id"), "quantity": count}
    held = sum(int(line.quantity) for line in holding(before, ids.number(variant)))
    wanted = (ids.number(variant), held, held + count)
    after = yield from all_or_nothing(api, session, "AddLines", {"lines": [item]}, wanted)
    return kept(before, after)


def _variant(
    api: Api, product: int | str, variation: int | str | Mapping[str, str] | None
) -> Plan[Fields]:
    found = yield from product_lookup.find(api, product)
    if variation is None:
        only = yield from product_lookup.only_variant(api, found)
        if only is None:
            raise StoreError("invalid_input", "the product has variants: choose one")
        return only
    variants = yield from product_lookup.variants_of(api, found)
    for row in variants:
        if isinstance(variation, Mapping):
            chosen = dict(variation).items() <= dict(models.options(row)).items()
        else:
            chosen = variation in (ids.number(row), row.text_or("sku"))
        if chosen:
            return row
    message = f"there is no such variation of {str(product)[:40]}"
    raise StoreError("invalid_input", message)


@operation(
    "Shows a shopper's cart.",
    parameters={"cart": CART},
    calls=(_GET,),
    example="store.get_cart(cart=session).total",
)
def get_cart(api: Api, cart: CartSession | str | None = None) -> Plan[Cart]:
    """Return a cart. One that the store has lost is renewed, and says so."""
    return (yield from open_cart(api, session_of(cart)))


def _lines_of(api: Api, cart: Cart, product: int | str) -> Plan[list[CartLine]]:
    """Return the lines of a cart that hold a product, any of its variants included.

    Raises:
        StoreError: not_found, there is none.
    """
    lines = [line for line in cart.lines if product in (line.product_id, line.sku)]
    if not lines and cart.lines:
        found = yield from product_lookup.find(api, product)
        if found.variant is not None:
            wanted = {ids.number(found.variant)}
        else:
            variants = yield from product_lookup.variants_of(api, found)
            wanted = {ids.number(row) for row in variants}
        lines = [line for line in cart.lines if line.product_id in wanted]
    if not lines:
        raise StoreError("not_found", f"the cart does not contain {str(product)[:40]}")
    return lines


@operation(
    "Takes a product out of a shopper's cart.",
    parameters={"product": product_lookup.PRODUCT, "cart": CART},
    errors=("not_found",),
    calls=(_GET, "admin VariantsByQuery", "storefront RemoveLines"),
    example='store.remove_from_cart("SKU-010", cart=session)',
)
def remove_from_cart(
    api: Api, product: int | str, cart: CartSession | str | None = None
) -> Plan[Cart]:
    """Remove every line that holds the product or one of its variants."""
    session = session_of(cart)
    before = yield from open_cart(api, session)
    lines = yield from _lines_of(api, before, product)
    variables = {"lines": [line.key for line in lines]}
    return kept(before, (yield from change(api, session, "RemoveLines", variables)))


@operation(
    "Changes how many pieces of a product are in a shopper's cart.",
    parameters={
        "product": product_lookup.PRODUCT,
        "quantity": "Pieces that there should be; 0 takes the product out.",
        "cart": CART,
    },
    errors=("not_found", "out_of_stock", "invalid_input"),
    calls=(_GET, "admin VariantsByQuery", "storefront UpdateLines"),
    example='store.update_cart_quantity("SKU-010", 5, cart=session)',
)
def update_cart_quantity(
    api: Api, product: int | str, quantity: int, cart: CartSession | str | None = None
) -> Plan[Cart]:
    """Set the quantity of the line that holds the product.

    Raises:
        StoreError: invalid_input, several lines hold it, as with two variants: name one.
    """
    count = checks.quantity(quantity, low=0)
    session = session_of(cart)
    before = yield from open_cart(api, session)
    lines = yield from _lines_of(api, before, product)
    if len(lines) > 1:
        raise StoreError("invalid_input", "several lines hold this product: name the variation")
    line = lines[0]
    variables = {"lines": [{"id": line.key, "quantity": count}]}
    wanted = (line.product_id, int(line.quantity), count)
    after = yield from all_or_nothing(api, session, "UpdateLines", variables, wanted)
    return kept(before, after)


@operation(
    "Applies a coupon to a shopper's cart.",
    parameters={"code": "The discount code, upper or lower case.", "cart": CART},
    errors=("invalid_coupon", "invalid_input"),
    calls=(_GET, "storefront ApplyDiscount"),
    example='store.apply_coupon_to_cart("SAVE10", cart=session).discount',
)
def apply_coupon_to_cart(api: Api, code: str, cart: CartSession | str | None = None) -> Plan[Cart]:
    """Apply a discount code beside those that are on the cart."""
    wanted = checks.text(code, "code")
    session = session_of(cart)
    before = yield from open_cart(api, session)
    codes = [coupon.code for coupon in before.coupons]
    if wanted.casefold() in (known.casefold() for known in codes):
        raise StoreError("invalid_coupon", f"{wanted} is on the cart already")
    after = yield from change(api, session, "ApplyDiscount", {"codes": [*codes, wanted]})
    if wanted.casefold() not in (coupon.code.casefold() for coupon in after.coupons):
        if codes:
            after = yield from change(api, session, "ApplyDiscount", {"codes": codes})
        raise StoreError("invalid_coupon", f"{wanted} is not good for this cart")
    return kept(before, after)
