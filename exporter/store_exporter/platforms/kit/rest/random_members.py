"""Requests members at random, which no cache can predict. No I/O.

A cache that knows only the path, and does not identify itself, returns the response to another
request. If a store returns the members that a request names, such a response has other members.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

# Not for security: the choice only has to differ from earlier ones.
_RANDOM = Random()  # noqa: S311


class MemberRequest(NamedTuple):
    """A request with members chosen at random.

    Attributes:
        params: the query with them.
        spare: the members to choose from.
        chosen: the half of them that is requested.
    """

    params: Mapping[str, Any] | None
    spare: frozenset[str] = frozenset()
    chosen: frozenset[str] = frozenset()

    def foreign(self, items: Sequence[Any]) -> str | None:
        """Return a member that proves that items were made for another request.

        "" if they were made for this one, None if nothing shows it. A store that ignores the
        requested members returns all of them, or those that it has, which proves nothing.
        """
        shown = [{name for name in self.spare if _has(item, name)} for item in items]
        if not self.chosen or not shown or any(len(one) != len(self.chosen) for one in shown):
            return None
        if all(one != self.chosen for one in shown):
            return min(shown[0] - self.chosen)
        return "" if all(one == self.chosen for one in shown) else None


def request_members(
    params: Mapping[str, Any] | None, parameter: str, spare: Sequence[str]
) -> MemberRequest:
    """Request half of the spare members, chosen at random, besides those that are requested.

    `parameter` has the requested members, separated by commas; without it the response has all
    members, and no further ones are requested. Each item has the spare ones; one within another is
    written with a dot.
    """
    if not params or parameter not in params:
        return MemberRequest(params)
    wanted = params[parameter]
    others, all_others = _others(wanted, tuple(spare))
    chosen = _RANDOM.sample(others, len(others) // 2)
    query = {**params, parameter: ",".join([wanted, *chosen])}
    return MemberRequest(query, all_others, frozenset(chosen))


@lru_cache(maxsize=64)
def _others(wanted: str, spare: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    known = wanted.split(",")
    others = tuple(name for name in spare if name not in known)
    return others, frozenset(others)


def _has(item: Any, name: str) -> bool:
    first, _, rest = name.partition(".")
    if not isinstance(item, dict) or first not in item:
        return False
    return not rest or _has(item[first], rest)
