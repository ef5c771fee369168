"""The life of a simulated Shopify shop: what is sold, paid, paid back and changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random

from .records import Cart, Checkout, Discount, Order, Payment, Product, Refund, Variant

_OPENED = 1_577_836_800.0
_KINDS = ("Valve", "Hose", "Seal", "Pump")
_LOW = {4: 3, 5: 3, 6: 2, 7: 3}
_EMPTY = (1, 2, 3)
_PAID = ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")
_VOLTAGES = (("12V", "200.00", 0), ("24V", "220.00", 4), ("230V", "240.00", 8))


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
        market_driven_shipping: whether markets have its shipping rates, and no delivery profile.
        zone: time zone of its calendar.
        opened: when the shop was created.
        search_lag: seconds after which the search of orders knows a change at the latest.
        searched: when orders last changed as the search knows it, by id.
        unsearched: ids of orders whose changes the search does not learn.
        unsorted: ids of orders that lists sorted by time of change leave out.
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
        self.market_driven_shipping = False
        self.opened = _OPENED
        self.zone = "UTC"
        self.search_lag = 0.0
        self.searched: dict[int, float] = {}
        self.unsearched: set[int] = set()
        self.unsorted: set[int] = set()
        self._last_id = 1_000_000 + seed * 1_000
        self._payments = 0
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
        order = Order(
            self.next_id(), number, email, bought, moment, moment, financial, self.currency
        )
        self.orders[order.id] = order
        if financial in _PAID:
            self._receive(order, order.total, moment)
        return order

    def buy(self, cart_id: str) -> Order:
        """Make an order of a cart, which is then no more."""
        lines = [(variant.id, count) for variant, count in self.carts.pop(cart_id).lines.values()]
        order = self.new_order("PAID", lines=lines)
        order.cart = cart_id.partition("?")[0].rpartition("/")[2]
        return order

    def _receive(self, order: Order, amount: Decimal, when: float, kind: str = "SALE") -> Payment:
        self._payments += 1
        payment = Payment(self._payments, amount, when, self.clock(), kind)
        order.payments.append(payment)
        return payment

    def pay(
        self,
        order: Order,
        amount: Decimal | str,
        *,
        kind: str = "CAPTURE",
        status: str = "SUCCESS",
        when: float | None = None,
        gateway: str = "shopify_payments",
    ) -> Payment:
        """Take a part of an order's money, or fail to; `when` dates it back."""
        payment = self._receive(order, Decimal(amount), self.clock() if when is None else when)
        payment.kind, payment.status, payment.gateway = kind, status, gateway
        self._judge(order)
        return payment

    def import_order(self, processed: float, lines: Sequence[tuple[int, int]]) -> Order:
        """Write down a paid order of another time, as an app does that brings a shop's history."""
        order = self.new_order("PAID", lines=lines)
        order.processed = order.paid = processed
        return order

    def change_currency(self, currency: str) -> None:
        """Have another currency from now on; orders keep theirs."""
        self.currency = currency

    def delete(self, order: Order) -> None:
        """Delete an order; no list shows it any more."""
        del self.orders[order.id]

    def settle(self, moved: Payment | Refund, status: str = "SUCCESS") -> None:
        """End what was pending: with success, or as a failure."""
        moved.status = status
        if status == "SUCCESS":
            moved.processed = self.clock()
        for order in self.orders.values():
            if moved in (*order.payments, *order.refunds):
                self._judge(order)

    def _judge(self, order: Order) -> None:
        """Set what an order's payments make of its financial status."""
        order.updated = self.clock()
        if order.refunded >= order.received > 0:
            order.financial = "REFUNDED"
        elif order.refunded > 0:
            order.financial = "PARTIALLY_REFUNDED"
        elif order.received >= order.total:
            order.financial = "PAID"
        else:
            order.financial = "PARTIALLY_PAID" if order.received > 0 else "PENDING"

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
        missing = order.total - order.received
        if order.financial == "PAID" and missing > 0:
            self._receive(order, missing, order.updated)
        if order.fulfillment == "FULFILLED" and order.delivered is None:
            order.delivered = order.updated

    def remove_lines(self, order: Order, kept: int) -> None:
        """Edit an order: take off all lines but the first ones."""
        for variant, count in order.lines[kept:]:
            variant.quantity += count
            order.removed += variant.price * count
        del order.lines[kept:]
        order.updated = self.clock()

    def refund(
        self,
        order: Order,
        amount: Decimal | str | None = None,
        note: str = "",
        *,
        pending: bool = False,
    ) -> Refund:
        """Refund an order, the rest unless an amount is given; `settle` ends a pending one."""
        value = order.total - order.refunded if amount is None else Decimal(amount)
        refund = Refund(self.next_id(), value, note, self.clock())
        order.refunds.append(refund)
        order.updated = self.clock()
        if pending:
            refund.status = "PENDING"
        else:
            full = order.refunded >= order.total
            order.financial = "REFUNDED" if full else "PARTIALLY_REFUNDED"
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
