"""Results about the shop itself. `results` explains what all results have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from .money import Money, Quantity
from .results_listing import Listing


@dataclass(frozen=True, slots=True)
class ShippingMethod:
    """A way of delivery.

    Attributes:
        zone: name of the zone that it is offered in.
        title: as shoppers see it.
        kind: flat_rate, free_shipping, local_pickup, or what a plugin adds.
        cost: None when it is free of a fixed price, or computed.
        cost_rule: the formula where the cost is computed, such as `10.00 * [qty]`.
        minimum: the order value from which it is offered.
        needs_coupon: whether it takes a coupon too.
    """

    zone: str
    title: str
    kind: str
    cost: Money | None
    cost_rule: str
    minimum: Money | None
    needs_coupon: bool


@dataclass(frozen=True, slots=True)
class ShippingInfo:
    """How the shop delivers.

    Attributes:
        zones: the ways of delivery by the name of the zone.
        free_from: the lowest order value from which some zone's delivery is free without a coupon;
            zero when it is always free; None when there is no such offer.
        unreadable: how many zones and ways were left out because the store sent them broken.
        ignored: names of parameters that the platform cannot use: the result is as without them.
    """

    zones: Mapping[str, tuple[ShippingMethod, ...]]
    free_from: Money | None
    unreadable: int = 0
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A way to pay that the shop offers."""

    id: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon that is good now, as far as can be told without a cart.

    Attributes:
        code: as the store writes it.
        percent: the discount in percent; None if it is an amount.
        amount: the discount per cart or per piece; None if it is in percent.
        per_item: whether it is taken off each piece rather than the whole cart.
        free_shipping: whether it makes the delivery free.
        minimum: the least order value that it is good for.
        maximum: the highest.
        expires: when it ends.
        uses_left: how often it can still be used, in all.
        restricted: whether it is good for some products, categories, customers or countries only,
            from a number of pieces on, for subscriptions alone, or for delivery up to a price.
        ignored: names of parameters that the platform cannot use: they were not checked.
    """

    code: str
    percent: Decimal | None
    amount: Money | None
    per_item: bool
    free_shipping: bool
    minimum: Money | None
    maximum: Money | None
    expires: datetime | None
    uses_left: int | None
    restricted: bool
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerSpend:
    """What one customer has bought.

    Attributes:
        name: of the person.
        email: empty if the store does not say.
        country: code of the country of the bill, empty if the store does not say.
        orders: how many, in every currency.
        total: spent in the shop's currency, refunds deducted.
        average: the same per order in the shop's currency.
        last_active: the latest order.
        other_currencies: spent in other currencies, refunds deducted.
    """

    name: str
    email: str
    country: str
    orders: int
    total: Money
    average: Money
    last_active: datetime | None
    other_currencies: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True)
class InsightTotals:
    """The sums of customers, in the shop's currency unless said otherwise.

    Attributes:
        customers: how many have bought.
        returning: how many of them have bought more than once.
        orders: how many, in every currency.
        spent: in all, refunds deducted.
        average: the same per customer.
        other_currencies: spent in other currencies.
    """

    customers: int
    returning: int
    orders: int
    spent: Money
    average: Money
    other_currencies: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerInsights(Listing[CustomerSpend]):
    """Customers by what they spent.

    Attributes:
        totals: of all customers that could be read, those that are not listed included; None where
            there are more than were looked at.
    """

    totals: InsightTotals | None = None


@dataclass(frozen=True, slots=True)
class SoldProduct:
    """How much of a product was sold; `total` is after discounts, before refunds, without tax."""

    product_id: int
    name: str
    sku: str
    items: Quantity
    total: Money


@dataclass(frozen=True, slots=True)
class SalesReport:
    """Sales of some days, in the store's own calendar.

    Attributes:
        definition: which sales: `created` counts orders by the day they were placed, unpaid ones
            on hold included; `paid` counts them by the day they were paid.
        first: the first day; None if the store does not say.
        last: the last day.
        orders: how many.
        items: pieces sold, those given back deducted where the store does so.
        gross: before refunds.
        net: after refunds, without tax and shipping.
        average: per order, before refunds.
        refunds: paid back in these days, whenever the orders were placed.
        tax: included in `gross`.
        shipping: included in `gross`.
        discounts: given by coupons.
        other_currencies: the sales in each other currency, which are not part of these.
        unreadable: orders and refunds that could not be read and are in no figure, of any currency.
        top_products: the ten products that sold most pieces, in this currency.
    """

    definition: str
    first: date | None
    last: date | None
    orders: int
    items: Quantity
    gross: Money
    net: Money
    average: Money | None
    refunds: Money
    tax: Money
    shipping: Money
    discounts: Money
    other_currencies: tuple[SalesReport, ...] = ()
    unreadable: int = 0
    top_products: tuple[SoldProduct, ...] = ()
