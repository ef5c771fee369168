"""Misuse is told where a function is decorated, in words, and never when it is called."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from importlib import metadata
from typing import Any, get_args

import pytest

from store_exporter import ERROR_TYPES, ErrorName, Recorder, track
from store_exporter.metrics import hints
from tests.metrics.figures import operations
from tests.operations.shop import SHOP


def function() -> None:
    """Do nothing."""


async def coroutine(*_: object) -> tuple[str, str, str]:
    return ("a", "b", "c")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"org": 5}, TypeError, "org must be a string, not 5"),
        ({"domain": b"shop"}, TypeError, "domain must be a string, not b'shop'"),
        ({"platform": ""}, ValueError, "platform must not be empty"),
        ({"labels": "acme"}, TypeError, "labels must be a function, not 'acme'"),
        ({"labels": coroutine}, TypeError, "labels must be a plain function"),
        (
            {"labels": lambda: ("a", "b", "c"), "org": "acme"},
            TypeError,
            "either labels or some of org, domain and platform",
        ),
        ({"failure": "out_of_stock"}, TypeError, "failure must be a function"),
        ({"failure": coroutine}, TypeError, "failure must be a plain function"),
        ({"recorder": "default"}, TypeError, "recorder must be a Recorder, not 'default'"),
        ({"domian": "shop"}, TypeError, "unexpected keyword argument 'domian'"),
    ],
)
def test_wrong_arguments_are_reported_when_decorating(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        track("get_cart", **arguments)(function)


@pytest.mark.parametrize(
    ("operation", "error", "message"),
    [
        (None, TypeError, "operation must be a string, not None"),
        (5, TypeError, "operation must be a string, not 5"),
        ("", ValueError, "operation must not be empty"),
    ],
)
def test_a_wrong_operation_is_reported_when_decorating(
    operation: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        track(operation, **SHOP)(function)


def test_a_forgotten_operation_is_reported_when_decorating() -> None:
    with pytest.raises(TypeError, match="needs the operation's name"):
        track(function)  # type: ignore[arg-type]


@pytest.mark.parametrize("thing", [int, property(lambda _: None), "text", None])
def test_only_functions_can_be_decorated(thing: Any) -> None:
    with pytest.raises(TypeError, match=r"track\(\) decorates functions and methods, not "):
        track("get_cart", **SHOP, recorder=Recorder())(thing)


def test_an_asynchronous_generator_has_no_result_to_judge() -> None:
    async def generate() -> AsyncGenerator[int, None]:
        yield 1

    with pytest.raises(TypeError, match="has no result that failure could judge"):
        track("get_cart", **SHOP, failure=lambda _: None, recorder=Recorder())(generate)


def test_labels_are_given_by_name() -> None:
    with pytest.raises(TypeError, match="positional argument"):
        track("get_cart", "acme")  # type: ignore[call-arg]


def test_a_verdict_that_is_no_error_type_is_named_with_its_place_and_the_list(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    with track("get_cart", **SHOP, recorder=recorder) as operation:
        operation.fail(["timeout"])  # type: ignore[arg-type]
        operation.fail("out_of_stok")  # type: ignore[arg-type]

    @track("check_stock", **SHOP, recorder=recorder, failure=lambda result: result)
    def check(said: object) -> object:
        return said

    check("time out: token=sk_live_123")
    check("timeouts")
    with track("add_to_cart", **SHOP, recorder=recorder) as operation:
        operation.fail(5)  # type: ignore[arg-type]
    in_block, secret, close, number = (record.getMessage() for record in caplog.records)
    assert f"'out_of_stok' is no error type, at {__file__}:" in in_block
    assert "did you mean 'out_of_stock'?; they are: out_of_stock, invalid_coupon, " in in_block
    assert "something of type str is no error type" in secret
    assert "sk_live" not in secret
    assert "'timeouts' is no error type" in close
    assert "did you mean 'timeout'?" in close
    assert "something of type int is no error type" in number


def test_the_list_for_type_checkers_is_the_closed_list() -> None:
    assert get_args(ErrorName) == tuple(ERROR_TYPES)


def test_what_looks_like_a_slip_in_a_label_is_reported_once_and_recorded_as_it_is(
    recorder: Recorder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "_logged", set())
    for operation in ("get_cart", "check_stock"):
        for domain, platform in (
            ("https://key:secret@d/", "woocommerce"),
            ("shop.example.com", "woocomerce"),
            ("shop.example.com", "WooCommerce"),
            ("shop.example.com", "magento"),
            ("xn--bcher-kva.example", "shopify"),
        ):
            with track(operation, org="acme", domain=domain, platform=platform, recorder=recorder):
                pass
    assert len(operations(recorder)) == 10
    assert [record.getMessage() for record in caplog.records] == [
        (
            "the domain that get_cart is recorded under is no host name in lower case, such as "
            "shop.example.com"
        ),
        "the platform that get_cart is recorded under is unknown; did you mean woocommerce?",
        "the platform that get_cart is recorded under is unknown; did you mean woocommerce?",
    ]


def test_what_is_installed_is_looked_through_once_however_many_label_sets_come(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    look = metadata.entry_points

    def counted(*, group: str) -> metadata.EntryPoints:
        looks.append(group)
        return look(group=group)

    monkeypatch.setattr(metadata, "entry_points", counted)
    hints._known.cache_clear()
    for number in range(5):
        with track(
            "get_cart", org="acme", domain=f"s{number}.example", platform="own", recorder=recorder
        ):
            pass
    assert looks == ["store_exporter.platforms"]
