"""Dates in parameters: in the shop's zone unless `dates_are_gmt` is set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from .answers import Call, Document, invalid_parameter
from .shop import Shop

_FORMAT = "%Y-%m-%dT%H:%M:%S"


def moment(shop: Shop, call: Call, name: str, *, end_of_day: bool = False) -> str | None:
    """Return a date in GMT that compares with documents' `_gmt` dates, or raise ApiError (400)."""
    raw = call.params.get(name)
    if not raw:
        return None
    try:
        value = datetime.fromisoformat(raw)
    except ValueError:
        raise invalid_parameter(name, f"Invalid date {raw}.", "rest_invalid_date") from None
    if end_of_day and len(raw) == 10:
        value = value.replace(hour=23, minute=59, second=59)
    if value.replace(tzinfo=value.tzinfo or UTC).timestamp() == 0:
        # WordPress takes the Unix time zero for no date.
        raise invalid_parameter(name, "Invalid date.", "rest_invalid_date")
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC if call.flag("dates_are_gmt") else shop.zone)
    return value.astimezone(UTC).strftime(_FORMAT)


def changed_within(shop: Shop, call: Call) -> Callable[[Document], bool]:
    """Return what says if a document passes `after`, `before` and the same of `modified_`.

    WordPress excludes the moments themselves.

    Raises:
        ApiError: 400, one of them is not a date.
    """
    changed = "date_modified" if shop.habits.changed_locally else "date_modified_gmt"
    limits = [
        (member, limit, later)
        for name, member, later in (
            ("after", "date_created_gmt", True),
            ("before", "date_created_gmt", False),
            ("modified_after", changed, True),
            ("modified_before", changed, False),
        )
        if (limit := moment(shop, call, name)) is not None
    ]

    def passes(document: Document) -> bool:
        return all(
            document[member] > limit if later else document[member] < limit
            for member, limit, later in limits
        )

    return passes
