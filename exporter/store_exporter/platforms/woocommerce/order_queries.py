"""What snippets and plugins of real shops do to queries of the list of orders. No I/O.

Before WooCommerce 5.8 had `modified_after`, integrations added it with a snippet that many shops
still have: it compares the time of change in the shop's own zone (column `post_modified`), whatever
`dates_are_gmt` says. Then a query for what changed since a time in GMT returns too much east of
Greenwich, and too little west of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

EVER = {"modified_after": "1970-01-02T00:00:00"}
"""A time before which no order was changed."""
CHANGED = ("modified_after", "modified_before")
DATES = frozenset(("after", "before", *CHANGED))
"""Parameters with dates."""
_FURTHEST = timedelta(hours=14)
"""The offset of the easternmost time zone."""
_KEPT_SECONDS = 3600.0


class ChangeTimes:
    """The time in which a shop compares times of change: GMT, or its own.

    It is learnt from orders that changed before the requested time by GMT, and not by the shop's
    own, and kept for an hour. `monotonic` are the seconds of a clock that never jumps.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ahead = timedelta(0)
        self._until = 0.0

    def shifted(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a query in the time of the shop."""
        ahead = self._ahead if self._monotonic() < self._until else timedelta(0)
        times = {
            name: (_time(params[name]) + ahead).strftime("%Y-%m-%dT%H:%M:%S")
            for name in CHANGED
            if ahead and name in params
        }
        return {**params, **times}

    def learns(self, orders: Iterable[Any], params: Mapping[str, Any]) -> bool:
        """Whether the orders of a response show that the query has to be repeated."""
        if "modified_after" not in params or self._monotonic() < self._until:
            return False
        since = _time(params["modified_after"])
        for order in orders:
            try:
                own, gmt = _time(order["date_modified"]), _time(order["date_modified_gmt"])
            except (KeyError, TypeError, ValueError):
                continue
            if gmt < since < own <= gmt + _FURTHEST:
                self._ahead, self._until = own - gmt, self._monotonic() + _KEPT_SECONDS
                return True
        return False


def _time(text: Any) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
