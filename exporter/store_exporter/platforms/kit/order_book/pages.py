"""Pages of a list of orders, read as far as possible. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ....errors import StoreError
from ..reading.fields import Fields
from .accounts import CountedOrder

ReadOrder = Callable[[Fields, int | None], CountedOrder | None]
"""Reads an order, given its time of change if it has one; None for other things."""
_FRESH = 5
"""Seconds in which an order may have been edited while its page was made."""
MAKING = 120
"""The most seconds in which a page is made."""
_NOTHING: tuple[Any, ...] = (None, False, [])
"""What a plugin of PHP that returns nothing leaves in place of an order."""


@dataclass(slots=True)
class OrderPage:
    """One page of orders, read.

    Attributes:
        orders: the readable orders.
        ids: ids of everything on the page; a text with the time of change for an entry without a
            readable id.
        changed: the readable times of change, in the page's order.
        unreadable: why the other orders could not be read, by id.
        problems: the same for those without a readable id, by that text.
        others: ids of drafts and of orders in the trash, with their times of change if known.
    """

    orders: list[CountedOrder] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    unreadable: dict[str, StoreError] = field(default_factory=dict)
    problems: dict[str, StoreError] = field(default_factory=dict)
    others: dict[str, int | None] = field(default_factory=dict)

    def settled(self, server: float | None) -> list[int]:
        """Return the times of change that show how far the list was read.

        An order that is edited between the store's search and the reading of its fields has a time
        later than its place in the list. `server` is the store's clock, if it is known.
        """
        if server is None:
            return self.changed
        return [changed for changed in self.changed if changed < server - _FRESH] or self.changed

    def lists_others(self, server: float) -> bool:
        """Whether a list contains drafts or the trash, by the store's clock `server`.

        An order that is deleted while its page is made is on it by mistake.
        """
        return any((when or 0) < server - MAKING for when in self.others.values())

    @property
    def newest(self) -> int:
        """The largest id of the page's orders; 0 without any."""
        return _largest(self.ids)

    @property
    def newest_refund(self) -> int:
        """The largest id of the refunds of the page's orders; 0 without any."""
        return _largest(refund.id for order in self.orders for refund in order.refunds)


def _largest(ids: Iterable[str]) -> int:
    return max((int(number) for number in ids if number.isdigit()), default=0)


def read_page(name: str, items: Sequence[Any], read: ReadOrder, changed: str) -> OrderPage:
    """Read a page; an invalid order is left out and reported.

    `changed` is the member that says when an order last changed. If there are no orders on it but
    something else, that raises invalid_response.
    """
    page = OrderPage()
    if items and not any(isinstance(item, dict) or item in _NOTHING for item in items):
        Fields(items[0], f"{name}[0]")
    for index, item in enumerate(items):
        number = ""
        try:
            row = Fields.row(item, name, index)
            number = str(row.identifier())
            _read_row(page, number, row, read, changed)
        except StoreError as error:
            if number:
                page.unreadable[number] = error
            else:
                number = _nameless(page, item, changed)
                page.problems[number] = error
        page.ids.append(number)
    return page


def _nameless(page: OrderPage, item: Any, changed: str) -> str:
    """Return a text for an entry without a readable id, by which a later reading knows it again."""
    text = f"?{str(item.get(changed))[:40] if isinstance(item, dict) else ''}"
    return f"{text}.{sum(one.startswith(text) for one in page.problems)}"


def _read_row(page: OrderPage, number: str, row: Fields, read: ReadOrder, changed: str) -> None:
    # The time decides how far the list was read, even if nothing else of the order is readable.
    when = _seconds_or_none(row, changed)
    if when is not None:
        page.changed.append(when)
    order = read(row, when)
    if order is None:
        page.others[number] = when
    else:
        page.orders.append(order)


def _seconds_or_none(row: Fields, name: str) -> int | None:
    try:
        return row.seconds(name)
    except StoreError:
        return None
