"""Likely mistakes in the labels of an operation: logged once, and recorded unchanged."""

from __future__ import annotations

import logging
import re
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from .guard import OTHER, Labels
from .signals import comes_from_outside

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_GROUP = "store_exporter.platforms"
_MOST = 100
_logger = logging.getLogger("store_exporter")
_logged: set[tuple[str, str]] = set()


def look_at(labels: Labels) -> None:
    """Log what is probably a mistake in a new label set. Never raises.

    Values are not logged, because an address may contain a password.
    """
    _, domain, platform, operation = labels
    # A log handler may raise.
    try:
        if not _HOST.fullmatch(domain):
            advice = "is no host name in lower case, such as shop.example.com"
            _warn(operation, "domain", domain, advice)
        if platform != OTHER and platform not in _built_in():
            known = _known()
            close = get_close_matches(platform.lower(), known - {platform}, n=1, cutoff=0.8)
            if close and platform not in known:
                _warn(operation, "platform", platform, f"is unknown; did you mean {close[0]}?")
    except Exception as error:
        if comes_from_outside(error):
            raise


def _warn(operation: str, label: str, value: str, advice: str) -> None:
    if (label, value) not in _logged and len(_logged) < _MOST:
        _logged.add((label, value))
        _logger.warning("the %s that %s is recorded under %s", label, operation, advice)


@cache
def _known() -> frozenset[str]:
    """Return the names of all platforms, built-in and installed.

    Cached: listing the installed ones takes milliseconds, and every new label set needs them.
    """
    # Imported here: it takes as long as all the rest of this project.
    from importlib.metadata import entry_points

    return _built_in() | {entry.name for entry in entry_points(group=_GROUP)}


@cache
def _built_in() -> frozenset[str]:
    """Return the names of the platforms of this distribution, without importing any."""
    folders = (Path(__file__).parents[1] / "platforms").glob("*/platform.py")
    return frozenset(folder.parent.name for folder in folders)
