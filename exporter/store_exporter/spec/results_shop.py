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
    """A shipping method.

    Attributes:
        zone: name of the shipping zone that offers it.
        title: its name as shoppers see it.
        kind: flat_rate, free_shipping, local_pickup, or a kind that a plugin adds.
        cost: its fixed price; None if it has none, or if a formula computes it.
        cost_rule: the formula that computes the cost, such as `10.00 * [qty]`, or what else the
            order must be for this cost, such as `total_weight <= 5.0 kilograms`.
        minimum: the order value from which it is offered.
        needs_coupon: whether it also needs a coupon.
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
    """Where and how the shop delivers.

    Attributes:
        zones: shipping methods by the name of their zone.
        free_from: the lowest order value from which any zone delivers free without a coupon and
            without a `cost_rule`; zero if one always does; None if none does.
        unreadable: number of zones and methods left out because the store sent them broken.
        ignored: names of parameters that the platform cannot use; they had no effect.
    """

    zones: Mapping[str, tuple[ShippingMethod, ...]]
    free_from: Money | None
    unreadable: int = 0
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A payment method that the shop offers."""

    id: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon that is valid now, as far as can be checked without a cart.

    Attributes:
        code: its code as the store writes it.
        percent: the discount in percent; None if it is an amount.
        amount: the discount per cart or per piece; None if it is in percent.
        per_item: whether the discount applies to each piece rather than the whole cart.
        free_shipping: whether it makes the delivery free.
        minimum: the lowest order value for which it is valid; None without one.
        maximum: the highest order value for which it is valid; None without one.
        expires: when it expires; None if it does not.
        uses_left: how many times it can still be used, by all customers; None without a limit.
        restricted: whether it is valid only for some products, categories, customers or
            countries, from a number of pieces, for subscriptions, or for delivery up to a price.
        ignored: names of parameters that the platform cannot use; they were not checked.
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
    """What one customer has spent.

    Attributes:
        name: the customer's name.
        email: the customer's e-mail address, empty if the store does not say.
        country: code of the billing address's country, empty if the store does not say.
        orders: number of orders, in all currencies.
        total: amount spent in the shop's currency, after refunds.
        average: `total` per order in the shop's currency.
        last_active: time of the latest order.
        other_currencies: amounts spent in other currencies, after refunds.
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
    """Totals of the customers; amounts are in the shop's currency unless stated otherwise.

    Attributes:
        customers: number of customers with an order.
        returning: number of customers with more than one order.
        orders: number of orders, in all currencies.
        spent: total amount spent, after refunds.
        average: `spent` per customer.
        other_currencies: amounts spent in other currencies, after refunds.
    """

    customers: int
    returning: int
    orders: int
    spent: Money
    average: Money
    other_currencies: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerInsights(Listing[CustomerSpend]):
    """Customers, those who spent most first.

    Attributes:
        totals: totals of all customers, also those not listed; None if some were not read or
            could not be read.
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
    """Sales of some days of the store's calendar, in one currency.

    Attributes:
        definition: how orders are counted: `created` by the day on which they were placed, with
            unpaid orders on hold; `paid` by the day on which they were paid, or
            those paid of the orders that were placed in these days; the platform's notes say which.
        first: the first day; None if the store does not say.
        last: the last day; None if the store does not say.
        orders: number of orders.
        items: number of pieces sold; returned ones are deducted if the store does so.
        gross: sum of the orders' totals with tax and shipping, before refunds.
        net: sales after refunds, without tax and shipping.
        average: `gross` per order; None without orders.
        refunds: amount paid back in these days, no matter when the orders were placed; or of
            the orders that were placed in them, no matter when, if the platform's notes say so.
        tax: tax included in `gross`.
        shipping: shipping included in `gross`, without its tax.
        discounts: sum of the coupons' discounts.
        other_currencies: a report of each other currency, not included in this one's figures.
        unreadable: number of orders and refunds, in any currency, that could not be read and are
            in no figure.
        top_products: the ten products with most pieces sold in this currency.
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
