"""The one place that keeps secrets out of all output: logs, pages, errors and dumps.

It recognises a secret by its value, in every form in which others may have written it, and by its
pattern: each platform declares the patterns of its credentials in its `Marks`. Characters that
control a terminal or change the direction of writing are escaped, so no response of a store can
forge a line.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape
from urllib.parse import quote, quote_plus

from ..legible import STEERING
from ..stores.model import Secret

MASK = "<masked>"
_SHORTEST = 4
"""Shorter values are not searched for: they would mask ordinary words and protect nothing."""
_PARTIAL = 8
"""The fewest characters of a cut-off secret that are worth hiding."""
_GUESSABLE = 16
"""A shorter value, which somebody might guess, is not masked in what that somebody sends."""
_CUT = ("…", "...")
_SUMMARY = 100
"""Characters of a text whose result is remembered."""
_URL_SAFE = str.maketrans("+/", "-_")
"""Translates base64's alphabet to the one for addresses (RFC 4648)."""

AUTHORIZATION = (
    r"\b(?:Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{6,}",
    r"\boauth_\w+(?:=|%3[Dd])[^&\s\"'<>]+",
    r"(?<=://)[^/\s:@\"'<>]{1,200}:[^/\s@\"'<>]{1,200}@",
)
"""Patterns of credentials on any platform: headers (RFC 7617, RFC 6750), OAuth's parameters (RFC
5849) and addresses with a password."""


class Redactor:
    """Masks secrets in text.

    A pattern of the secrets' first two characters finds candidate places; the text there is looked
    up by its first four characters. So the cost hardly depends on the number of secrets.

    Args:
        secrets: the values to hide.
        patterns: regular expressions of texts that are always hidden, besides `AUTHORIZATION`.
    """

    def __init__(self, secrets: Iterable[Secret] = (), patterns: Iterable[str] = ()) -> None:
        self._known: set[Secret] = set()
        self._by_start: dict[str, tuple[str, ...]] = {}
        self._begins: re.Pattern[str] | None = None
        self._looks = dict.fromkeys(AUTHORIZATION)
        self.add(secrets, patterns)

    def add(self, secrets: Iterable[Secret] = (), patterns: Iterable[str] = ()) -> None:
        """Hide these as well. Secrets are never removed: a late line may contain an old one."""
        self._looks |= dict.fromkeys(patterns)
        self._pattern = re.compile("|".join(self._looks))
        new = set(secrets) - self._known
        self._known |= new
        added: dict[str, set[str]] = {}
        for value in {form for secret in new for form in _forms(secret.reveal())}:
            added.setdefault(value[:_SHORTEST], set()).add(value)
        for start, values in added.items():
            values.update(self._by_start.get(start, ()))
            # Longest first, so that a secret which begins with another is masked whole.
            self._by_start[start] = tuple(sorted(values, key=len, reverse=True))
        if added:
            self._begins = _beginnings(self._by_start)

    def __call__(self, text: str) -> str:
        """Return a string of any length without secrets and control characters; lines are kept."""
        return STEERING.sub(_escaped, self.mask(text))

    def mask(self, text: str) -> str:
        """Return a string without secrets, for a format with its own escapes, such as JSON."""
        return self._patterns(self._values(text))

    def _patterns(self, text: str) -> str:
        if len(text) <= _SUMMARY:
            return _masked(self._pattern, text)
        return self._pattern.sub(MASK, text)

    def of_tenant(self, text: str) -> str:
        """Return what a tenant sent, as it is shown to the tenant: like a call, but masks less.

        Masked text tells its sender that it is a secret, maybe another tenant's. So beginnings of
        secrets and short secrets stay, which can be guessed one after the other.
        """
        return STEERING.sub(_escaped, self._patterns(self._values(text, guessable=False)))

    def line(self, text: str, limit: int = 300) -> str:
        """Return a string on one line of at most `limit` characters and an ellipsis.

        Text far beyond the limit is not searched.
        """
        # It is masked before it is cut; otherwise the beginning of a secret would remain.
        line = self(" ".join(text[: 8 * limit + 4096].split()))
        return line if len(line) <= limit else line[:limit] + "…"

    def _values(self, text: str, *, guessable: bool = True) -> str:
        """Mask the known values; also short ones and beginnings, if they are `guessable`."""
        if self._begins is None:
            return text
        done: list[str] = []
        copied = place = 0
        while match := self._begins.search(text, place):
            place = match.start()
            length = self._length(text, place, guessable=guessable)
            if not length:
                place += 1
                continue
            done += (text[copied:place], MASK)
            place += length
            copied = place
        done.append(text[copied:])
        return "".join(done)

    def _length(self, text: str, place: int, *, guessable: bool) -> int:
        """Return the length of the secret at a place in the text; 0 if there is none."""
        candidates = self._by_start.get(text[place : place + _SHORTEST], ())
        for value in candidates:
            if text.startswith(value, place) and (guessable or len(value) >= _GUESSABLE):
                return len(value)
        if not guessable:
            return 0
        return max((_cut_off(value, text, place) for value in candidates), default=0)


def _cut_off(value: str, text: str, place: int) -> int:
    """Return how many characters of a cut-off secret are at a place; 0 if too few.

    A cut-off secret counts at the end of the text or before an ellipsis, and anywhere if it is most
    of the secret.
    """
    length = _PARTIAL
    if not text.startswith(value[:length], place):
        return 0
    while length < len(value) and text.startswith(value[length], place + length):
        length += 1
    end = place + length
    ended = end == len(text) or text.startswith(_CUT, end)
    return length if ended or length * 4 >= len(value) * 3 else 0


@lru_cache(maxsize=256)
def _masked(pattern: re.Pattern[str], text: str) -> str:
    """Return a summary without what looks like a secret; probes report the same ones every time."""
    return pattern.sub(MASK, text)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def _beginnings(starts: Iterable[str]) -> re.Pattern[str]:
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
    """Return the forms in which a value may be written: plain, line by line, and quoted."""
    plain = {value, value.strip(), *(line.strip() for line in value.splitlines())}
    forms = {form for one in plain for form in (*_quoted(one), *_within_base64(one))}
    return {form for form in forms if len(form) >= _SHORTEST}


def _quoted(value: str) -> Iterator[str]:
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield escape(value)
    for encoded in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield encoded
        yield re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), encoded)


def _within_base64(value: str) -> Iterator[str]:
    """Yield the forms of a value inside the base64 of a longer text, such as a name and a password.

    Three bytes become four characters, so there are three forms, whatever comes before and after.
    The characters at both ends that depend on the surrounding text are left out.
    """
    data = value.encode()
    if len(data) < _PARTIAL:
        return
    for before in range(3):
        whole = b64encode(bytes(before) + data).decode()
        ends = (before + len(data)) * 4 // 3
        core = whole[(before * 4 + 2) // 3 : ends]
        yield core
        yield core.translate(_URL_SAFE)
