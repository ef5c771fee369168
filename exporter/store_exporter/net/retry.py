"""Decides which requests are retried, and when. No I/O.

A request is retried only if that is safe: if it is idempotent and the connection failed, if it was
not sent, or if the store requested a wait. Each retry is taken from a budget that only successes
refill, so that a failing store does not get several times as many requests as a healthy one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from threading import Lock

from ..contract import Response
from ..errors import StoreError
from .plans import Pause, Plan, Request, TransportError, once, requested_wait

DEADLINE = 30.0
"""Default number of seconds for a whole operation."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Timeouts and retries of a client.

    Attributes:
        timeout: seconds for one exchange.
        deadline: seconds for a whole operation, with its retries and pauses.
        attempts: the most times that one request is sent.
        pause: seconds before the first retry, on average; doubled for each further one.
        longest_pause: seconds; if a store requests a longer wait, there is no retry.
    """

    timeout: float = 10.0
    deadline: float = DEADLINE
    attempts: int = 3
    pause: float = 0.25
    longest_pause: float = 15.0


class RetryBudget:
    """The retries that a client may still make; safe to share between threads.

    There are `most` in a row without any success, and each success earns some.
    """

    def __init__(self, most: float = 10.0, earned: float = 0.1) -> None:
        self._most = most
        self._earned = earned
        self._left = most
        self._lock = Lock()

    def success(self) -> None:
        """Record that a request succeeded."""
        with self._lock:
            self._left = min(self._most, self._left + self._earned)

    def spend(self) -> bool:
        """Spend one retry; False if none is left."""
        with self._lock:
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True


class Retrier:
    """Sends the requests of one operation, with retries where they are safe.

    Args:
        policy: timeouts and retries.
        budget: shared by all operations of a client.
        monotonic: seconds of a monotonic clock.
        now: Unix time in seconds.
        random: for jitter, so that clients that failed together do not retry together.
        wait: returns the seconds to wait that a response requests, None without such a request.
    """

    def __init__(
        self,
        policy: Policy,
        budget: RetryBudget,
        *,
        monotonic: Callable[[], float],
        now: Callable[[], float],
        random: Random,
        wait: Callable[[Response, float], float | None] = requested_wait,
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
        """Send a request until a response needs no retry.

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
                pause = self._after_response(request, response, attempt)
                if pause is None:
                    return response
            yield Pause(pause)
            attempt += 1

    def _after_failure(self, request: Request, error: TransportError, attempt: int) -> float | None:
        safe = not error.sent or request.idempotent
        if error.error_type != "connection" or not safe:
            return None
        return self._granted(attempt, 0.0)

    def _after_response(self, request: Request, response: Response, attempt: int) -> float | None:
        requested = self._wait(response, self._now())
        if requested is None:
            if response.status < 500:
                self._budget.success()
            return None
        # A refusal for lack of capacity (4xx) was not carried out; of a 503 that is not certain.
        if response.status >= 500 and not request.idempotent:
            return None
        return self._granted(attempt, requested)

    def _granted(self, attempt: int, requested: float) -> float | None:
        if attempt >= self._policy.attempts:
            return None
        usual = self._policy.pause * 2 ** (attempt - 1)
        # Never sooner than requested, and spread over the time after that.
        pause = requested + usual * self._random.uniform(0.5, 1.5)
        if pause > self._policy.longest_pause or pause >= self._left():
            return None
        return pause if self._budget.spend() else None
