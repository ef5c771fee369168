"""Checks of a store's configuration, and the settings that all platforms have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ....contract import Setting

Check = Callable[[str], str | None]
"""Returns what is wrong with a value, or None."""

_AROUND = ((None, "white space"), ("\"'", "a quotation mark"))
"""Characters that are copied along with a credential, for `strip`, and their name."""


def format_check(valid: str, otherwise: str, *mistaken: tuple[str, str]) -> Check:
    """Return a check of the form of a credential, which never repeats the value.

    Args:
        valid: regular expression that a value must match as a whole.
        otherwise: what is wrong with one that does not.
        mistaken: regular expressions for the beginnings of values that are something else, each
            with its message; the first that matches counts.
    """

    def check(value: str) -> str | None:
        for marks, what in _AROUND:
            if value != value.strip(marks):
                return f"begins or ends with {what}"
        for beginning, message in mistaken:
            if re.match(beginning, value):
                return message
        return None if re.fullmatch(valid, value) else otherwise

    return check


def one_or_all(alone: str, *together: str) -> Callable[[Mapping[str, Any]], str | None]:
    """Return a check that the one credential is present, or all of the others."""

    def check(credentials: Mapping[str, Any]) -> str | None:
        present = [name for name in together if credentials.get(name) is not None]
        if credentials.get(alone) is None and len(present) < len(together):
            return f"either {' and '.join(together)} are needed, or an {alone}"
        if credentials.get(alone) is not None and present:
            return f"there is an {alone} as well as a {' or '.join(together)}"
        return None

    return check


def storefront_path(description: str) -> Setting:
    """Return the setting of the page that the probe `storefront` reads."""
    return Setting("storefront_path", description, default="/", check=_check_path)


def _check_path(value: str) -> str | None:
    if not value.startswith("/") or value.startswith("//"):
        return "is not a path on the store's own host; it must begin with a single /"
    if any(character.isspace() for character in value):
        return "has white space in it"
    return None
