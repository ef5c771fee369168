"""Reading the options of probes and collectors. No I/O."""

from __future__ import annotations

from ...contract import Context
from ...errors import StoreError


def number(context: Context, name: str) -> float:
    """Read an option that is a number from zero on.

    Raises:
        StoreError: invalid_request, it is not.
    """
    value = context.options[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise StoreError("invalid_request", f"the option {name} must be a number, not negative")
    return float(value)


def whole_number(context: Context, name: str, low: int, high: int) -> int:
    """Read an option that is a number in a range.

    Raises:
        StoreError: invalid_request, it is not.
    """
    value = number(context, name)
    if not low <= value <= high:
        message = f"the option {name} must be a number from {low} to {high}"
        raise StoreError("invalid_request", message)
    return int(value)
