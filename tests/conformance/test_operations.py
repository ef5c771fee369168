"""Every operation does on every platform what its description says."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from store_exporter import default_recorder
from store_exporter.errors import ERROR_TYPES, StoreError
from store_exporter.spec.operations import ALIASES, OPERATIONS
from store_exporter.stores.model import Secret

from .checks import CHECKS
from .target import Target


def counted(target: Target, operation: str) -> float:
    labels = (*target.store.labels, operation)
    for family in default_recorder().families():
        if family.metric.name == "store_operations_total":
            return sum(
                value
                for labels_, value in family.series
                if isinstance(value, float) and labels_ == labels
            )
    return 0.0


def test_every_operation_of_every_platform_has_a_check() -> None:
    missing = OPERATIONS.keys() - CHECKS.keys()
    assert not missing, f"write a check of {', '.join(missing)} in tests/conformance/checks.py"
    assert CHECKS.keys() <= OPERATIONS.keys()


@pytest.mark.parametrize("name", CHECKS)
def test_an_operation_does_what_it_should(target: Target, name: str) -> None:
    if name not in target.platform.operations:
        assert target.platform.unsupported[name]
        pytest.skip(f"{target.platform.title} cannot do it: {target.platform.unsupported[name]}")
    before = counted(target, name)
    CHECKS[name](target)
    assert counted(target, name) > before


def test_a_client_has_a_method_for_each_operation_and_alias(target: Target) -> None:
    for name in (*OPERATIONS, *ALIASES):
        assert callable(getattr(target.client, name))


def test_what_a_platform_cannot_do_raises_a_clear_error(target: Target) -> None:
    for name, reason in target.platform.unsupported.items():
        with pytest.raises(StoreError, match=name) as caught:
            getattr(target.client, name)()
        assert caught.value.error_type == "unsupported_operation"
        assert reason in caught.value.message


def test_wrong_credentials_are_the_configurations_fault(target: Target) -> None:
    wrong: dict[str, Any] = {}
    for name, value in target.store.credentials.items():
        text = value.reveal() if isinstance(value, Secret) else str(value)
        # As long, of the same form, and nobody's.
        wrong[name] = Secret(text[:6] + "0" * (len(text) - 6))
    client = target.platform.connect(replace(target.store, credentials=wrong))
    with closing(client), pytest.raises(StoreError) as caught:
        # Which every built-in platform has.
        client.search_products()
    assert ERROR_TYPES[caught.value.error_type].fault == "config"
