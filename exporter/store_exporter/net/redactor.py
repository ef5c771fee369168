"""The one place that keeps secrets out of what is printed: logs, pages, errors and dumps.

It knows a secret by its value, in every form that others may have written it in, and by its look:
each platform declares what its credentials look like in its `Marks`. What steers a terminal or
turns the direction of writing is escaped, so that no response of a store can forge a line.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote, quote_plus

from ..stores.model import Secret

MASK = "<masked>"
_SHORTEST = 4
"""Shorter values are not looked for: they would mask ordinary words and protect nothing."""
_PARTIAL = 8
"""Characters from which on a secret that was cut off is still worth hiding."""
_CUT = ("…", "...")
_URL_SAFE = str.maketrans("+/", "-_")
"""From base64's alphabet to the one for addresses (RFC 4648)."""

AUTHORIZATION = (
    r"\b(?:Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{6,}",
    r"\boauth_\w+(?:=|%3[Dd])[^&\s\"'<>]+",
    r"(?<=://)[^/\s:@\"'<>]{1,200}:[^/\s@\"'<>]{1,200}@",
)
"""What proves who sends requests, on any platform: headers (RFC 7617, RFC 6750), OAuth's parameters
(RFC 5849) and addresses with a password in them."""

# Control characters but tab and line feed, other ends of lines, what turns the direction of writing
# (Unicode's UAX 9), and halves of surrogate pairs, which JSON can hold and UTF-8 cannot, so that a
# page with one of them could not be sent.
_STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    r"\ud800-\udfff\ufeff]"
)


def legible(text: str) -> str:
    """Return a string on one line, without control characters and changes of direction."""
    return " ".join(_STEERING.sub(" ", text).split())


class Redactor:
    """Masks secrets in text.

    A pattern of the secrets' first two characters finds the places to look at; what begins there
    is looked up by its first four. So the cost hardly depends on how many secrets there are.

    Args:
        secrets: the values to hide.
        patterns: regular expressions of what is hidden whosever it is, besides `AUTHORIZATION`.
    """

    def __init__(self, secrets: Iterable[Secret] = (), patterns: Iterable[str] = ()) -> None:
        self._known: set[Secret] = set()
        self._by_start: dict[str, tuple[str, ...]] = {}
        self._begins: re.Pattern[str] | None = None
        self._looks = dict.fromkeys(AUTHORIZATION)
        self.add(secrets, patterns)

    def add(self, secrets: Iterable[Secret] = (), patterns: Iterable[str] = ()) -> None:
        """Hide these as well. None is ever forgotten: old ones may linger in a late line."""
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
        """Return a string of any length, its lines kept, without secrets and control characters."""
        return _STEERING.sub(_escaped, self.mask(text))

    def mask(self, text: str) -> str:
        """Return a string without secrets, for a format that escapes by itself, as JSON does."""
        return self._pattern.sub(MASK, self._values(text))

    def line(self, text: str, limit: int = 300) -> str:
        """Return a string on one line of at most `limit` characters and an ellipsis.

        What is far beyond the limit is not even searched.
        """
        # Masked before it is cut, or the beginning of a secret would stay.
        line = self(" ".join(text[: 8 * limit + 4096].split()))
        return line if len(line) <= limit else line[:limit] + "…"

    def _values(self, text: str) -> str:
        """Mask the known values."""
        if self._begins is None:
            return text
        done: list[str] = []
        copied = place = 0
        while match := self._begins.search(text, place):
            place = match.start()
            length = self._length(text, place)
            if not length:
                place += 1
                continue
            done += (text[copied:place], MASK)
            place += length
            copied = place
        done.append(text[copied:])
        return "".join(done)

    def _length(self, text: str, place: int) -> int:
        """Return how much of the text is a secret, from a place on; 0 if nothing is."""
        candidates = self._by_start.get(text[place : place + _SHORTEST], ())
        for value in candidates:
            if text.startswith(value, place):
                return len(value)
        return max((_cut_off(value, text, place) for value in candidates), default=0)


def _cut_off(value: str, text: str, place: int) -> int:
    """Return how many characters of a secret stand there, if it was cut off; 0 if too few.

    It counts where the text ends or says by an ellipsis that something is missing, and anywhere
    when it is most of the secret.
    """
    length = _PARTIAL
    if not text.startswith(value[:length], place):
        return 0
    while length < len(value) and text.startswith(value[length], place + length):
        length += 1
    end = place + length
    ended = end == len(text) or text.startswith(_CUT, end)
    return length if ended or length * 4 >= len(value) * 3 else 0


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
    """Return how a value may be written: plainly, by its lines, and as others quote it."""
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
    """Yield what a value looks like in base64 of more than itself, such as a name and a password.

    Three bytes are four characters, so there are three ways, whatever stands before and after; the
    characters at both ends that depend on that are left out.
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
