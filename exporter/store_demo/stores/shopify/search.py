"""The part of Shopify's search syntax that the queries use: terms joined by AND, `-` for not."""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache

_TERM = re.compile(
    r"""(?P<not>-?)(?P<key>[\w.]+):(?P<operator><=|>=|<|>)?"""
    r"""(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|'(?P<date>[^']*)'|(?P<word>[^\s]+))"""
)
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": operators.eq,
    "<": operators.lt,
    ">": operators.gt,
    "<=": operators.le,
    ">=": operators.ge,
}


class Part(str):
    """A text of which a search finds any part, as Shopify's finds SKUs."""

    __slots__ = ()


Value = str | float | bool
Fields = Mapping[str, Value]


def matcher(query: str | None) -> Callable[[Fields], bool]:
    """Return whether something with given fields matches a search.

    Raises:
        KeyError: at the first look, for a key that the thing does not have.
    """
    terms = [match.groupdict() for match in _TERM.finditer(query or "")]

    def matches(fields: Fields) -> bool:
        return all(_matches(term, fields) for term in terms)

    return matches


def _matches(term: Mapping[str, str | None], fields: Fields) -> bool:
    value = fields[str(term["key"])]
    given = term["phrase"]
    if given is not None:
        wanted = [given.replace('\\"', '"').replace("\\\\", "\\")]
    elif term["date"] is not None:
        wanted = [term["date"]]
    else:
        wanted = str(term["word"]).split(",")
    found = any(_compare(value, term["operator"] or "=", one) for one in wanted)
    return found != (term["not"] == "-")


def _compare(value: Value, operator: str, wanted: str) -> bool:
    if isinstance(value, Part):
        return wanted.casefold() in value.casefold()
    if isinstance(value, str):
        return value.casefold() == wanted.casefold()
    if isinstance(value, bool):
        return value == (wanted == "true")
    return _COMPARISONS[operator](value, _number(wanted))


# Each thing of a shop is compared with it.
@lru_cache(maxsize=100)
def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()
