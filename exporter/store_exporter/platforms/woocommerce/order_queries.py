"""What snippets and plugins of real shops do to queries of the list of orders. No I/O.

Before WooCommerce 5.8 had `modified_after`, integrations added it with a snippet that many shops
still have: it compares the time of change in the shop's own zone (column `post_modified`), whatever
`dates_are_gmt` says. Then a query for what changed since a time in GMT returns too much east of
Greenwich, and too little west of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
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
        self._zone: tzinfo = UTC
        self._until = 0.0

    @property
    def _is_own(self) -> bool:
        return self._monotonic() < self._until

    def keep(self, zone: tzinfo) -> None:
        """Note that the shop compares in its own zone."""
        self._zone, self._until = zone, self._monotonic() + _KEPT_SECONDS

    def shifted(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a query in the time of the shop."""
        times = {
            name: _time(params[name]).astimezone(self._zone).strftime("%Y-%m-%dT%H:%M:%S")
            for name in CHANGED
            if self._is_own and name in params
        }
        return {**params, **times}

    def learns(self, orders: Iterable[Any], params: Mapping[str, Any]) -> tzinfo | None:
        """Return the shop's offset if orders show that it compares in its own zone, unknown yet."""
        if "modified_after" not in params or self._is_own:
            return None
        since = _time(params["modified_after"])
        for order in orders:
            own, gmt = _changed(order, "date_modified"), _changed(order, "date_modified_gmt")
            if own and gmt and gmt < since < own <= gmt + _FURTHEST:
                return timezone(own - gmt)
        return None

    def later(self, orders: Iterable[Any], params: Mapping[str, Any]) -> list[Any]:
        """Return the orders but those of the hour that the shop's clock shows again after summer.

        Its own time does not tell them from those of the requested hour.
        """
        found = list(orders)
        if "modified_after" not in params or not self._is_own:
            return found
        since = _time(params["modified_after"])
        return [one for one in found if (_changed(one, "date_modified_gmt") or since) >= since]


def _changed(order: Any, name: str) -> datetime | None:
    try:
        return _time(order[name])
    except (KeyError, TypeError, ValueError):
        return None


def _time(text: Any) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
