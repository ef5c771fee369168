"""Reading GraphQL responses: data, and errors by their type. No I/O.

A GraphQL API responds to most failures with HTTP 200. The failures are in `errors[]`, each with the
platform's own code in `extensions.code`. A response with errors may also contain part of the data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ....contract import Response
from ....errors import ErrorName, StoreError
from ....net import documents
from ....net.decoding import parse, text
from ....net.marks import Marks
from ....net.plans import retry_after
from ..reading.fields import Fields
from .bucket import Cost, QueryCostError, ThrottledError

_MOST_ERRORS = 250


@dataclass(frozen=True, slots=True)
class GraphqlResult:
    """The content of a response.

    Attributes:
        cost: the cost of the query, if the API shows it.
        errors: errors that came with partial data.
        extensions: additions of the platform to the response.
        kept_back: errors of single places in the data. They replace the null there, so only reading
            that place fails.
    """

    data: Mapping[str, Any]
    cost: Cost | None = None
    errors: tuple[StoreError, ...] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict)
    kept_back: tuple[StoreError, ...] = ()


class GraphqlReader(ABC):
    """Reads the responses of one platform; a subclass adds its codes and texts."""

    title: ClassVar[str]
    """Name of the platform, for messages."""
    marks: ClassVar[Marks]
    """Marks of whatever may respond instead of the platform."""
    codes: ClassVar[Mapping[str, ErrorName]]
    """Error types by `extensions.code`; with any other code, the query itself is wrong."""
    statuses: ClassVar[Mapping[int, tuple[ErrorName, str]]]
    """Error types and messages of HTTP statuses with a special meaning, such as 401."""
    cut_short: ClassVar[str] = ""
    """Part of the message by which the platform ends a list of errors that it cut short."""

    @abstractmethod
    def cost(self, extensions: Mapping[str, Any]) -> Cost | None:
        """Return the cost in a response; None without a valid one."""

    def error(self, entry: Mapping[str, Any], cost: Cost | None) -> StoreError:
        """Classify one entry of `errors[]`.

        A `ThrottledError` or `QueryCostError` applies to the whole response.
        """
        code = str(mapping(entry.get("extensions")).get("code") or "").upper()
        said = str(entry.get("message") or f"{self.title} says {code or 'nothing'}, without words")
        message = self.marks.redact.line(said)
        # Without a listed code the API does not understand the query: it has a field that this
        # version of the API lacks, or an argument of the wrong type.
        error_type: ErrorName = self.codes.get(code, "invalid_request")
        if error_type == "rate_limited":
            return ThrottledError(f"{self.title} asks to slow down", cost, code=code)
        return StoreError(error_type, message, code=code or None)

    def errors(self, found: Any, cost: Cost | None = None) -> tuple[StoreError, ...]:
        """Classify the `errors` of a response.

        If there are more than are read or listed, the last one stands for the rest. It names no
        place of the data, as any null in it may be one of theirs.
        """
        if not found:
            return ()
        if not isinstance(found, list):
            return (StoreError("invalid_response", "errors is not a list"),)
        entries = [
            {"message": entry} if isinstance(entry, str) else mapping(entry)
            for entry in _listed(found)
        ]
        errors = [self.error(entry, cost) for entry in entries]
        if len(errors) > 1 and self.cut_short and self.cut_short in str(entries[-1].get("message")):
            errors[-1] = _and_more(errors[0])
        elif len(found) > len(errors):
            errors.append(_and_more(errors[0]))
        return tuple(errors)

    def read(self, response: Response, now: float) -> GraphqlResult:
        """Turn a response into the result of its query.

        `now` is Unix time, for a date in Retry-After.

        Raises:
            StoreError: as `read_body` and `document` do.
        """
        return self.read_body(self.document(response, now))

    def document(self, response: Response, now: float) -> Any:
        """Return the JSON of a response with a status below 400.

        Raises:
            StoreError: as `documents.document` does, or by HTTP status.
        """
        status = response.status
        if status == 429:
            refused = documents.no_document(response, self.marks)
            if refused.error_type == "blocked":
                raise refused
            requested = retry_after(response, now) or 0.0
            raise ThrottledError(
                f"{self.title} asks to slow down", requested=requested, status=status
            )
        own = self._own_error(response) if status >= 400 else None
        if status >= 400 and own is None:
            # The platform's own errors are JSON; those of a proxy in front of it are not.
            refused = documents.no_document(response, self.marks)
            place = status == 404 and refused.error_type != "api_not_found"
            kind = self.statuses[status][0] if status in self.statuses else ""
            other = refused.error_type == "blocked" and kind != "blocked"
            if status in (401, 403) or other or place:
                raise refused
        words = f": {own.message}" if own else ""
        if own and own.code and own.code in self.codes:
            raise StoreError(self.codes[own.code], own.message, status=status, code=own.code)
        if status in self.statuses:
            # A platform may refuse a token with the status of another refusal.
            is_refused = own is not None and own.error_type == "unauthorized"
            kind, message = self.statuses[401 if is_refused else status]
            raise StoreError(kind, f"{message}{words}", status=status)
        body = documents.document(response, self.marks)
        if status >= 500:
            message = f"{self.title} responded with HTTP {status}"
            raise StoreError("server_error", message, status=status)
        if status >= 400:
            message = f"{self.title} refuses the request with HTTP {status}{words}"
            raise StoreError("invalid_request", message, status=status)
        return body

    def _own_error(self, response: Response) -> StoreError | None:
        """Return the platform's own error in a response with an error status; None without one."""
        try:
            body = parse(text(response))
        except (StoreError, ValueError):
            return None
        return next(iter(self.errors(mapping(body).get("errors"))), None)

    def read_body(self, body: Any) -> GraphqlResult:
        """Turn the JSON of a response with HTTP status 200 into its result.

        Errors that come with data are part of the result: the caller decides whether the data that
        it needs is there.

        Raises:
            ThrottledError: the rate limit is used up.
            QueryCostError: the query costs more than a single one may.
            StoreError: by `codes`; or invalid_response, it is not a GraphQL response.
        """
        if not isinstance(body, Mapping):
            raise StoreError("invalid_response", "the response is not a GraphQL object")
        extensions = mapping(body.get("extensions"))
        cost = self.cost(extensions)
        errors = self.errors(body.get("errors"), cost)
        for kind in (ThrottledError, QueryCostError):
            for error in errors:
                if isinstance(error, kind):
                    raise error
        data = body.get("data")
        if isinstance(data, Mapping) and any(value is not None for value in data.values()):
            entries = _listed(body.get("errors"))
            beside, kept_back = _placed(data, entries, errors)
            return GraphqlResult(data, cost, beside, extensions, kept_back)
        if errors:
            raise errors[0]
        if not isinstance(data, Mapping):
            raise StoreError("invalid_response", "the response has neither data nor errors")
        return GraphqlResult(data, cost, extensions=extensions)

    def data_of(
        self, result: GraphqlResult, name: str, beside: list[StoreError] | None = None
    ) -> Fields:
        """Return the data; an error beside it fails the operation, as part of the data is missing.

        A caller who sees for itself what is missing receives such errors in `beside`.
        """
        if beside is not None:
            beside += result.errors
        elif result.errors:
            raise result.errors[0]
        return Fields(result.data, name)


