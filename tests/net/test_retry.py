"""What may be sent again, when, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Pause, Request, TransportError, retry_after
from store_exporter.net.retry import Policy, Retrier, RetryBudget
from tests.fakes.clock import Clock

GET = Request("GET", "https://shop.example.com/", idempotent=True)
POST = Request("POST", "https://shop.example.com/")
BROKEN = TransportError("connection", "broke off", sent=True)
REFUSED = TransportError("connection", "refused", sent=False)
SLOW = TransportError("timeout", "too slow", sent=True)


def response(status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, headers or {}, b"", GET.url)


class Run:
    """Runs a retrier against a script of answers and failures."""

    def __init__(self, *script: Response | TransportError, policy: Policy | None = None) -> None:
        self.clock = Clock()
        self.budget = RetryBudget()
        self.script = list(script)
        self.sent: list[Request] = []
        self.pauses: list[float] = []
        self.policy = policy or Policy()
        self.takes = 0.0

    def send(self, request: Request) -> Any:
        retrier = Retrier(
            self.policy,
            self.budget,
            monotonic=self.clock.now,
            now=self.clock.now,
            random=Random(1),
        )
        plan = retrier.send(request)
        step = next(plan)
        try:
            while True:
                if isinstance(step, Pause):
                    self.pauses.append(step.seconds)
                    self.clock.advance(step.seconds)
                    step = plan.send(None)
                    continue
                self.sent.append(step)
                self.clock.advance(self.takes)
                outcome = self.script.pop(0)
                if isinstance(outcome, TransportError):
                    step = plan.throw(outcome)
                else:
                    step = plan.send(outcome)
        except StopIteration as end:
            return end.value


def test_a_response_is_returned_whatever_its_status() -> None:
    for status in (200, 400, 401, 404, 500, 502, 503):
        run = Run(response(status))
        assert run.send(GET).status == status
        assert run.pauses == []


def test_a_broken_connection_is_tried_again_for_an_idempotent_request() -> None:
    run = Run(BROKEN, BROKEN, response(200))
    assert run.send(GET).status == 200
    assert len(run.sent) == 3
    assert len(run.pauses) == 2


def test_a_broken_connection_is_not_tried_again_when_that_could_do_it_twice() -> None:
    run = Run(BROKEN, response(200))
    with pytest.raises(TransportError):
        run.send(POST)
    assert len(run.sent) == 1


def test_what_never_left_is_tried_again_whatever_it_was() -> None:
    run = Run(REFUSED, response(201))
    assert run.send(POST).status == 201


def test_a_timeout_is_not_tried_again_as_the_store_may_still_be_at_it() -> None:
    run = Run(SLOW, response(200))
    with pytest.raises(TransportError, match="too slow"):
        run.send(GET)


def test_attempts_end() -> None:
    run = Run(BROKEN, BROKEN, BROKEN, response(200))
    with pytest.raises(TransportError):
        run.send(GET)
    assert len(run.sent) == 3


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_429_is_waited_out_at_least_as_long_as_requested(request_: Request) -> None:
    run = Run(response(429, {"retry-after": "3"}), response(200))
    assert run.send(request_).status == 200
    assert 3.0 < run.pauses[0] < 4.0


def test_503_is_waited_out_only_with_retry_after_and_only_when_it_is_safe() -> None:
    asked = response(503, {"retry-after": "1"})
    assert Run(asked, response(200)).send(GET).status == 200
    assert Run(asked).send(POST).status == 503
    assert Run(response(503)).send(GET).status == 503


def test_a_request_is_not_repeated_if_the_store_requests_too_long_a_wait() -> None:
    run = Run(response(429, {"retry-after": "3600"}))
    assert run.send(GET).status == 429
    assert run.pauses == []


def test_pauses_grow_and_differ() -> None:
    run = Run(BROKEN, BROKEN, BROKEN, BROKEN, response(200), policy=Policy(attempts=5))
    run.send(GET)
    assert run.pauses == sorted(run.pauses)
    other = Run(BROKEN, response(200))
    other.send(GET)
    assert 0.125 <= other.pauses[0] <= 0.375


def test_a_store_in_trouble_does_not_get_three_times_as_many_requests() -> None:
    run = Run(*[BROKEN] * 100)
    calls = 30
    for _ in range(calls):
        with pytest.raises(TransportError):
            run.send(GET)
    assert len(run.sent) == calls + 10


def test_successes_fill_the_budget_again() -> None:
    budget = RetryBudget(most=2.0, earned=0.5)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    budget.success()
    assert not budget.spend()
    budget.success()
    assert budget.spend()


def test_an_operation_ends_at_its_deadline() -> None:
    run = Run(*[REFUSED] * 5, policy=Policy(timeout=8.0, deadline=10.0, attempts=9))
    run.takes = 6.0
    with pytest.raises(StoreError):
        run.send(GET)
    assert len(run.sent) == 2
    assert run.sent[0].timeout == 8.0
    assert 0 < run.sent[1].timeout < 4.0


def test_nothing_is_sent_after_the_deadline() -> None:
    run = Run(policy=Policy(deadline=0.0))
    with pytest.raises(StoreError) as caught:
        run.send(GET)
    assert caught.value.error_type == "timeout"
    assert run.sent == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("Mon, 23 Nov 2026 12:24:23 GMT", 10.0),
        ("Mon, 23 Nov 2026 12:00:00 GMT", 0.0),
        ("7s", 7.0),
        ("60 seconds", 60.0),
        ('"7"', 7.0),
        ("7, 9", 9.0),
        ("1795436663", 10.0),
        ("1795436663000", 10.0),
        ("2026-11-23T12:24:23Z", 10.0),
        ("23 Nov 2026 12:24:23 GMT", 10.0),
        ("5 Minutes", None),
        (".5", 0.5),
        ("500ms", None),
        ("1 month", None),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("9" * 50, None),
        (f"23 Nov {'9' * 20} 12:24:23 GMT", None),
        ("٣", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float | None) -> None:
    found = retry_after(response(503, {"retry-after": value}), Clock().now())
    assert found == seconds
