"""Keeps secrets out of every line of output, whoever wrote them there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from ..stores.model import Secret

MASK = "<masked>"
_SHORTEST = 4
"""Shorter values are not looked for: they would mask ordinary words and protect nothing."""


class Redactor:
    """Replaces secrets by `<masked>`, also in the forms that JSON and addresses give them.

    A pattern of the secrets' first two characters finds the places to look at; what begins there
    is looked up by its first four. So the cost hardly depends on how many secrets there are.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._known: set[Secret] = set()
        self._by_start: dict[str, tuple[str, ...]] = {}
        self._begins: re.Pattern[str] | None = None
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
        self._begins = _pattern(self._by_start) if self._by_start else None

    def __call__(self, text: str) -> str:
        """Return the text with every secret masked."""
        if self._begins is None:
            return text
        done: list[str] = []
        copied = place = 0
        while match := self._begins.search(text, place):
            place = match.start()
            candidates = self._by_start.get(text[place : place + _SHORTEST], ())
            found = next((value for value in candidates if text.startswith(value, place)), None)
            if found is None:
                place += 1
                continue
            done += (text[copied:place], MASK)
            place += len(found)
            copied = place
        done.append(text[copied:])
        return "".join(done)


def _pattern(starts: Iterable[str]) -> re.Pattern[str]:
    seconds: dict[str, set[str]] = {}
    for start in starts:
        seconds.setdefault(start[0], set()).add(start[1])
    return re.compile(
        "|".join(
            f"{re.escape(first)}[{''.join(map(re.escape, sorted(following)))}]"
            for first, following in sorted(seconds.items())
        )
    )


def _forms(value: str) -> set[str]:
    lines = {line.strip() for line in value.splitlines()}
    forms = {value, value.strip(), json.dumps(value)[1:-1], quote(value, safe=""), *lines}
    forms |= {quote(value), quote_plus(value), repr(value)[1:-1]}
    return {form for form in forms if len(form) >= _SHORTEST}
