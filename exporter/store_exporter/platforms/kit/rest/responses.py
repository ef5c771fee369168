"""Reads responses of a REST API: JSON, and errors by code or else by status. No I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, ClassVar

from ....contract import Response
from ....errors import ErrorName, StoreError
from ....net import documents
from ....net.marks import Marks
from ..reading.fields import Fields

STATUSES: Mapping[int, ErrorName] = {
    400: "invalid_request",
    401: "unauthorized",
    402: "maintenance",
    403: "forbidden",
    404: "api_not_found",
    405: "api_not_found",
    408: "timeout",
    409: "invalid_state",
    410: "api_not_found",
    413: "invalid_request",
    422: "invalid_request",
    429: "rate_limited",
}
"""Error type by status; statuses from 500 are server_error."""


@dataclass(frozen=True, slots=True)
class RestPage:
    """One page of a list: its raw items, and the totals of all pages if the store reports them."""

    name: str
    items: list[Any]
    total: int | None
    pages: int | None
    response: Response

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Fields]:
        """Yield the items; raise invalid_response at one that is not an object."""
        for index, item in enumerate(self.items):
            yield Fields.row(item, self.name, index)


class RestReader(ABC):
    """Reads the responses of one platform; a subclass adds its codes and texts."""

    marks: ClassVar[Marks]
    """Marks of the platform, and of others that respond instead of it."""
    codes: ClassVar[Mapping[str, ErrorName]] = {}
    """Error types by the platform's codes, which take precedence over the status."""
    statuses: ClassVar[Mapping[int, ErrorName]] = STATUSES
    """Error types by status, for unknown codes."""

    @abstractmethod
    def code_and_message(self, body: Any) -> tuple[str | None, str]:
        """Return the code and message of an error; None and "" if it has none."""

    def read(self, response: Response) -> Any:
        """Return the JSON of a successful response.

        Raises:
            StoreError: by `error`; or by `documents.document`, if the response is not JSON.
        """
        body = documents.document(response, self.marks)
        if response.status < 400:
            return body
        raise self.error(response.status, body)

    def error(self, status: int, body: Any) -> StoreError:
        """Classify an error response by its status and its JSON."""
        code, words = self.code_and_message(body)
        message = self.marks.redact.line(words) or f"the store responded with HTTP {status}"
        return StoreError(self.error_type(status, code, message), message, status=status, code=code)

    def error_type(self, status: int, code: str | None, message: str) -> ErrorName:
        """Return the error type of an error; `message` is its own or describes the status."""
        del message
        if code is not None and code in self.codes:
            return self.codes[code]
        if status >= 500:
            return "server_error"
        return self.statuses.get(status, "invalid_response")


def stated_number(response: Response, header: str) -> int | None:
    """Return the number that a header states; None without one."""
    stated = response.headers.get(header, "").strip()
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 13 else None


def server_time(response: Response) -> float | None:
    """Return the store's clock, in Unix seconds, from the Date header; None without a usable one.

    A response from a cache has the time at which it was made, so its date is not used either.
    """
    if "age" in response.headers:
        return None
    return _moment(response.headers.get("date", ""))


@lru_cache(maxsize=256)
def _moment(date: str) -> float | None:
    """Return the Unix time of a date; many stores respond in the same second."""
    try:
        moment = parsedate_to_datetime(date)
        if moment.tzinfo is None:
            # HTTP dates are in UTC, not in this machine's time zone.
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    except (ValueError, OverflowError):
        return None
