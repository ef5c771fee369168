"""An order of WooCommerce's list as the ledger wants it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ....errors import StoreError
from ...kit.accounts import Order, Refund
from ...kit.fields import Fields
from ...kit.money import currency_code, decimal_text
from .. import api
from .statuses import ENTERED, label

# Without line items and addresses a page is a tenth of the work for the store, and nobody's name
# ever reaches the exporter. Older versions give the *_gmt dates only along with the local ones.
FIELDS = (
    "id,status,currency,total,date_created,date_created_gmt,date_modified,date_modified_gmt,"
    "date_paid,date_paid_gmt,date_completed,date_completed_gmt,refunds"
)
_MOST_REFUNDS = 200


@dataclass(slots=True)
class Page:
    """One page of orders, read.

    Attributes:
        orders: those that could be read.
        changed: times of change of all that have a readable one, in the page's order.
        problems: why the others could not be read.
    """

    orders: list[Order] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    problems: list[StoreError] = field(default_factory=list)

    @property
    def newest(self) -> int:
        """The largest id of the page's orders and of their refunds, 0 where there is none."""
        ids = (n for order in self.orders for n in (order.id, *(r.id for r in order.refunds)))
        return max(map(int, ids), default=0)


def read_page(rows: api.Page) -> Page:
    """Read a page; an order that makes no sense is left out and told.

    Raises:
        StoreError: invalid_response, none of the page's orders can be read.
    """
    page = Page()
    for index, item in enumerate(rows.items):
        try:
            row = Fields(item, f"{rows.name}[{index}]")
            page.changed.append(row.seconds("date_modified_gmt"))
            page.orders.append(read_order(row))
        except StoreError as error:
            page.problems.append(error)
    if page.problems and not page.orders:
        raise page.problems[0]
    return page


def read_order(row: Fields) -> Order:
    """Read one order.

    WooCommerce sets the date of payment when an order first reaches a paid status; for cash on
    delivery that is when it is completed. A draft that becomes an order keeps its first date.

    Raises:
        StoreError: invalid_response.
    """
    number = row.identifier()
    where = f"order {number}"
    total = decimal_text(row.raw("total"), f"{where}: total")
    if total < 0:
        raise StoreError("invalid_response", f"{where}: total is negative")
    refunds = tuple(_refund(refund, "total") for refund in row.children("refunds"))
    if len(refunds) > _MOST_REFUNDS:
        raise StoreError("invalid_response", f"{where}: there are {len(refunds)} refunds")
    completed = row.seconds_if_any("date_completed_gmt")
    return Order(
        id=str(number),
        status=label(row.text("status"), ENTERED),
        currency=currency_code(row.raw("currency"), f"{where}: currency"),
        total=total,
        created=row.seconds("date_created_gmt"),
        modified=row.seconds("date_modified_gmt"),
        paid=row.seconds_if_any("date_paid_gmt"),
        entered={} if completed is None else {"completed": completed},
        refunds=refunds,
    )


def _refund(row: Fields, name: str) -> Refund:
    # The list of orders shows refunds as negative totals.
    return Refund(str(row.identifier()), abs(decimal_text(row.raw(name), f"{row.where}: {name}")))


def read_refunds(rows: api.Page) -> list[Refund]:
    """Read an order's own list of refunds, which tells when each was made.

    Raises:
        StoreError: invalid_response.
    """
    return [
        replace(_refund(row, "amount"), created=row.seconds("date_created_gmt")) for row in rows
    ]
