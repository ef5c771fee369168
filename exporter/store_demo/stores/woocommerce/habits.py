"""How a store's list of orders may differ from what was asked, as hosts and plugins make it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from .answers import Call, Document, Reply


@dataclass(slots=True)
class Habits:
    """What is odd about a store; nothing unless set.

    Attributes:
        cap: the most orders that a page holds, whatever `per_page` asks for.
        ignores_page: every page is the first.
        ignores: other parameters of lists of orders that a plugin drops.
        repeats: the query of a plugin finds the last order of each page twice.
        total: what X-WP-Total says: missing, zero, page (what is on the page) or double.
        version: of WooCommerce. Before 5.8 lists do not know when orders changed, before 6.4 the
            Store API has no number and orders no drafts (as in 6.3.1), before 7.9 those without a
            status show drafts, up to 8.2 a change of a cart needs a nonce beside the token, before
            9.0 there is no list of all refunds, and a product's variations lack their type, before
            8.3 their product and their name as well. Before 7.6 a partial refund leaves its order's
            date of change. Before 10.6 drafts and the trash are counted as stock. In 7.1 and 7.2
            lists of orders in tables of their own do not know it either, find nothing by words, and
            are sorted by id, the smallest first, where they should be by date (issues 36307, 35818
            and 36193 of woocommerce/woocommerce). Up to 8.3 these find nothing by words with _ or %
            (issue 41359).
        shows_drafts: lists without a status show drafts, whatever the version.
        hidden: ids of orders that lists count and do not show, as a plugin makes it.
        decimals: decimals of the prices that the shop displays. An order's total and tax are
            rounded to them when it is loaded, all else only as `dp` asks.
        setting: decimals that the setting names, where a plugin's filter makes them others.
        at_subtotal: whether taxes are rounded together, so that an order's parts are no round
            numbers.
        hides_currency: the settings of the currency are not among the shop's, as in those of a
            plugin for several currencies (CURCY 2.2.14).
        needs_dates: lists of orders are empty unless the query has a date (WooPOS 2.8.1).
        changed_locally: times of change are compared in the shop's own zone, as by a snippet from
            before 5.8 that sets the column `post_modified`.
        trash: the status of responses to a list of the trash.
        counts_stock: whether the shop manages stock at all.
        refuses_put: the web server refuses requests with the method PUT, as many do.
        subscriptions: ids of orders that are subscriptions (*WooCommerce Subscriptions*). Lists of
            orders do not have them, and a change makes an order of one (issue 63936).
        rate: prices of products are in the currency of the visitor's country, at this rate to the
            shop's own, unless the query forbids it (FOX 1.4.5).
    """

    cap: int | None = None
    ignores_page: bool = False
    ignores: tuple[str, ...] = ()
    repeats: bool = False
    total: str | None = None
    version: tuple[int, int] = (11, 0)
    shows_drafts: bool = False
    hidden: set[int] = field(default_factory=set)
    decimals: int | None = None
    setting: int | None = None
    at_subtotal: bool = False
    hides_currency: bool = False
    needs_dates: bool = False
    changed_locally: bool = False
    trash: int = 200
    counts_stock: bool = True
    refuses_put: bool = False
    subscriptions: set[int] = field(default_factory=set)
    rate: Decimal | None = None

    @property
    def has_drafts(self) -> bool:
        """Whether the checkout makes drafts, and the Store API has the number 1."""
        return self.version >= (6, 4)

    @property
    def release(self) -> str:
        """The version as orders have it that were written by it."""
        return ".".join(map(str, (*self.version, 1)))

    @property
    def marks_refunds(self) -> bool:
        """Whether a partial refund changes its order's date of change."""
        return self.version >= (7, 6)

    @property
    def token_is_enough(self) -> bool:
        """Whether who has the token of a cart may change it without a nonce."""
        return self.version > (8, 2)

    @property
    def lacks_of_variations(self) -> tuple[str, ...]:
        """The members that the list of a product's variations does not have."""
        if self.version >= (9, 0):
            return ()
        return ("type",) if self.version >= (8, 3) else ("type", "parent_id", "name")

    def is_young(self, *, hpos: bool) -> bool:
        """Whether orders are in tables of their own by a version that could do that badly."""
        return hpos and (7, 1) <= self.version < (7, 3)

    def finds_nothing(self, search: str, *, hpos: bool) -> bool:
        """Whether a search for words finds no order, whatever there is."""
        is_escaped_twice = self.version <= (8, 3) and any(sign in search for sign in "_%")
        return bool(search) and hpos and (self.is_young(hpos=hpos) or is_escaped_twice)

    def asked(self, call: Call, *, hpos: bool) -> Call:
        """Return what is answered instead of what was asked."""
        params = dict(call.params)
        if self.cap is not None:
            params["per_page"] = str(min(self.cap, int(params.get("per_page", "10"))))
        if self.version < (5, 8) or self.is_young(hpos=hpos):
            for name in ("modified_after", "modified_before", "dates_are_gmt"):
                params.pop(name, None)
        if self.is_young(hpos=hpos) and params.get("orderby", "date") == "date":
            params |= {"orderby": "id", "order": "asc"}
        for name in (*self.ignores, *(["page"] if self.ignores_page else [])):
            params.pop(name, None)
        return Call(call.method, call.path, params, call.body, call.headers)

    @property
    def lists_drafts(self) -> bool:
        """Whether lists without a status show drafts."""
        return self.shows_drafts or self.version < (7, 9)

    def told(self, reply: Reply) -> Reply:
        """Return an answer with the total that the store tells."""
        if self.repeats:
            reply.body += reply.body[-1:]
        if self.hidden:
            reply.body = [row for row in reply.body if row["id"] not in self.hidden]
        header = "X-WP-Total"
        right = int(reply.headers[header])
        lies = {"zero": 0, "page": len(reply.body), "double": right * 2}
        if self.total == "missing":
            del reply.headers[header], reply.headers["X-WP-TotalPages"]
        elif self.total is not None:
            reply.headers[header] = str(lies[self.total])
        return reply

    def prices(self, call: Call, item: Document) -> Document:
        """Return the prices of a product that are shown instead of its own."""
        if self.rate is None or "woocs_block_price_hook" in call.params:
            return {}
        names = ("price", "regular_price", "sale_price")
        return {name: f"{Decimal(item[name]) * self.rate:.2f}" for name in names if item.get(name)}

    def rounded(self, call: Call, order: Document) -> Document:
        """Return an order with the decimals that are displayed or asked for."""
        if self.decimals is None:
            return order
        loaded, asked = self.decimals, int(call.params.get("dp") or self.decimals)
        found = {**order}
        for name in ("total", "total_tax"):
            found[name] = _rounded(_rounded(order[name], loaded), asked)
        for name in ("refunds", "line_items"):
            rows = order[name]
            found[name] = [{**row, "total": _rounded(row["total"], asked)} for row in rows]
        return found


def _rounded(amount: str, places: int) -> str:
    return f"{Decimal(amount).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
