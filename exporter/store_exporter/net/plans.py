"""Operations as plans: what to send, what to wait for and what to make of the answers. No I/O.

A plan is a generator. It yields a `Request` and is sent the `Response`, or a `StoreError` is thrown
into it where the request failed; it yields a `Pause` to wait; it returns the operation's result.
`http_client` has a synchronous and an asynchronous driver that run the same plan.

Here too is the decision what may be sent again. A request is repeated only when that cannot do
harm: when it is idempotent and the connection failed, when it never left this machine, or when the
store asked for patience. Each repetition takes from a budget that only successes fill again, so
that a store in trouble is not asked several times as often as one that is well.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random
from threading import Lock
from typing import Any, TypeVar

from ..contract import Response
from ..errors import StoreError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Attributes:
        method: in upper case.
        url: without the query.
        params: the query, in order.
        headers: beyond those that the driver always sends.
        json: the body, None for none.
        idempotent: whether sending it twice does what sending it once does.
        timeout: seconds for the whole exchange; the driver's own until the retrier sets it.
    """

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    idempotent: bool = False
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for some seconds."""

    seconds: float


Step = Request | Pause
Plan = Generator[Step, Response | None, T]
"""What an operation is: ask for `Step`s, be sent answers, return the result."""


def once(request: Request) -> Plan[Response]:
    """Send a request, and not again whatever comes of it.

    Raises:
        StoreError: the exchange failed.
    """
    response = yield request
    if response is None:
        raise RuntimeError("the driver sent no answer to a request")
    return response


class TransportError(StoreError):
    """The exchange itself failed; `sent` tells whether the store may have received the request."""

    def __init__(self, error_type: str, message: str, *, sent: bool) -> None:
        super().__init__(error_type, message)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient a client is.

    Attributes:
        timeout: seconds for one exchange.
        deadline: seconds for a whole operation, with its repetitions and pauses.
        attempts: how often one request is sent at most.
        pause: seconds before the first repetition, on average; it doubles with each one.
        longest_pause: seconds; a store that asks for more is not asked again.
    """

    timeout: float = 10.0
    deadline: float = 30.0
    attempts: int = 3
    pause: float = 0.25
    longest_pause: float = 15.0


class RetryBudget:
    """How many repetitions a client may still make; safe to share between threads.

    Args:
        most: repetitions in a row without any success.
        earned: by each success.
    """

    def __init__(self, most: float = 10.0, earned: float = 0.1) -> None:
        self._most = most
        self._earned = earned
        self._left = most
        self._lock = Lock()

    def success(self) -> None:
        """Note that a request went well."""
        with self._lock:
            self._left = min(self._most, self._left + self._earned)

    def spend(self) -> bool:
        """Take one repetition; False when none is left."""
        with self._lock:
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True


def retry_after(response: Response, now: float) -> float | None:
    """Return for how many seconds `Retry-After` asks, as a number or as a date; None without it.

    Args:
        response: any response.
        now: Unix time, for a date.
    """
    raw = response.headers.get("retry-after", "").strip()
    if raw.isascii() and raw.isdigit() and len(raw) < 10:
        return float(raw)
    try:
        moment = parsedate_to_datetime(raw)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.fromtimestamp(now, UTC)).total_seconds(), 0.0)


def asked_to_wait(response: Response, now: float) -> float | None:
    """Return for how long a store or what stands before it asks to wait, in seconds.

    That is 429, with or without `Retry-After`, and 503 with it. None for any other answer.
    """
    if response.status == 429:
        return retry_after(response, now) or 0.0
    return retry_after(response, now) if response.status == 503 else None


class Retrier:
    """Sends the requests of one operation, again where that is safe.

    Args:
        policy: how patient to be.
        budget: shared by all operations of a client.
        monotonic: seconds of a clock that never jumps.
        now: Unix time in seconds.
        random: for jitter, so that clients that failed together do not come back together.
        wait: how long an answer asks to wait, None if it does not.
    """

    def __init__(
        self,
        policy: Policy,
        budget: RetryBudget,
        *,
        monotonic: Callable[[], float],
        now: Callable[[], float],
        random: Random,
        wait: Callable[[Response, float], float | None] = asked_to_wait,
    ) -> None:
        self._policy = policy
        self._budget = budget
        self._monotonic = monotonic
        self._now = now
        self._random = random
        self._wait = wait
        self._ends = monotonic() + policy.deadline

    def _left(self) -> float:
        return self._ends - self._monotonic()

    def send(self, request: Request) -> Plan[Response]:
        """Send a request until there is an answer worth having.

        Raises:
            StoreError: the last failure; timeout when the operation's deadline has passed.
        """
        attempt = 1
        while True:
            left = self._left()
            if left <= 0:
                seconds = self._policy.deadline
                raise StoreError("timeout", f"the operation took more than {seconds:g} s")
            try:
                response = yield from once(
                    replace(request, timeout=min(self._policy.timeout, left))
                )
            except TransportError as error:
                pause = self._after_failure(request, error, attempt)
                if pause is None:
                    raise
            else:
                pause = self._after_answer(request, response, attempt)
                if pause is None:
                    return response
            yield Pause(pause)
            attempt += 1

    def _after_failure(self, request: Request, error: TransportError, attempt: int) -> float | None:
        """Return how long to wait before sending it again, None for never."""
        safe = not error.sent or request.idempotent
        if error.error_type != "connection" or not safe:
            return None
        return self._granted(attempt, 0.0)

    def _after_answer(self, request: Request, response: Response, attempt: int) -> float | None:
        asked = self._wait(response, self._now())
        if asked is None:
            if response.status < 500:
                self._budget.success()
            return None
        # A refusal for lack of capacity (4xx) was not carried out; of a 503 that is not certain.
        if response.status >= 500 and not request.idempotent:
            return None
        return self._granted(attempt, asked)

    def _granted(self, attempt: int, asked: float) -> float | None:
        if attempt >= self._policy.attempts:
            return None
        usual = self._policy.pause * 2 ** (attempt - 1)
        # Never sooner than asked, and spread over the time after it.
        pause = asked + usual * self._random.uniform(0.5, 1.5)
        if pause > self._policy.longest_pause or pause >= self._left():
            return None
        return pause if self._budget.spend() else None
