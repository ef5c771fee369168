"""API versions: those that this package supports, and when Shopify ends them. No I/O.

Shopify releases a version on the first day of a quarter and supports it for at least a year.
Requests for a version that has ended are served by the oldest one that is still supported. Source:
Shopify's page on API versioning, and the schemas of the versions in the npm package
`@shopify/dev-mcp`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

DEFAULT = "2026-10"
SUPPORTED = ("2026-07", "2026-10")
"""The supported versions; the tests validate every query against their schemas. Earlier versions
cannot show what a discount on the whole cart takes off each line."""

UNSTABLE = "unstable"
"""Shopify's name for the version of future features."""
_VERSION = re.compile(r"(20\d\d)-(01|04|07|10)")


def check(value: str) -> str | None:
    """Say what is wrong with a version in the configuration, None if nothing is."""
    if not is_version(value):
        return f"is not a version such as {DEFAULT}"
    if value not in SUPPORTED:
        return f"is not one of the versions spoken here: {', '.join(SUPPORTED)}"
    return None


def is_version(value: str) -> bool:
    """Whether a string is the name of a version."""
    return _VERSION.fullmatch(value) is not None


def ends(version: str) -> float:
    """Return the Unix time from which Shopify may end a version, or raise ValueError for none."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(f"{version!r} is not a version such as {DEFAULT}")
    return datetime(int(match[1]) + 1, int(match[2]), 1, tzinfo=UTC).timestamp()


def days_left(version: str, now: float) -> float:
    """Return for how many more days a version is supported at a Unix time."""
    return (ends(version) - now) / 86_400
