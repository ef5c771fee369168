"""All that is known of one store for as long as it is asked, and nothing of how requests travel."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Generic, TypedDict, TypeVar, Unpack
from urllib.parse import urlsplit

from ...contract import Response
from ...net.plans import Plan, Request, asked_to_wait
from ...net.url import normal
from ...stores.model import Secret

ApiT = TypeVar("ApiT")
Send = Callable[[Request], Plan[Response]]
"""Sends a request and returns whatever is answered: a `Retrier`'s, or one without repetitions."""


class Clocks(TypedDict, total=False):
    """What tells the time; the machine's own clocks unless given."""

    monotonic: Callable[[], float]
    """Seconds of a clock that never jumps; for tests."""
    now: Callable[[], float]
    """Unix time in seconds; for tests."""


class Connection(ABC, Generic[ApiT]):
    """One store: its address, what proves who asks, and what is remembered between requests.

    A client keeps one for its life, monitoring one for each store. Safe to share between threads.

    Args:
        url: the store's address.
        clocks: `monotonic` and `now`.

    Raises:
        ValueError: `url` is no http or https address.
    """

    platform: ClassVar[str]
    """Value of the label `platform`."""
    example: ClassVar[str] = "https://shop.example.com"
    """An address as the platform's stores have one."""

    def __init__(self, url: str, **clocks: Unpack[Clocks]) -> None:
        try:
            self.url = normal(url)
        except ValueError:
            raise ValueError(f"url is not like {self.example}") from None
        self.host = urlsplit(self.url).hostname or ""
        self.monotonic = clocks.get("monotonic", time.monotonic)
        self.now = clocks.get("now", time.time)

    @abstractmethod
    def sign(self, request: Request) -> Request:
        """Add what proves who asks; called by a driver for each attempt anew.

        Raises:
            StoreError: unauthorized, there is nothing that proves it.
        """

    @abstractmethod
    def api(self, send: Send, *, deadline: float) -> ApiT:
        """Return the platform's API for the time of one operation or run.

        Args:
            send: sends each request.
            deadline: seconds from now on in which all of it has to be done.
        """

    def asked_to_wait(self, response: Response, now: float) -> float | None:
        """Return for how many seconds an answer asks to wait, None if it does not.

        Args:
            response: any response.
            now: Unix time in seconds.
        """
        return asked_to_wait(response, now)


def revealed(value: str | Secret) -> str:
    """Return a credential as it is sent."""
    return value.reveal() if isinstance(value, Secret) else value
