"""Dates of orders in the shop's own time zone, where WooCommerce itself has them in GMT.

Plugins remove the dates in GMT from orders and refunds; they are filled in. And before WooCommerce
5.8 had `modified_after`, integrations added it with a snippet that many shops still have: it
compares the time of change in the shop's own zone (column `post_modified`), whatever
`dates_are_gmt` says. Then a query for what changed since a time in GMT returns too much east of
Greenwich, and too little west of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any

from ...errors import StoreError
from ...net.plans import Plan
from ..kit.connection import fact
from ..kit.reading.days import named_zone, zone_at
from ..kit.reading.fields import Fields
from ..kit.reading.values import has_date

if TYPE_CHECKING:
    from .api import Api

_OPTIONS = "/wp-json/wc-admin/options"
INDEX = "GET /wp-json/"
"""The call that `time_zone` makes."""
DATES = ("date_created", "date_modified", "date_paid", "date_completed")
"""Names of the dates in the shop's zone; each has another in GMT."""
EVER = {"modified_after": "1970-01-02T00:00:00"}
"""A time before which no order was changed."""
CHANGED = ("modified_after", "modified_before")
DATED = frozenset(("after", "before", *CHANGED))
"""Parameters with dates."""
_FURTHEST = timedelta(hours=14)
"""The offset of the easternmost time zone."""
_KEPT_SECONDS = 3600.0


def members(*names: str) -> str:
    """Return the members to request for dates. Older versions send those in GMT only with both."""
    return ",".join(f"{name},{name}_gmt" for name in names)


def add_gmt_dates(api: Api, rows: Sequence[Any]) -> Plan[None]:
    """Fill in dates in GMT that a plugin removed from orders or refunds."""
    lacking: list[tuple[dict[str, Any], str]] = []
    for row in (row for row in rows if isinstance(row, dict)):
        for name in (name for name in DATES if name in row):
            if not has_date(row[name]):
                row.setdefault(f"{name}_gmt", None)
            elif isinstance(row[name], str) and not has_date(row.get(f"{name}_gmt")):
                lacking.append((row, name))
    zone = (yield from time_zone(api)) if lacking else UTC
    for row, name in lacking:
        with suppress(ValueError, OverflowError):
            local = datetime.fromisoformat(row[name])
            local = local if local.tzinfo else local.replace(tzinfo=zone)
            row[f"{name}_gmt"] = local.astimezone(UTC).isoformat()


@fact
def time_zone(api: Api) -> Plan[tzinfo]:
    """Return the time zone of the shop's calendar."""
    return time_zone_of((yield from api_index(api)))


def api_index(api: Api) -> Plan[Fields]:
    """Request the time zone from the index of WordPress' API, which is open to everybody.

    Where a plugin closes it to visitors, the key of an administrator can read the same options.
    """
    names = "gmt_offset,timezone_string"
    try:
        return (yield from api.get_object("/wp-json/", "the API's index", {"_fields": names}))
    except StoreError as error:
        if error.error_type != "blocked":
            raise
        with suppress(StoreError):
            return (yield from api.get_object(_OPTIONS, "the options", {"options": names}))
        raise


def time_zone_of(index: Fields) -> tzinfo:
    """Return the zone of the API's index: a named one, else the fixed offset in hours, else GMT."""
    found = named_zone(index.text_or("timezone_string"))
    if found is not None:
        return found
    has_offset = index.raw("gmt_offset") not in (None, "")
    return zone_at(int(index.decimal("gmt_offset") * 3600) if has_offset else 0)


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
