"""What is in a simulated Shopify shop, and the moves of its life. No HTTP, no GraphQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

_KINDS = ("Valve", "Hose", "Seal", "Pump")
_LOW = {4: 3, 5: 3, 6: 2, 7: 3}
_EMPTY = (1, 2, 3)
_VOLTAGES = (("12V", "200.00", 0), ("24V", "220.00", 4), ("230V", "240.00", 8))


@dataclass(slots=True)
class Variant:
    """One variant of a product; `quantity` may be negative when oversold."""

    id: int
    product: Product
    sku: str
    title: str
    price: Decimal
    quantity: int
    options: dict[str, str]
    tracked: bool = True
    backorders: bool = False

    @property
    def available(self) -> bool:
        """Whether it can be had."""
        return self.quantity > 0 or self.backorders or not self.tracked


@dataclass(slots=True)
class Product:
    """A product with its variants; its status is that of Shopify's `ProductStatus`."""

    id: int
    title: str
    kind: str
    variants: list[Variant] = field(default_factory=list)
    status: str = "ACTIVE"


@dataclass(slots=True)
class Refund:
    """One refund of an order."""

    id: int
    amount: Decimal
    note: str
    created: float


@dataclass(slots=True)
class Order:
    """An order; `financial` and `fulfillment` are Shopify's display statuses."""

    id: int
    number: int
    email: str
    lines: list[tuple[Variant, int]]
    created: float
    updated: float
    financial: str
    fulfillment: str = "UNFULFILLED"
    cancelled: float | None = None
    refunds: list[Refund] = field(default_factory=list)
    note: str = ""
    test: bool = False
    paid: float | None = None
    delivered: float | None = None

    @property
    def total(self) -> Decimal:
        """Price of all lines."""
        return sum((variant.price * count for variant, count in self.lines), Decimal(0))

    @property
    def refunded(self) -> Decimal:
        """Sum of the refunds."""
        return sum((refund.amount for refund in self.refunds), Decimal(0))


@dataclass(slots=True)
class Checkout:
    """A checkout that was begun."""

    id: int
    created: float
    total: Decimal


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount code, in percent."""

    code: str
    percent: Decimal
    minimum: Decimal | None = None
    ends: float | None = None
    limit: int | None = None
    used: int = 0


@dataclass(slots=True)
class Cart:
    """A shopper's cart."""

    id: str
    lines: dict[str, tuple[Variant, int]] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)


