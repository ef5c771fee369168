"""GraphQL of any platform: documents from files, and connections read page by page.

Connections have Relay's form: `nodes`, and a `pageInfo` with a cursor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from importlib.resources import files
from itertools import takewhile
from typing import Any, NamedTuple

from ....errors import StoreError
from ....net.plans import Plan
from ..reading.fields import Fields

PAGE = 100
MAX_PAGES = 50
_DEFINITION = re.compile(r"^(query|mutation|fragment) (\w+)", re.MULTILINE)
_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")


class QueryFile:
    """The queries and mutations of one API, from a file in a package."""

    def __init__(self, package: str, name: str) -> None:
        self._package = package
        self._name = name
        self._documents: dict[str, str] = {}

    @cached_property
    def definitions(self) -> dict[str, str]:
        """The text of every operation and fragment by its name."""
        text = files(self._package).joinpath(self._name).read_text(encoding="utf-8")
        starts = list(_DEFINITION.finditer(text))
        ends = [match.start() for match in starts[1:]] + [len(text)]
        return {
            match.group(2): text[match.start() : end].strip()
            for match, end in zip(starts, ends, strict=True)
        }

    def document(self, name: str) -> str:
        """Return one operation with the fragments that it needs, ready to send.

        Raises:
            KeyError: the file has no such operation.
        """
        if name not in self._documents:
            needed = dict.fromkeys([name, *self._needed_by(name)])
            self._documents[name] = "\n\n".join(self.definitions[each] for each in needed)
        return self._documents[name]

    def _needed_by(self, name: str) -> list[str]:
        """Return the fragments that a definition uses, also through its fragments."""
        found: list[str] = []
        for fragment in _SPREAD.findall(self.definitions[name]):
            found += [fragment, *self._needed_by(fragment)]
        return found

    def body(self, name: str, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the JSON of a request for a document; variables that are None are left out."""
        present = {key: value for key, value in (variables or {}).items() if value is not None}
        return {"query": self.document(name), "operationName": name, "variables": present}


class NodePage(NamedTuple):
    """One page of a connection.

    Attributes:
        items: its nodes.
        after: cursor at which the next page begins; None for the last page, and if `is_cut`.
        connection: the connection as received.
        is_cut: whether there is a next page but no cursor to it.
    """

    items: list[Any]
    after: str | None
    connection: Fields
    is_cut: bool = False

    def checked(self) -> NodePage:
        """Return the page if it is the last one or has a cursor to the next.

        Raises:
            StoreError: invalid_response.
        """
        if self.is_cut:
            raise self.connection.invalid("there is a next page, but no cursor to it")
        return self


class Nodes(NamedTuple):
    """The nodes read from a connection, whether these are all, and the last page read."""

    items: list[Any]
    complete: bool
    page: Fields


def page(connection: Fields, previous: str | None) -> NodePage:
    """Read one page of a connection that begins at a cursor; `previous` is None for the first.

    Raises:
        StoreError: invalid_response, it is not a page, or its cursor does not advance.
    """
    items, info = connection.listed("nodes"), connection.child("pageInfo")
    more = info.flag("hasNextPage")
    after = info.opaque("endCursor") if more and info.has("endCursor") else None
    if after is not None and after == previous:
        raise connection.invalid("the cursor does not move")
    return NodePage(items, after, connection, more and after is None)


def check_whole(connection: Fields) -> None:
    """Refuse a connection inside another result if it has more nodes than it shows.

    Raises:
        StoreError: response_too_large; invalid_response, it does not say whether it has more.
    """
    if connection.child("pageInfo").flag("hasNextPage"):
        shown = len(connection.listed("nodes"))
        message = f"{connection.where}: there are more than {shown}"
        raise StoreError("response_too_large", message)


AskPage = Callable[[int, str | None], Plan[NodePage]]
"""Requests a page, given the most nodes and the cursor at which it begins."""


def nodes(
    ask: AskPage,
    limit: int,
    matches: Callable[[Any], bool] | None = None,
    until: Callable[[Any], bool] | None = None,
    after: str | None = None,
) -> Plan[Nodes]:
    """Read so many nodes of a connection, in as many pages as it takes but at most fifty.

    A node that comes again on a later page is left out there.

    Args:
        ask: requests a page.
        limit: the most nodes.
        matches: whether a node is one of those requested; None if the search is exact. Others are
            left out, and full pages are read until there are enough.
        until: whether a node of a sorted list is beyond those requested, so that the list ends
            before it.
        after: the cursor at which to begin; None for the first node.

    Raises:
        StoreError: also invalid_response, a cursor leads back to an earlier page.
    """
    found: list[Any] = []
    seen: set[str] = set()
    known: set[str] = set()
    for _ in range(MAX_PAGES):
        is_full = matches is not None and after is not None
        read = yield from ask(PAGE if is_full else min(PAGE, limit - len(found)), after)
        items = read.items if until is None else list(takewhile(lambda n: not until(n), read.items))
        ended = len(items) < len(read.items)
        new = _new(items, known)
        found += filter(matches, new) if matches else new
        if ended or len(found) >= limit:
            break
        after = read.checked().after
        if after is None:
            break
        _not_again(after, seen, read.connection.where)
    complete = (ended or (read.after is None and not read.is_cut)) and len(found) <= limit
    return Nodes(found[:limit], complete, read.connection)


def all_nodes(
    ask: Callable[[int, str | None], Plan[NodePage]], what: str, limit: int
) -> Plan[list[Any]]:
    """Read a whole connection, which messages call `what`; each node once, as in `nodes`.

    Raises:
        StoreError: also response_too_large, it has more nodes than the limit.
    """
    found: list[Any] = []
    after: str | None = None
    seen: set[str] = set()
    known: set[str] = set()
    while True:
        read = yield from ask(min(PAGE, limit + 1 - len(found)), after)
        found += _new(read.items, known)
        if len(found) > limit:
            raise StoreError("response_too_large", f"{what}: there are more than {limit}")
        after = read.checked().after
        if after is None:
            return found
        if not read.items:
            raise StoreError("invalid_response", f"{what}: an empty page is not the last")
        _not_again(after, seen, what)


def _new(items: Iterable[Any], known: set[str]) -> Iterator[Any]:
    """Yield the nodes that no earlier page had, and remember their ids.

    What is changed while a list is read may move from a page to a later one.
    """
    for node in items:
        number = node.get("id") if isinstance(node, Mapping) else None
        if not isinstance(number, str):
            yield node
        elif number not in known:
            known.add(number)
            yield node


def _not_again(cursor: str, seen: set[str], what: str) -> None:
    """Refuse a cursor that occurred before, because the same pages would follow again."""
    if cursor in seen:
        raise StoreError("invalid_response", f"{what}: the cursor goes back to an earlier page")
    seen.add(cursor)
