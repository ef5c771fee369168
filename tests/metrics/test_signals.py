from __future__ import annotations

import functools
import signal
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from store_exporter import Recorder, track
from store_exporter.metrics.signals import comes_from_outside
from tests.fakes.signals import strike

from .figures import only


class LateError(Exception):
    pass


class Deadline:
    def __call__(self, _signum: int, _frame: FrameType | None) -> None:
        raise LateError

    def pass_on(self, *arguments: object) -> None:
        self(*arguments)  # type: ignore[arg-type]

    def named(self, _name: str, _signum: int, _frame: FrameType | None) -> None:
        raise LateError


@pytest.fixture(autouse=True)
def _handler_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


HANDLERS: list[Callable[..., None]] = [
    Deadline(),
    Deadline().pass_on,
    functools.partial(Deadline().named, "soft"),
]


@pytest.mark.parametrize("handler", HANDLERS)
def test_what_a_signal_handler_raises_comes_from_outside(handler: Callable[..., None]) -> None:
    signal.signal(signal.SIGUSR1, handler)
    with pytest.raises(LateError) as caught:
        strike()
    assert comes_from_outside(caught.value)


def test_what_a_function_raises_does_not_nor_what_was_never_raised() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        divmod(1, 0)
    assert not comes_from_outside(caught.value)
    assert not comes_from_outside(LateError())
    assert comes_from_outside(KeyboardInterrupt())


def test_a_deadline_in_the_functions_that_an_application_gives_reaches_the_application() -> None:
    signal.signal(signal.SIGUSR1, Deadline())
    recorder = Recorder()

    def labels() -> tuple[str, str, str]:
        strike()
        return ("acme", "shop.example.com", "shopify")

    @track("get_cart", labels=labels, recorder=recorder)
    def never() -> None:
        pytest.fail("its labels were never found")

    with pytest.raises(LateError):
        never()

    @track(
        "get_cart",
        org="acme",
        domain="shop.example.com",
        platform="shopify",
        failure=lambda _: strike(),
        recorder=recorder,
    )
    def call() -> None:
        pass

    with pytest.raises(LateError):
        call()
    state = only(recorder)
    assert (state.total, state.in_progress, state.errors) == (1, 0, {})
