"""Adds dates in GMT to rows that have them only in the shop's own time zone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import Any

from ...net.plans import Plan
from ..kit.connection import fact
from ..kit.reading.days import named_zone, zone_at
from ..kit.reading.fields import Fields, has_date
from .api import Api

INDEX = "GET /wp-json/"
"""The call that `time_zone` makes."""


def add_gmt_dates(api: Api, rows: Sequence[Any], names: Collection[str]) -> Plan[None]:
    """Fill in dates in GMT that a plugin removed, from those in the shop's own time zone.

    Args:
        api: the store's API.
        rows: rows as the store sent them; those that lack such dates are changed.
        names: names of the dates in the shop's zone, such as `date_paid`.
    """
    lacking = [row for row in rows if isinstance(row, dict) and lacks_gmt_dates(row.get, names)]
    zone = (yield from time_zone(api)) if lacking else UTC
    for row in lacking:
        row.update(_in_gmt(row.get, names, zone))


def with_gmt_dates(api: Api, rows: Sequence[Fields], names: Collection[str]) -> Plan[list[Fields]]:
    """Return the rows with these dates filled in; the arguments are those of `add_gmt_dates`."""
    is_lacking = any(lacks_gmt_dates(row.raw, names) for row in rows)
    zone = (yield from time_zone(api)) if is_lacking else UTC
    return [row.with_members(_in_gmt(row.raw, names, zone)) for row in rows]


def lacks_gmt_dates(member: Callable[[str], Any], names: Iterable[str]) -> list[str]:
    """Return the names of dates that a row has only in the shop's zone.

    Args:
        member: returns a member of the row, or None if there is none.
        names: the names to check.
    """
    return [
        name
        for name in names
        if not has_date(member(f"{name}_gmt"))
        and has_date(local := member(name))
        and isinstance(local, str)
    ]


def _in_gmt(member: Callable[[str], Any], names: Iterable[str], zone: tzinfo) -> dict[str, str]:
    found = {}
    for name in lacks_gmt_dates(member, names):
        with suppress(ValueError, OverflowError):
            local = datetime.fromisoformat(member(name))
            local = local if local.tzinfo else local.replace(tzinfo=zone)
            found[f"{name}_gmt"] = local.astimezone(UTC).isoformat()
    return found


@fact
def time_zone(api: Api) -> Plan[tzinfo]:
    """Return the time zone of the shop's calendar."""
    return time_zone_of((yield from api_index(api)))


def api_index(api: Api) -> Plan[Fields]:
    """Request the time zone from the index of WordPress' API, which is open to everybody."""
    return api.get_object("/wp-json/", "the API's index", {"_fields": "gmt_offset,timezone_string"})


def time_zone_of(index: Fields) -> tzinfo:
    """Return the zone: a named one, else the fixed offset in hours, else GMT.

    Args:
        index: the members `timezone_string` and `gmt_offset` of the index.
    """
    found = named_zone(index.text_or("timezone_string"))
    if found is not None:
        return found
    has_offset = index.raw("gmt_offset") not in (None, "")
    return zone_at(int(index.decimal("gmt_offset") * 3600) if has_offset else 0)
