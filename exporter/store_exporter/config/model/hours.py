"""Hours of the week in a time zone, for routes of alerts."""

from __future__ import annotations

import re
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field

from ..problems import suggestion
from .section import Section, as_tuple

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _time(value: Any) -> str:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError('is not a time of day; quote it, such as "08:00"')
    return value


def _day(value: Any) -> str:
    if value not in _DAYS:
        raise ValueError(f"is not a day of the week; {suggestion(str(value), _DAYS)}")
    return str(value)


def _zone(value: Any) -> str:
    if not isinstance(value, str) or value not in available_timezones():
        raise ValueError("is not a time zone, such as UTC or Europe/Berlin")
    return str(value)


TimeZone = Annotated[str, BeforeValidator(_zone)]
TimeOfDay = Annotated[str, BeforeValidator(_time)]
Days = Annotated[tuple[Annotated[str, BeforeValidator(_day)], ...], BeforeValidator(as_tuple)]


class Hours(Section):
    """A time of day on some days of the week."""

    key_from: TimeOfDay = Field(description='Its start, such as "08:00".')
    to: TimeOfDay = Field(description='Its end, such as "18:00"; later than its start.')
    weekdays: Days = Field((), max_length=7, description="Days of the week; default: all.")
