"""Why a probe fails, as a label has it."""

from __future__ import annotations

import pytest

from store_exporter.probing.results.reasons import LONGEST, failing, reason_of
from store_exporter.probing.results.result import Result


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            "Error establishing a database connection",
            "Error establishing a database connection",
        ),
        ("two\n lines\tand a tab", "two lines and a tab"),
        ("the store responded with HTTP 500", "the store responded with HTTP 500"),
        ("Duplicate entry 'ann.o@mail.example' for key", "Duplicate entry '(mail)' for key"),
        ("moved to https://login.example/?next=1 for now", "moved to (address) for now"),
        ("request 7f3c9a2e-11d0-4b6e-9c1f-00aa12bc34de failed", "request (id) failed"),
        ("Ray ID: 8a9b7c6d5e4f3a2b", "Ray ID: (id)"),
        ("order 123456 in line 42", "order (id) in line 42"),
        ("a defaced facade", "a defaced facade"),
    ],
)
def test_what_changes_with_each_response_and_who_is_meant_are_left_out(
    message: str, reason: str
) -> None:
    assert reason_of(message) == reason


def test_a_long_reason_is_cut_off() -> None:
    assert reason_of("word " * 100).endswith("word…")
    assert len(reason_of("word " * 100)) <= LONGEST + 1


def failure(time: float, error_type: str, message: str) -> Result:
    return Result("a.example", "probe", "cart", time, False, 1.0, error_type, message=message)


def test_a_failure_begins_once_and_keeps_its_first_reason_while_it_is_of_one_type() -> None:
    first = failing(failure(10, "timeout", "no response"), None)
    assert (first.since, first.error_type, first.reason) == (10, "timeout", "no response")
    assert failing(failure(20, "timeout", "none within 9 s"), first) is first
    other = failing(failure(30, "server_error", "HTTP 500"), first)
    assert (other.since, other.error_type, other.reason) == (10, "server_error", "HTTP 500")
