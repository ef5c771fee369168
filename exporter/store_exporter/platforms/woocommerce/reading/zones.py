"""Whether a shipping zone covers a place, by `WC_Shipping_Zone_Data_Store`'s rules. No I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

_NUMBER = re.compile(r"[0-9]{1,20}")
_RANGE = "..."
_SIGNS = {
    **dict.fromkeys(("CZ", "SE", "SK"), (-2, " ")),
    **dict.fromkeys(("CA", "GB"), (-3, " ")),
    **dict.fromkeys(("BR", "PL"), (-3, "-")),
    **dict.fromkeys(("MN", "PR", "US"), (5, "-")),
    "IE": (3, " "),
    "JP": (3, "-"),
    "NL": (4, " "),
    "PT": (4, "-"),
}
"""The sign within the postcodes of a country and its place, from the end if that is negative."""
_PREFIXED = ("CZ", "DK", "LV", "SK")
"""Countries whose postcodes may begin with the country's code."""


class ZonePlace(NamedTuple):
    """A country, state, continent or postcode of a zone, such as GB, US:CA, EU or SW1*."""

    kind: str
    code: str


def zone_covers(
    places: Iterable[ZonePlace], country: str, continents: Collection[str], postcode: str | None
) -> bool:
    """Whether a zone covers a postcode of a country.

    A zone without regions covers all regions, and one without postcodes covers all postcodes. A
    zone that has only postcodes covers them in every country. Without a postcode, no zone with
    postcodes covers it. The country is a code of two letters, and so are the continents that it is
    in.
    """
    places = list(places)
    codes = [place.code for place in places if place.kind == "postcode"]
    regions = [place for place in places if place.kind != "postcode"]
    in_region = any(
        place == ("country", country) or (place.kind == "continent" and place.code in continents)
        for place in regions
    )
    if regions and not in_region:
        return False
    if not codes or postcode is None:
        return not codes
    wanted = _normalized(postcode)
    written = _written(wanted, country)
    return any(_matches(code.strip(), wanted, written) for code in codes)


def _matches(pattern: str, wanted: str, written: str) -> bool:
    """Whether a postcode matches: literally, by a prefix with *, or in a range with three dots.

    It is compared as the country writes it: `SE1 *` is not in SE10.
    """
    if _RANGE in pattern:
        low, _, high = (_normalized(part) for part in pattern.partition(_RANGE))
        if all(map(_NUMBER.fullmatch, (low, wanted, high))):
            return int(low) <= int(wanted) <= int(high)
        return low <= wanted <= high
    beginning, star, rest = pattern.partition("*")
    if star and not rest:
        return written.startswith(beginning)
    return pattern in (wanted, written)


def _normalized(postcode: str) -> str:
    return re.sub(r"[\s-]", "", postcode).upper()


def _written(postcode: str, country: str) -> str:
    """Return a postcode without signs as its country writes it, by WooCommerce's rules."""
    if country in _PREFIXED and postcode.startswith(country):
        postcode = f"{country}-{postcode[len(country) :]}"
    elif country == "LV":
        postcode = f"LV-{postcode}"
    place, sign = _SIGNS.get(country, (0, ""))
    return f"{postcode[:place]}{sign}{postcode[place:]}".strip().rstrip("-")
