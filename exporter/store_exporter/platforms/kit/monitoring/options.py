"""Reads the options of probes and collectors, or raises invalid_request. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ....errors import StoreError


def number(options: Mapping[str, Any], name: str) -> float:
    """Read an option that must be a number, not below zero.

    Raises:
        StoreError: invalid_request, it is not.
    """
    value = options[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise StoreError("invalid_request", f"the option {name} must be a number, not negative")
    return float(value)


def whole_number(options: Mapping[str, Any], name: str, low: int, high: int) -> int:
    """Read an option that must be a whole number between two bounds.

    Raises:
        StoreError: invalid_request, it is not.
    """
    value = options[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise StoreError("invalid_request", f"the option {name} must be from {low} to {high}")
    return value


def since(options: Mapping[str, Any]) -> int | None:
    """Read the option `since`, a date in GMT unless it has a zone; None for `now`.

    Raises:
        StoreError: invalid_request, it is neither.
    """
    if options["since"] == "now":
        return None
    try:
        when = datetime.fromisoformat(str(options["since"]))
    except ValueError:
        message = "the option since is neither `now` nor a date such as 2026-01-31"
        raise StoreError("invalid_request", message) from None
    return max(0, int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()))
