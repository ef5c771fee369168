"""A REST API of resources, and of lists in numbered pages. It makes plans of requests.

A platform says what its responses mean and how its lists are requested.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

from ....contract import Response
from ....errors import StoreError
from ....net.plans import Plan, Request
from ....spec.results import Listing
from .. import connection
from ..reading.fields import Fields
from ..reading.lists import Rows, partly_read, unexpected_items
from ..reading.numbered_pages import NumberedPages, read_one
from ..reading.values import as_list
from .random_members import MemberRequest, request_members
from .responses import RestPage, RestReader, server_time, stated_number
from .wrapping import BARE, Wrapping

T = TypeVar("T")


class Api(connection.Api):
    """The store's API for the time of one operation or run."""

    page_size: ClassVar[int]
    """The most items that the store puts on a page."""
    most_pages: ClassVar[int]
    """The most pages that one operation reads, whatever number the store reports."""
    in_full: ClassVar[Mapping[str, str]]
    """Parameters that request a complete list of amounts, in an order with new items last."""
    size_name: ClassVar[str] = "per_page"
    """Parameter for the size of a page."""
    page_name: ClassVar[str] = "page"
    """Parameter of its number, from 1."""
    ids_name: ClassVar[str] = "include"
    """Parameter of the ids of the requested items, with commas between them."""
    total_header: ClassVar[str] = ""
    """Header that says how many items a list has."""
    pages_header: ClassVar[str] = ""
    """Header that says how many pages it has."""
    wrappings: ClassVar[Mapping[str, Wrapping]] = {}
    """Where the content is in JSON that wraps it, by the beginnings of paths."""
    in_envelope: ClassVar[Mapping[str, str]] = {}
    """Parameters that request the headers of a response within its JSON; see `wrapping`."""
    members_name: ClassVar[str] = ""
    """Parameter of the requested members of a resource, with commas between them."""
    spare_members: ClassVar[Mapping[str, Sequence[str]]] = {}
    """Short members of all resources at a path or in a list there; see `random_members`."""
    public_paths: ClassVar[Collection[str]] = ()
    """Paths of content that is the same for everybody for a while, so that a cache may serve it."""
    reader: ClassVar[RestReader]
    """Reads the responses."""

    def send(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Plan[Response]:
        """Send a request and return the response, whatever it is.

        The path is as `address` takes it. None and empty values of the query are left out. Only GET
        and PUT may be repeated.

        Raises:
            StoreError: whatever a request may raise.
        """
        query = {k: str(v) for k, v in (params or {}).items() if v is not None and v != ""}
        again, url = method in ("GET", "PUT"), self.address(path)
        request = Request(method, url, query, headers or {}, json=json, idempotent=again)
        response = yield from self.deliver(path, request)
        self.store_now.note(server_time(response))
        return response

    def address(self, path: str) -> str:
        """Return the address of a path, which is below the store's."""
        return self.url + path

    def deliver(self, path: str, request: Request) -> Plan[Response]:
        """Send the request for a path; a platform may have to do more for it."""
        del path
        return self.exchange(request)

    def read(self, path: str, response: Response) -> Any:
        """Return the JSON of a successful response.

        Raises:
            StoreError: as the response says.
        """
        del path
        return self.reader.read(response)

    def content(self, path: str, response: Response) -> Any:
        """Return the resource in a successful response, unwrapped.

        Raises:
            StoreError: as the response says; invalid_response, the wrapping is missing.
        """
        body = self.read(path, response)
        return self.wrapping(path, body).resource_in(body, path)

    def complete(self, path: str, items: Sequence[Any]) -> Plan[None]:
        """Fill in what resources lack and other requests show; a platform may have to do that."""
        del path, items
        yield from ()

    def wrapping(self, path: str, body: Any) -> Wrapping:
        """Return how the store wrapped the content at a path in this JSON."""
        del body
        return next((w for begin, w in self.wrappings.items() if path.startswith(begin)), BARE)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Plan[Any]:
        """GET one resource and return its JSON."""
        body, _ = yield from self.ask(path, params)
        return body

    def ask(self, path: str, params: Mapping[str, Any] | None = None) -> Plan[tuple[Any, Response]]:
        """GET one resource; return its JSON and the response that it came in."""
        members = self._with_spare(path, params)
        response = yield from self.send("GET", path, members.params)
        body = self.content(path, response)
        self._refuse_foreign(path, members.foreign([body]), response)
        yield from self.complete(path, [body])
        return body, response

    def _with_spare(self, path: str, params: Mapping[str, Any] | None) -> MemberRequest:
        spare = self.spare_members.get(path) or self.spare_members.get(path.rpartition("/")[0], ())
        return request_members(params, self.members_name, spare)

    def _refuse_foreign(self, path: str, foreign: str | None, response: Response) -> None:
        if path not in self.public_paths:
            self.path_cache.refuse(response, foreign)

    def get_object(
        self, path: str, what: str, params: Mapping[str, Any] | None = None
    ) -> Plan[Fields]:
        """GET one resource, which `what` calls in messages."""
        return Fields((yield from self.get(path, params)), what)

    def change(self, path: str, body: Mapping[str, Any]) -> Plan[Any]:
        """PUT members of one resource and return its JSON."""
        return self._changed("PUT", path, body)

    def create(self, path: str, body: Mapping[str, Any]) -> Plan[Any]:
        """POST a new resource and return its JSON; never repeated once it may have arrived."""
        return self._changed("POST", path, body)

    def _changed(self, method: str, path: str, body: Mapping[str, Any]) -> Plan[Any]:
        changed = self.content(path, (yield from self.send(method, path, json=body)))
        yield from self.complete(path, [changed])
        return changed

    def page(self, path: str, params: Mapping[str, Any] | None = None) -> Plan[RestPage]:
        """GET one page of a list.

        Raises:
            StoreError: invalid_response, it is no list; whatever a request may raise.
        """
        members = self._with_spare(path, params)
        began = self.monotonic()
        try:
            response = yield from self.send("GET", path, members.params)
            body = self.read(path, response)
        except StoreError as error:
            size = int((params or {}).get(self.size_name, 0))
            self.page_sizes.failed(path, size, error, self.monotonic() - began)
            raise
        took = self.monotonic() - began
        wrapping = self.wrapping(path, body)
        stated = (stated_number(response, name) for name in (self.total_header, self.pages_header))
        total, pages = wrapping.size_in(body) if wrapping.items else stated
        found = wrapping.items_in(body, path)
        # PHP also writes a list without items as an object; that it has none must be stated.
        items = [] if found == {} and total == 0 else as_list(found)
        if items is None:
            raise StoreError("invalid_response", f"{path} is not a list", status=response.status)
        self._refuse_foreign(path, members.foreign(items), response)
        self.page_sizes.came(path, len(items), took)
        yield from self.complete(path, items)
        return RestPage(path.rpartition("/")[2], items, total, pages, response)

    def count(
        self,
        path: str,
        params: Mapping[str, Any],
        matches: Callable[[Fields], bool],
        unstated: int | None = None,
    ) -> Plan[int]:
        """Return how many items of a list match, by the number that the store states.

        Where a server drops the header with that number, it is requested in the JSON. If a plugin
        removed it there too, `unstated` is returned, or with None all items are read and counted.

        Raises:
            StoreError: invalid_response, the store contradicts itself or sends what was not
                requested; response_too_large, there are more items than one operation reads;
                whatever a request may raise.
        """
        query = {**params, self.size_name: 1}
        page = yield from read_one(lambda n: self.page(path, {**query, self.page_name: n}))
        if page.total is None and self.in_envelope:
            page = yield from self.page(path, {**query, **self.in_envelope})
        rows = list(page)
        if page.total is None and unstated is None:
            rows = (yield from self.rows(path, params)).whole(page.name).fields(page.name)
        if not all(map(matches, rows)):
            raise unexpected_items(path)
        if page.total is None:
            return len(rows) if unstated is None else unstated
        if bool(page.total) != bool(rows):
            message = f"{path} comes with {len(rows)} items and a total of {page.total}"
            raise StoreError("invalid_response", message)
        return page.total

    def rows(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
        until: Callable[[Any], bool] | None = None,
        is_late: Callable[[], bool] = lambda: False,
    ) -> Plan[Rows]:
        """GET a list, in as many pages as it takes, but not more than `most_pages`.

        The query has no page size and no page number. Reading ends after `limit` items, before an
        item for which `until` is true, or with the page after which `is_late` is.

        Raises:
            StoreError: invalid_response, it is no list; whatever a request may raise.
        """
        most = self.page_size * self.most_pages
        return self._pages(path, params or {}).read(most, limit, until, is_late)

    def listing(
        self,
        path: str,
        what: str,
        read: Callable[[Fields], T],
        params: Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
    ) -> Plan[Listing[T]]:
        """GET the results in a list (`what` in messages); unreadable ones are left out and counted.

        Query and limit are as in `rows`.

        Raises:
            StoreError: invalid_response, none of them can be read; whatever a request may raise.
        """
        return (yield from self.rows(path, params, limit=limit)).listing(what, read)

    def read_all(
        self, path: str, params: Mapping[str, Any], what: str, add: Callable[[Fields], None]
    ) -> Plan[int]:
        """GET all of a list of amounts, in full; see `NumberedPages.read_all`.

        The query has no page size, page number or sort order.
        """
        return self._pages(path, {**params, **self.in_full}).read_all(add, what)

    def get_by_ids(
        self, path: str, ids: set[int], params: Mapping[str, Any]
    ) -> Plan[Listing[Fields]]:
        """GET the items of a list with any number of ids, in as many requests as needed.

        Items whose id cannot be read are left out and counted.
        """
        found: list[Fields] = []
        unreadable, what = 0, path.rpartition("/")[2]
        numbers, size = sorted(ids), self.page_size
        for start in range(0, len(numbers), size):
            some = ",".join(map(str, numbers[start : start + size]))
            rows = yield from self.rows(path, {**params, self.ids_name: some}, limit=size)
            known, failures = partly_read(rows.items, what, lambda row: (row.identifier(), row))
            found += [row for number, row in known if number in ids]
            unreadable += len(failures)
        return Listing(tuple(found), unreadable=unreadable)

    def _pages(self, path: str, params: Mapping[str, Any]) -> NumberedPages:
        def ask(number: int, size: int) -> Plan[RestPage]:
            return self.page(path, {**params, self.size_name: size, self.page_name: number})

        sizes = self.page_sizes
        size = sizes.limit(path, self.page_size)
        return NumberedPages(ask, size, partial(sizes.smaller, path), self.left)
