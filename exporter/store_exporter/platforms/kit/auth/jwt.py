"""The claims of a JSON web token, not verified: its issuer verifies it."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any


def claims(token: str) -> dict[str, Any]:
    """Return the claims of a token; empty if it cannot be read."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 4096:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def expiry(token: str) -> datetime | None:
    """Return the Unix time at which a token expires; None without that claim."""
    seconds = claims(token).get("exp")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds < 2**40:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
