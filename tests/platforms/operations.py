"""Words of the tests of operations: amounts, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from store_exporter.errors import StoreError
from store_exporter.spec.money import Money


def pounds(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def failure(operation: Callable[..., Any], *args: Any, **kwargs: Any) -> StoreError:
    """Call an operation that must fail, and return its error."""
    with pytest.raises(StoreError) as caught:
        operation(*args, **kwargs)
    return caught.value
