"""Fills in dates in GMT of orders and refunds that have them only in the shop's own time zone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
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
