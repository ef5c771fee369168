"""`alerts:` at the top of the file: where the platform's own alerts go, and how mail is sent.

Only `store-exporter generate` uses it: it makes Alertmanager's configuration from this section and
from each org's `alerts:`. Alertmanager reads the files of secrets; this process never does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ..yaml.checker import Checker
from ..yaml.document import Path
from .hours import Hours, TimeZone
from .org import OrgSection
from .receivers import OrgAlerts, OrgReceivers
from .section import Section, as_tuple
from .types import AlertmanagerFile

_SMARTHOST = r"^[^\s:/]{1,253}:[0-9]{1,5}$"


class Smtp(Section):
    """The server that sends Alertmanager's mail."""

    smarthost: str = Field(pattern=_SMARTHOST, description="Host and port, as mail.example:587.")
    key_from: str = Field(
        pattern=r"^[^\s]+@[^\s]+$", description="The sender's address of the mail."
    )
    username: str = Field("", max_length=200, description="Name to log in with.")
    password: AlertmanagerFile | None = Field(
        None, description="file:PATH of the password, on Alertmanager's machine."
    )
    require_tls: bool = Field(True, description="Whether mail may only be sent encrypted.")


class PlatformAlerts(OrgAlerts):
    """Where the platform's own alerts go."""

    watchdog: AlertmanagerFile | None = Field(
        None, description="file:PATH of the address of a dead-man's switch outside this system."
    )
    smtp: Smtp | None = Field(None, description="The mail server, also for mail to orgs.")
    timezone: TimeZone = Field("UTC", description="The time zone of the hours below.")
    business_hours: Hours | None = Field(
        None, description="Working hours; default: 08:00 to 18:00 on workdays."
    )
    maintenance: Annotated[tuple[Hours, ...], BeforeValidator(as_tuple)] = Field(
        (), max_length=50, description="Times in which only the watchdog is sent."
    )


def read(
    checker: Checker, data: Mapping[str, Any], orgs: Mapping[str, OrgSection]
) -> PlatformAlerts:
    """Validate `alerts:` and note its problems; return the defaults if its keys are not valid."""
    found = checker.validate(PlatformAlerts, data.get("alerts"), ("alerts",))
    if found is None:
        return PlatformAlerts.usual()
    everybody: list[tuple[Path, PlatformAlerts | OrgReceivers]] = [
        (("alerts",), found),
        *((path, org.alerts) for path, org in _orgs(checker, data, orgs)),
    ]
    for path, alerts in everybody:
        for key, hours in _stretches(alerts):
            if hours.key_from >= hours.to:
                checker.complain((*path, *key), "must end after it starts, on the same day")
        _check_routes(checker, alerts, path)
        if alerts.email and found.smtp is None:
            complaint = "mail needs a server: set alerts.smtp at the top of the file"
            checker.complain((*path, "email"), complaint)
    return found


def _orgs(
    checker: Checker, data: Mapping[str, Any], orgs: Mapping[str, OrgSection]
) -> Iterable[tuple[Path, OrgSection]]:
    for path, item in checker.items(data, "orgs"):
        org = orgs.get(str(item.get("org"))) if isinstance(item, dict) else None
        if org is not None:
            yield (*path, "alerts"), org


def _stretches(alerts: PlatformAlerts | OrgReceivers) -> Iterable[tuple[Path, Hours]]:
    if alerts.business_hours:
        yield ("business_hours",), alerts.business_hours
    for index, hours in enumerate(getattr(alerts, "maintenance", ())):
        yield ("maintenance", index), hours


def _check_routes(checker: Checker, alerts: PlatformAlerts | OrgReceivers, path: Path) -> None:
    """Note routes to missing receivers, and hours in which nobody gets critical alerts."""
    for index, route in enumerate(alerts.routes):
        for kind in route.to:
            if not getattr(alerts, kind):
                complaint = f"{kind} is not among the receivers configured beside routes"
                checker.complain((*path, "routes", index, "to"), complaint)
        if route.severity == "info" and isinstance(alerts, PlatformAlerts):
            complaint = "the platform gets info only for orgs without receivers; remove this route"
            checker.complain((*path, "routes", index, "severity"), complaint)
    times = {route.when for route in alerts.routes if route.severity == "critical"}
    if alerts.routes and "always" not in times and len(times) < 2:
        complaint = "nobody gets critical alerts at some hours; add a route with when: always"
        checker.complain((*path, "routes"), complaint)
