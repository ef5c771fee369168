"""Misuse is told where a function is decorated, in words, and never when it is called."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from store_exporter import Recorder, track
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
def test_wrong_arguments_are_told_when_decorating(
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
def test_a_wrong_operation_is_told_when_decorating(
    operation: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        track(operation, **SHOP)(function)


def test_a_forgotten_operation_is_told_when_decorating() -> None:
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
