"""How a store's list of orders may differ from what was asked, as hosts and plugins make it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from .answers import Call, Document, Reply


@dataclass(slots=True)
class Habits:
    """What is odd about a store; nothing unless set.

    Attributes:
        cap: the most orders that a page holds, whatever `per_page` asks for.
        ignores_page: every page is the first.
        total: what X-WP-Total says: missing, zero, page (what is on the page) or double.
        shows_drafts: lists without a status show drafts, as versions before 7.9 do.
        decimals: decimals of the prices that the shop displays. An order's total and tax are
            rounded to them when it is loaded, all else only as `dp` asks.
    """

    cap: int | None = None
    ignores_page: bool = False
    total: str | None = None
    shows_drafts: bool = False
    decimals: int | None = None

    def asked(self, call: Call) -> Call:
        """Return what is answered instead of what was asked."""
        params = dict(call.params)
        if self.cap is not None:
            params["per_page"] = str(min(self.cap, int(params.get("per_page", "10"))))
        if self.ignores_page:
            params.pop("page", None)
        return Call(call.method, call.path, params, call.body, call.headers)

    def told(self, reply: Reply) -> Reply:
        """Return an answer with the total that the store tells."""
        header = "X-WP-Total"
        right = int(reply.headers[header])
        lies = {"zero": 0, "page": len(reply.body), "double": right * 2}
        if self.total == "missing":
            del reply.headers[header], reply.headers["X-WP-TotalPages"]
        elif self.total is not None:
            reply.headers[header] = str(lies[self.total])
        return reply

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
