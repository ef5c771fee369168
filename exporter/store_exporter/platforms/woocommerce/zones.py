"""The store's time zone, as the index of WordPress' API tells it."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..kit.fields import Fields

_DAY = 24 * 3600


def zone(index: Fields) -> tzinfo:
    """Return the zone: a named one, else the fixed offset in hours, else GMT.

    Args:
        index: the members `timezone_string` and `gmt_offset` of the index.
    """
    name = index.text_or("timezone_string")
    if name:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            pass
    if index.raw("gmt_offset") in (None, ""):
        return UTC
    seconds = int(index.decimal("gmt_offset") * 3600)
    return timezone(timedelta(seconds=seconds)) if abs(seconds) < _DAY else UTC
