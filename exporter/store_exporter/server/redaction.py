"""Keeps secrets out of every line of output, whoever wrote them there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from ..stores.model import Secret

MASK = "<masked>"
_SHORTEST = 4
"""Shorter values are not looked for: they would mask ordinary words and protect nothing."""


class Redactor:
    """Replaces secrets by `<masked>`, also in the forms that JSON and addresses give them.

    Looking a place up by its first characters keeps the cost independent of how many secrets
    there are.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._known: set[Secret] = set()
        self._by_start: dict[str, tuple[str, ...]] = {}
        self.add(secrets)

    def add(self, secrets: Iterable[Secret]) -> None:
        """Look for these as well. None is ever forgotten: old ones may linger in a late line."""
        new = set(secrets) - self._known
        self._known |= new
        for value in {form for secret in new for form in _forms(secret.reveal())}:
            start = value[:_SHORTEST]
            values = {*self._by_start.get(start, ()), value}
            # Longest first, so that a secret which begins with another is masked whole.
            self._by_start[start] = tuple(sorted(values, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Return the text with every secret masked."""
        by_start = self._by_start
        if not by_start:
            return text
        done: list[str] = []
        copied = place = 0
        while place <= len(text) - _SHORTEST:
            candidates = by_start.get(text[place : place + _SHORTEST], ())
            found = next((value for value in candidates if text.startswith(value, place)), None)
            if found is None:
                place += 1
                continue
            done += (text[copied:place], MASK)
            place += len(found)
            copied = place
        done.append(text[copied:])
        return "".join(done)


def _forms(value: str) -> set[str]:
    lines = {line.strip() for line in value.splitlines()}
    forms = {value, value.strip(), json.dumps(value)[1:-1], quote(value, safe=""), *lines}
    forms |= {quote(value), quote_plus(value), repr(value)[1:-1]}
    return {form for form in forms if len(form) >= _SHORTEST}
