"""Errors of stores pass from one process to another, as the exceptions of Python do."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from store_exporter import StoreError, UnsupportedOperationError

REFUSED = StoreError("invalid_coupon", "expired", status=400, code="coupon_expired")
UNSUPPORTED = UnsupportedOperationError("get_cart", "bigcommerce", "it has no carts")


def refuse() -> None:
    raise REFUSED


@pytest.mark.parametrize("error", [REFUSED, UNSUPPORTED])
def test_a_copy_has_everything(error: StoreError) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        dumped = pickle.dumps(error, protocol)
        for copied in (copy.copy(error), pickle.loads(dumped)):  # noqa: S301 - our own
            assert type(copied) is type(error)
            assert (str(copied), vars(copied)) == (str(error), vars(error))


def test_what_an_operation_raises_in_a_worker_process_arrives() -> None:
    with (
        ProcessPoolExecutor(1, get_context("spawn")) as workers,
        pytest.raises(StoreError, match="expired") as raised,
    ):
        workers.submit(refuse).result(60)
    assert raised.value.error_type == "invalid_coupon"