def _listed(found: Any) -> Sequence[Any]:
    return found[:_MOST_ERRORS] if isinstance(found, list) else ()


def _and_more(error: StoreError) -> StoreError:
    return StoreError(error.error_type, f"{error.message} (and more errors)", code=error.code)


def _placed(
    data: Mapping[str, Any], entries: Sequence[Any], errors: tuple[StoreError, ...]
) -> tuple[tuple[StoreError, ...], tuple[StoreError, ...]]:
    """Put errors into the data in place of the null that each explains.

    Returned are the errors that explain none, and those that do.
    """
    beside: list[StoreError] = []
    kept_back: list[StoreError] = []
    for entry, error in zip(entries, errors, strict=False):
        path = mapping(entry).get("path")
        found = isinstance(path, list) and _put(data, path, error)
        (kept_back if found else beside).append(error)
    return (*beside, *errors[len(beside) + len(kept_back) :]), tuple(kept_back)


def _put(data: Any, path: list[Any], error: StoreError) -> bool:
    """Put an error in place of the first null on a path, which may be above the path's end.

    Below the roots, an error other than a missing scope affects only one row among others.
    """
    for index, step in enumerate(path):
        try:
            value = data[step]
        except (KeyError, IndexError, TypeError):
            return False
        if value is None:
            deep = index > 0 and error.error_type != "forbidden"
            data[step] = StoreError("invalid_response", error.message) if deep else error
        if value is None or isinstance(value, StoreError):
            return True
        data = value
    return False


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object; an empty one for any other value."""
    return value if isinstance(value, Mapping) else {}
