"""Plans go on where a store refuses a request for a reason that they know."""

from __future__ import annotations

import pytest

from store_exporter.errors import StoreError
from store_exporter.net.plans import Plan, none_if


def refused() -> Plan[str]:
    yield from ()
    raise StoreError("invalid_request", "status: unknown", status=400, code="rest_invalid_param")


def result(plan: Plan[str | None]) -> str | None:
    with pytest.raises(StopIteration) as end:
        next(plan)
    value: str | None = end.value.value
    return value


def test_a_failure_of_a_known_type_or_code_has_no_result() -> None:
    assert result(none_if(refused(), "not_found", "invalid_request")) is None
    assert result(none_if(refused(), "rest_invalid_param", about="status")) is None


def test_any_other_failure_is_raised() -> None:
    with pytest.raises(StoreError):
        next(none_if(refused(), "not_found"))
    with pytest.raises(StoreError):
        next(none_if(refused(), "rest_invalid_param", about="email"))


def test_a_result_is_returned() -> None:
    def answered() -> Plan[str]:
        yield from ()
        return "found"

    assert result(none_if(answered(), "not_found")) == "found"
