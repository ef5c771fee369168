"""Members that are requested at random, which no cache foresees. No I/O.

A cache that goes by the path alone, and does not identify itself, returns the response to another
request. Where a store returns the members that a request names, such a response has as many others.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ....contract import Response
from ....errors import StoreError

_RANDOM = secrets.SystemRandom()


class MemberRequest(NamedTuple):
    """A request with members chosen at random.

    Attributes:
        params: the query with them.
        spare: from which they were chosen.
        chosen: those that are requested, half of them.
    """

    params: Mapping[str, Any] | None
    spare: frozenset[str] = frozenset()
    chosen: frozenset[str] = frozenset()

    def check(self, items: Sequence[Any], response: Response) -> None:
        """Refuse items that were made for another request.

        A store that ignores which members are requested returns all of them, or those that it has.
        This proves nothing.

        Raises:
            StoreError: invalid_response, all items have as many of the members, and other ones.
        """
        shown = [self.spare.intersection(_names(item)) for item in items]
        if shown and all(len(one) == len(self.chosen) and one != self.chosen for one in shown):
            message = (
                f"the response has {min(shown[0] - self.chosen)}, which was not requested: it came "
                "out of a cache that does not say so and goes by the path alone; exclude the "
                "store's API from caching"
            )
            raise StoreError("invalid_response", message, status=response.status)


def request_members(
    params: Mapping[str, Any] | None, parameter: str, spare: Sequence[str]
) -> MemberRequest:
    """Request half of the spare members, chosen at random, besides those that are wanted.

    Args:
        params: the query.
        parameter: names the wanted members in it, separated by commas; without it the response has
            all members, and no further ones are requested.
        spare: members that each item has.
    """
    if not params or parameter not in params:
        return MemberRequest(params)
    wanted = params[parameter].split(",")
    others = [name for name in spare if name not in wanted]
    chosen = _RANDOM.sample(others, len(others) // 2)
    query = {**params, parameter: ",".join(wanted + chosen)}
    return MemberRequest(query, frozenset(others), frozenset(chosen))


def _names(item: Any) -> Mapping[str, Any]:
    return item if isinstance(item, dict) else {}
