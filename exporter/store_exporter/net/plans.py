"""Operations as plans: the requests to send, the pauses, and the reading of responses. No I/O.

A plan is a generator. It yields a `Request` and receives the `Response`; if the request failed, a
`StoreError` is thrown into it. It yields a `Pause` to wait, and returns the operation's result.
Drivers run plans: those of the clients are in `platforms/kit`, that of monitoring is in `probing`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote

from .._version import __version__
from ..contract import Response
from ..errors import ErrorName, StoreError
from .body import ACCEPTED

T = TypeVar("T")
USER_AGENT = f"store-exporter/{__version__}"
HEADERS = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": ACCEPTED}
"""The headers that drivers send with every request."""
_SECONDS = re.compile(
    r"\+?([0-9]{1,13}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})\s*(?:s|secs?|seconds?)?;?", re.IGNORECASE
)
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
_FIRST_MOMENT = 1e9
"""From this number on, a number is a Unix time rather than a duration; from `_FIRST_MOMENT` * 1000
on, it is in milliseconds."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Attributes:
        method: the method in upper case.
        url: the address without the query.
        params: the query, in order.
        headers: headers in addition to those that the driver always sends.
        json: the body, None for none.
        idempotent: whether sending it twice has the same effect as sending it once.
        timeout: seconds for the whole exchange; the driver's default until the retrier sets it.
    """

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    idempotent: bool = False
    timeout: float = 10.0

    def carrying(self, params: Mapping[str, str], headers: Mapping[str, str]) -> Request:
        """Return the request with another query and other headers.

        Every probe does it twice, and `dataclasses.replace` takes three times as long.
        """
        return Request(
            self.method, self.url, params, headers, self.json, self.idempotent, self.timeout
        )


def encoded(request: Request, url: str) -> tuple[str, dict[str, str], bytes | None]:
    """Return an address with a request's query, the request's headers, and its body.

    The query is encoded by RFC 3986, as signatures of OAuth require: a space is %20, not a plus.
    """
    if request.params:
        query = "&".join([f"{_quoted(k)}={_quoted(v)}" for k, v in request.params.items()])
        url += ("&" if "?" in url else "?") + query
    headers, data = dict(request.headers), None
    if request.json is not None:
        data = json.dumps(request.json, allow_nan=False).encode()
        headers["Content-Type"] = "application/json"
    return url, headers, data


def _quoted(text: str) -> str:
    return text if _PLAIN(text) else _quote(text)


@lru_cache(maxsize=256)
def _quote(text: str) -> str:
    """Quote what few queries have, such as lists of members, which all stores share."""
    return quote(text, safe="-_.~")


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of some seconds.

    Attributes:
        seconds: its length.
        too_long: raised at once if the plan's time would end meanwhile; without it, the time ends.
    """

    seconds: float
    too_long: StoreError | None = None


Step = Request | Pause
Plan = Generator[Step, Response | None, T]
"""An operation: yields `Step`s, receives their responses, returns the result."""


def once(request: Request) -> Plan[Response]:
    """Send a request once, without retries.

    Raises:
        StoreError: the exchange failed.
    """
    response = yield request
    if response is None:
        raise RuntimeError("the driver sent no response to a request")
    return response


async def drive(
    plan: Generator[Any, Any, T], perform: Callable[[Any], Coroutine[Any, Any, Any]]
) -> T:
    """Run a plan to its end and return its result.

    `perform` does a step and returns what to send into the plan; a `StoreError` is thrown into it.
    """
    try:
        step = next(plan)
        while True:
            try:
                found = await perform(step)
            except StoreError as error:
                step = plan.throw(error)
            else:
                step = plan.send(found)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        plan.close()


def none_if(plan: Plan[T], *reasons: str, about: str = "") -> Plan[T | None]:
    """Return the result of a plan; None if it fails for one of these error types or codes.

    A failure whose message does not name what it is `about` is raised, like any other.
    """
    try:
        return (yield from plan)
    except StoreError as error:
        if not {error.error_type, error.code}.intersection(reasons) or about not in error.message:
            raise
    return None


class TransportError(StoreError):
    """The exchange itself failed; `sent` is whether the store may have received the request."""

    def __init__(self, error_type: ErrorName, message: str, *, sent: bool) -> None:
        super().__init__(error_type, message)
        self.sent = sent


class RedirectError(StoreError):
    """A store redirects to a place that the configuration does not name.

    Args:
        message: what happened, for a person.
        response: the redirect.
        target: the address to which it leads; empty if it is not an address.
        cookies: for a redirect in a circle, the cookies that a browser would send to the target;
            empty if the store set none.
    """

    def __init__(
        self, message: str, response: Response, target: str = "", *, cookies: str = ""
    ) -> None:
        super().__init__("redirect", message, status=response.status)
        self.certificate_expiry = response.certificate_expiry
        self.response = response
        self.target = target
        self.cookies = cookies


def retry_after(response: Response, now: float) -> float | None:
    """Return the seconds of `Retry-After`, which is a number or a date; None without it.

    A number may have a fraction: some send `2.0`.

    Args:
        response: any response.
        now: Unix time, for a date.
    """
    return seconds_of(response.headers.get("retry-after", ""), now)


def seconds_of(value: str, now: float) -> float | None:
    """Return the seconds that a value of `Retry-After` means; None if it means nothing.

    It is a number, which may have a fraction or the unit of seconds and may be a Unix time, or a
    date, also one of ISO 8601. A number occurs twice if a proxy joined the headers of two servers;
    the longest wait counts. `now` is Unix time.
    """
    raw = value.strip().strip('"')
    numbers = [_SECONDS.fullmatch(part.strip()) for part in raw.split(",")]
    if all(numbers):
        return max(_wait(float(number[1]), now) for number in numbers if number)
    try:
        moment = parsedate_to_datetime(raw)
    except (ValueError, OverflowError):
        try:
            moment = datetime.fromisoformat(raw)
        except ValueError:
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.fromtimestamp(now, UTC)).total_seconds(), 0.0)


def _wait(number: float, now: float) -> float:
    if number < _FIRST_MOMENT:
        return number
    moment = number / 1000 if number >= _FIRST_MOMENT * 1000 else number
    return max(moment - now, 0.0)


def requested_wait(response: Response, now: float) -> float | None:
    """Return the seconds to wait that a store, or a proxy in front of it, requests.

    Such a request is a 429, with or without `Retry-After`, or a 503 with it. None otherwise.
    """
    if response.status == 429:
        return retry_after(response, now) or 0.0
    return retry_after(response, now) if response.status == 503 else None
