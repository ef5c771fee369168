"""Keeping a store's credentials out of messages that others wrote, such as exceptions."""

from __future__ import annotations

import re
from base64 import b64encode
from itertools import permutations
from urllib.parse import quote

from ..stores.model import Secret, Store

MASK = "<masked>"
_SHORTEST = 4
_PATTERNS = re.compile(
    r"\b(?:ck|cs|shp[a-z]{2})_[0-9A-Za-z]+"
    r"|\boauth_\w+=[^&\s\"']+"
    r"|\b(?:Basic|Bearer)\s+[A-Za-z0-9+/=._~-]+"
)


def masked(text: str, store: Store, limit: int = 300) -> str:
    """Return a text on one line, cut to a limit, without anything that proves who asks."""
    if not text:
        return text
    line = " ".join(masked_lines(text, store).split())
    return line if len(line) <= limit else line[:limit] + "…"


def masked_lines(text: str, store: Store) -> str:
    """Return a text of any length without the store's secrets and what looks like one."""
    values = [v.reveal() for v in store.credentials.values() if isinstance(v, Secret)]
    plain = [v.reveal() if isinstance(v, Secret) else v for v in store.credentials.values()]
    # Basic authentication hides them from a plain search.
    pairs = [b64encode(f"{a}:{b}".encode()).decode() for a, b in permutations(plain[:4], 2)]
    for value in sorted({*values, *map(quote, values), *pairs}, key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = text.replace(value, MASK)
    return _PATTERNS.sub(MASK, text)
