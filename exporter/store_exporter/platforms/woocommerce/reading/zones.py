"""Whether a shipping zone covers a place, by `WC_Shipping_Zone_Data_Store`'s rules. No I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

_NUMBER = re.compile(r"[0-9]{1,20}")
_RANGE = "..."


class ZonePlace(NamedTuple):
    """A place of a zone.

    Attributes:
        kind: country, state, continent or postcode.
        code: such as GB, US:CA, EU or SW1*.
    """

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
    return not codes or (postcode is not None and any(_matches(code, postcode) for code in codes))


def _matches(pattern: str, postcode: str) -> bool:
    """Whether a postcode matches: literally, by a prefix with *, or in a range with three dots."""
    wanted = _normalized(postcode)
    if _RANGE in pattern:
        low, _, high = (_normalized(part) for part in pattern.partition(_RANGE))
        if all(map(_NUMBER.fullmatch, (low, wanted, high))):
            return int(low) <= int(wanted) <= int(high)
        return low <= wanted <= high
    beginning, star, rest = _normalized(pattern).partition("*")
    return wanted.startswith(beginning) if star and not rest else wanted == beginning + star + rest


def _normalized(postcode: str) -> str:
    return re.sub(r"[\s-]", "", postcode).upper()
