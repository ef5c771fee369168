"""`alerts:` at the top of the file: where the platform's own alerts go, and how mail is sent.

It is used by `store-exporter generate` alone, which makes Alertmanager's configuration of it and
of each org's `alerts:`. Secrets are files that Alertmanager reads; this process never does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field

from .checker import Checker, Path
from .model import OrgAlerts, OrgSection, Section
from .problems import suggestion
from .types import AlertmanagerFile

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SMARTHOST = r"^[^\s:/]{1,253}:[0-9]{1,5}$"


def _time(value: Any) -> str:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError('is not a time of day; quote it, such as "08:00"')
    return value


def _day(value: Any) -> str:
    if value not in _DAYS:
        raise ValueError(f"is not a day of the week; {suggestion(str(value), _DAYS)}")
    return str(value)


def _zone(value: Any) -> str:
    if value not in available_timezones():
        raise ValueError("is not a time zone, such as UTC or Europe/Berlin")
    return str(value)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


TimeOfDay = Annotated[str, BeforeValidator(_time)]
Days = Annotated[tuple[Annotated[str, BeforeValidator(_day)], ...], BeforeValidator(_tuple)]


class Smtp(Section):
    """The server that takes Alertmanager's mail."""

    smarthost: str = Field(pattern=_SMARTHOST, description="Host and port, as mail.example:587.")
    key_from: str = Field(
        pattern=r"^[^\s]+@[^\s]+$", description="The address that the mail comes from."
    )
    username: str = Field("", max_length=200, description="Name to log in with.")
    password: AlertmanagerFile | None = Field(
        None, description="file:PATH of the password, on Alertmanager's machine."
    )
    require_tls: bool = Field(True, description="Whether mail may only be sent encrypted.")


class Hours(Section):
    """A stretch of some days of the week."""

    key_from: TimeOfDay = Field(description='Its start, such as "08:00".')
    to: TimeOfDay = Field(description='Its end, such as "18:00"; later than its start.')
    weekdays: Days = Field((), max_length=7, description="Days it is on; all when left out.")


class PlatformAlerts(OrgAlerts):
    """Where the platform's own alerts go."""

    watchdog: AlertmanagerFile | None = Field(
        None, description="file:PATH of the address of a dead-man's switch outside this system."
    )
    smtp: Smtp | None = Field(None, description="The mail server, for every org's mail as well.")
    timezone: Annotated[str, BeforeValidator(_zone)] = Field(
        "UTC", description="The time zone of the hours below."
    )
    business_hours: Hours | None = Field(
        None, description="When alerts of severity info are sent; 08:00 to 18:00 on workdays."
    )
    maintenance: Annotated[tuple[Hours, ...], BeforeValidator(_tuple)] = Field(
        (), max_length=50, description="When nothing but the watchdog is sent."
    )


def read(
    checker: Checker, data: Mapping[str, Any], orgs: Mapping[str, OrgSection]
) -> PlatformAlerts:
    """Validate `alerts:`; noting problems, and going on with nothing where there are any."""
    found = checker.validate(PlatformAlerts, data.get("alerts"), ("alerts",))
    if found is None:
        return PlatformAlerts.model_validate({})
    for path, hours in _stretches(found):
        if hours.key_from >= hours.to:
            checker.complain(path, "must end later on the same day than it starts")
    if found.smtp is None:
        for path in _mailed(checker, found, data, orgs):
            checker.complain(path, "mail needs a server: set alerts.smtp at the top of the file")
    return found


def _stretches(alerts: PlatformAlerts) -> Iterable[tuple[Path, Hours]]:
    if alerts.business_hours:
        yield ("alerts", "business_hours"), alerts.business_hours
    for index, hours in enumerate(alerts.maintenance):
        yield ("alerts", "maintenance", index), hours


def _mailed(
    checker: Checker,
    alerts: PlatformAlerts,
    data: Mapping[str, Any],
    orgs: Mapping[str, OrgSection],
) -> Iterable[Path]:
    if alerts.email:
        yield ("alerts", "email")
    for path, item in checker.items(data, "orgs"):
        org = orgs.get(str(item.get("org"))) if isinstance(item, dict) else None
        if org and org.alerts.email:
            yield (*path, "alerts", "email")
