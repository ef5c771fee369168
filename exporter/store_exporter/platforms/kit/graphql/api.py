"""One GraphQL API of a store as plans: sends documents from a file within a rate limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from ....errors import StoreError
from ....net.plans import Pause, Plan, Request
from ....spec.results import Listing
from .. import connection
from ..reading import lists
from ..reading.fields import Fields
from . import documents
from .bucket import Bucket, Claim, Cost, QueryCostError, ThrottledError
from .documents import NodePage, Nodes, QueryFile
from .responses import GraphqlReader, GraphqlResult

T = TypeVar("T")
_MOST_REFUSALS = 5
"""After this many consecutive refusals that do not say how many points are missing, a query is
given up."""
_LONGEST_WAIT = 5.0
"""Seconds: the wait after a refusal doubles with each further one, up to this."""
Root = str | Callable[[Fields], Fields]
"""The field of a response's data that holds a connection, or a function that returns the
connection."""


Variables = Mapping[str, Any] | Callable[[int], Mapping[str, Any]] | None
"""The variables of a document, or a function that makes them for a number of items."""


class GraphqlApi:
    """One API of a store, for one operation or run.

    Args:
        api: the platform's `Api`, which has the clock and the deadline.
        url: its address.
        documents: the queries.
        exchange: sends a request and reads the response.
        reader: of the platform's responses.
        bucket: the rate limit, with the points spent and left.
        cheapest: name of the cheapest document, which is sent to learn the state of the bucket, if
            responses show it.

    Attributes:
        kept_back: errors that only affect single places in the data of this operation or run.
    """

    def __init__(
        self,
        api: connection.Api,
        *,
        url: str,
        documents: QueryFile,
        exchange: Callable[[Request], Plan[GraphqlResult]],
        reader: GraphqlReader,
        bucket: Bucket,
        cheapest: str = "",
    ) -> None:
        self.bucket = bucket
        self.kept_back: list[StoreError] = []
        self._api = api
        self._url = url
        self._documents = documents
        self._exchange = exchange
        self._reader = reader
        self._cheapest = cheapest

    def ask(
        self,
        name: str,
        variables: Variables = None,
        *,
        first: int | None = None,
        writes: bool = False,
        hurry: bool = False,
        beside: list[StoreError] | None = None,
    ) -> Plan[Fields]:
        """Run a document and return its data. Waits for the rate limit.

        Args:
            name: of the document.
            variables: its variables, to which `$first` is added; or a function that makes them for
                a number of items.
            first: items requested, if it returns several; reduced if they would cost more than a
                single query may, or if the store fails to return so many.
            writes: whether sending it twice has another effect than sending it once.
            hurry: whether to send it at once at any cost, as for the liveness probe; a refusal is
                then an error.
            beside: receives the errors that come with partial data; without it, these are raised.

        Raises:
            ThrottledError: in a hurry, or refused too often; the rate limit is used up.
            QueryCostError: one item costs more than a query may.
            StoreError: the request failed, or the response is an error. Partial data is an error,
                unless each error names the place that it explains.
        """
        if self._cheapest and name != self._cheapest and not hurry and self.bucket.must_learn:
            # Every response shows the state of the bucket, so the cheapest document is sent first.
            yield from self.ask(self._cheapest)
        refusals, sizes = 0, self._api.page_sizes
        while True:
            size = 1 if first is None else sizes.limit(name, self.bucket.page(name, first))
            claim = Claim(0.0) if hurry else self.bucket.claim(name, size)
            if claim.wait > 0:
                yield self._pause(claim.wait)
                continue
            sent = _variables(variables, first, size)
            try:
                result = yield from self._spend(name, sent, size, claim.points, writes=writes)
                self.kept_back += result.kept_back
                return self._reader.data_of(result, name, beside)
            except QueryCostError as error:
                self.bucket.refused(name, error, size)
            except ThrottledError as error:
                # The query was refused before it ran, so even a mutation may be sent again.
                refusals += 1
                if hurry or (error.cost is None and refusals >= _MOST_REFUSALS):
                    raise
                longer = error.wait * 2 ** (refusals - 1) if error.cost else 0.0
                yield self._pause(max(error.wait, min(longer, _LONGEST_WAIT)))
            except StoreError as error:
                if sizes.smaller(name, size, error) is None:
                    raise

    def _pause(self, seconds: float) -> Pause:
        message = f"{self._reader.title}'s rate limit leaves no room in time"
        too_long = StoreError("rate_limited", message)
        if self._api.monotonic() + seconds >= self._api.ends:
            raise too_long
        return Pause(seconds, too_long)

    def _spend(
        self,
        name: str,
        variables: Mapping[str, Any] | None,
        size: int,
        points: float,
        *,
        writes: bool,
    ) -> Plan[GraphqlResult]:
        """Send a query, settle its cost, and note whether the page was too large."""
        body = self._documents.body(name, variables)
        request = Request("POST", self._url, json=body, idempotent=not writes)
        cost: Cost | None = None
        began = self._api.monotonic()
        try:
            result = yield from self._exchange(request)
            cost = result.cost
            self.bucket.silent = cost is None
            self._api.page_sizes.came(name, size, self._api.monotonic() - began)
        except ThrottledError as error:
            cost = error.cost
            raise
        except StoreError as error:
            self._api.page_sizes.failed(name, size, error, self._api.monotonic() - began)
            raise
        finally:
            self.bucket.settle(name, points, cost, size)
        return result

    def page(
        self,
        name: str,
        root: Root,
        variables: Mapping[str, Any],
        first: int,
        after: str | None,
        *,
        beside: list[StoreError] | None = None,
    ) -> Plan[NodePage]:
        """Read one page of a connection.

        Args:
            name: of the document, which takes `$first` and `$after`.
            root: where the connection is.
            variables: its other variables.
            first: nodes requested; there may be fewer on the page.
            after: where the page begins; None for the first.
            beside: as in `ask`.

        Raises:
            StoreError: also invalid_response, the page is not valid or its cursor does not advance.
        """
        data = yield from self.ask(name, {**variables, "after": after}, first=first, beside=beside)
        try:
            found = data.child(root) if isinstance(root, str) else root(data)
            return documents.page(found, after)
        except StoreError:
            if beside:
                raise beside[-1] from None
            raise

    def nodes(
        self,
        name: str,
        root: Root,
        variables: Mapping[str, Any],
        *,
        limit: int,
        matches: Callable[[Any], bool] | None = None,
        until: Callable[[Any], bool] | None = None,
        after: str | None = None,
    ) -> Plan[Nodes]:
        """Read a connection, in as many pages as it takes but at most fifty; see `page`.

        `matches` says whether a node is one of those requested; None if the search is exact.
        `until` says whether a node of a sorted list is beyond them; `after` is where to begin.
        """
        ask = partial(self.page, name, root, variables)
        return documents.nodes(ask, limit, matches, until, after)

    def listing(
        self,
        name: str,
        root: Root,
        variables: Mapping[str, Any],
        read: Callable[[Fields], T],
        *,
        limit: int,
        ours: bool = False,
    ) -> Plan[Listing[T]]:
        """Read the results in a connection; invalid ones are omitted and counted. See `page`.

        If the limit is `ours` and not the caller's, the result of a longer list is not complete.

        Raises:
            StoreError: invalid_response, none of them can be read; or the request failed.
        """
        nodes, complete, _ = yield from self.nodes(name, root, variables, limit=limit)
        total, what = len(nodes) if complete else None, root if isinstance(root, str) else name
        return lists.listing(nodes, what, read, total=total, complete=complete or not ours)

    def all_nodes(
        self, name: str, root: Root, variables: Mapping[str, Any], *, limit: int
    ) -> Plan[list[Any]]:
        """Read a whole connection; return its nodes unchanged.

        Raises:
            StoreError: also response_too_large, it has more nodes than the limit; a part would be a
                wrong result.
        """
        what = root if isinstance(root, str) else name
        return documents.all_nodes(partial(self.page, name, root, variables), what, limit)


def _variables(variables: Variables, first: int | None, size: int) -> Mapping[str, Any] | None:
    """Return the variables of a document, for a number of items if it returns several."""
    if callable(variables):
        return variables(size)
    return variables if first is None else {**(variables or {}), "first": size}