class StockRoom:
    """A shop's goods, orders, customers, discounts and carts.

    Args:
        domain: host name of the shop.
        currency: ISO code.
        seed: of what is random.
        clock: Unix time in seconds.
        orders: orders of the last weeks.

    Attributes:
        primary_domain: to which visitors are sent from `domain`, if it is another.
    """

    def __init__(
        self, domain: str, currency: str, seed: int, clock: Callable[[], float], orders: int = 40
    ) -> None:
        self.domain = domain
        self.currency = currency
        self.clock = clock
        self.random = Random(seed)
        self.products: dict[int, Product] = {}
        self.variants: dict[int, Variant] = {}
        self.orders: dict[int, Order] = {}
        self.checkouts: dict[int, Checkout] = {}
        self.carts: dict[str, Cart] = {}
        self.discounts = [
            Discount("save10", Decimal("0.1")),
            Discount("welcome5", Decimal("0.05"), minimum=Decimal(50)),
            Discount("old20", Decimal("0.2"), ends=1_704_067_200),
            Discount("once", Decimal("0.5"), limit=1, used=1),
        ]
        self.primary_domain = ""
        self._last_id = 1_000_000 + seed * 1_000
        self._fill(orders)

    def next_id(self) -> int:
        """Return a number that nothing has yet."""
        self._last_id += 1
        return self._last_id

    def _fill(self, orders: int) -> None:
        for index in range(1, 31):
            kind = _KINDS[index % 4]
            quantity = 0 if index in _EMPTY else _LOW.get(index, self.random.randint(8, 60))
            price = Decimal(10 * index)
            self.add_product(
                f"Part {index} {kind}", kind, [(f"SKU-{index:03d}", price, quantity, {})]
            )
        for index in (1, 2):
            rows = [
                (f"MOTOR-{index}-{name}", Decimal(price), stock, {"Voltage": name})
                for name, price, stock in _VOLTAGES
            ]
            self.add_product(f"Motor {index}", "Motor", rows)
        sellable = [v for v in self.variants.values() if v.quantity > 7]
        for index in range(orders):
            age = (orders - index) * 6 * 3600.0
            lines = [(self.random.choice(sellable).id, self.random.randint(1, 3))]
            order = self.new_order(
                self.random.choice(("PAID", "PAID", "PAID", "PENDING")),
                email=f"cust{self.random.randint(1, 8)}@example.test",
                lines=lines,
                created=self.clock() - age,
            )
            if order.financial == "PAID" and index < orders - 10:
                order.fulfillment, order.delivered = "FULFILLED", order.created

    def add_product(
        self,
        title: str,
        kind: str,
        variants: Sequence[tuple[str, Decimal, int, dict[str, str]]],
    ) -> Product:
        """Put a product into the assortment; a variant is its SKU, price, stock and options."""
        product = Product(self.next_id(), title, kind)
        for sku, price, quantity, options in variants:
            name = " / ".join(options.values()) or "Default Title"
            variant = Variant(self.next_id(), product, sku, name, price, quantity, options)
            product.variants.append(variant)
            self.variants[variant.id] = variant
        self.products[product.id] = product
        return product

    def by_sku(self, sku: str) -> Variant:
        """Return the variant with a SKU."""
        return next(variant for variant in self.variants.values() if variant.sku == sku)

    def new_order(
        self,
        financial: str = "PAID",
        *,
        email: str = "cust1@example.test",
        lines: Sequence[tuple[int, int]] = (),
        created: float | None = None,
    ) -> Order:
        """Place an order; lines are variant ids and pieces."""
        bought = [(self.variants[number], count) for number, count in lines]
        for variant, count in bought:
            variant.quantity -= count
        moment = self.clock() if created is None else created
        number = 1001 + len(self.orders)
        order = Order(self.next_id(), number, email, bought, moment, moment, financial)
        order.paid = moment if financial == "PAID" else None
        self.orders[order.id] = order
        return order

    def edit_order(
        self,
        order: Order,
        *,
        financial: str | None = None,
        fulfillment: str | None = None,
    ) -> None:
        """Change the status of payment or delivery."""
        order.financial = financial or order.financial
        order.fulfillment = fulfillment or order.fulfillment
        order.updated = self.clock()
        if order.financial == "PAID" and order.paid is None:
            order.paid = order.updated
        if order.fulfillment == "FULFILLED" and order.delivered is None:
            order.delivered = order.updated

    def refund(self, order: Order, amount: Decimal | str | None = None, note: str = "") -> Refund:
        """Refund an order, the whole rest unless an amount is given."""
        value = order.total - order.refunded if amount is None else Decimal(amount)
        refund = Refund(self.next_id(), value, note, self.clock())
        order.refunds.append(refund)
        order.financial = "REFUNDED" if order.refunded >= order.total else "PARTIALLY_REFUNDED"
        order.updated = self.clock()
        return refund

    def cancel(self, order: Order) -> None:
        """Cancel an order and put the goods back."""
        for variant, count in order.lines:
            variant.quantity += count
        order.cancelled = order.updated = self.clock()

    def new_checkout(self, total: Decimal | str) -> Checkout:
        """Begin a checkout that nobody finishes."""
        checkout = Checkout(self.next_id(), self.clock(), Decimal(total))
        self.checkouts[checkout.id] = checkout
        return checkout

    def discount(self, code: str) -> Discount | None:
        """Return a discount by its code, upper or lower case."""
        return next((d for d in self.discounts if d.code == code.lower()), None)


def iso(when: float) -> str:
    """Return a Unix time as Shopify writes it."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
