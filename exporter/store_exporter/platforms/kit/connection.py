"""The connection to one store: the state kept between requests. It does not send them."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any, ClassVar, Generic, Self, TypedDict, TypeVar, Unpack
from urllib.parse import urlsplit

from ...contract import Response
from ...errors import StoreError
from ...net.caches import PathCache
from ...net.marks import GENERIC, Marks
from ...net.page_sizes import PageSizes
from ...net.plans import Plan, Request, requested_wait
from ...net.url import normal
from ...stores.model import Secret, Store, Unreadable

ApiT = TypeVar("ApiT")
T = TypeVar("T")
_LIFETIME = 3600.0
_LATEST = 2**33
"""A Unix time in the year 2242."""
Send = Callable[[Request], Plan[Response]]
"""Sends a request and returns the response, with the repetitions of a `Retrier` or without."""


Credential = str | Secret | Unreadable | None
"""One of a store's secrets."""


class Clocks(TypedDict, total=False):
    """The clocks; by default the machine's own."""

    monotonic: Callable[[], float]
    """Seconds of a clock that never jumps; for tests."""
    now: Callable[[], float]
    """Unix time in seconds; for tests."""


class StoreClock:
    """The clock of one store: our clock (`now`), until a response shows the store's time.

    A store's dates follow its own clock, so their age must be computed by it.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ahead = 0.0

    def note(self, shown: float | None) -> None:
        """Set the clock to the Unix time that a response has just shown; None if it showed none."""
        if shown is not None and 0 <= shown < _LATEST:
            self._ahead = shown - self._now()

    def __call__(self) -> float:
        """Return the current Unix time in seconds, by the store's clock."""
        return self._now() + self._ahead


class Facts:
    """Facts about a store that are kept for an hour. Racing threads may request a fact twice."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: dict[object, tuple[float, Any]] = {}

    def fix(self, known: Callable[..., Plan[T]], value: T) -> None:
        """Set the result of a `fact` permanently."""
        self._known[known] = (math.inf, value)

    def forget(self, known: Callable[..., Plan[Any]]) -> None:
        """Forget the result of a `fact`, so that it is requested again when it is needed."""
        self._known.pop(known, None)

    def get(self, known: Callable[..., Plan[T]], request: Callable[[], Plan[T]]) -> Plan[T]:
        """Return the result of a `fact`; request it if the last one is an hour old."""
        ends, value = self._known.get(known, (-math.inf, None))
        if ends < self._monotonic():
            value = yield from request()
            self._known[known] = (self._monotonic() + _LIFETIME, value)
        found: T = value
        return found


def fact(request: Callable[[ApiT], Plan[T]]) -> Callable[[ApiT], Plan[T]]:
    """Decorate a plan so that its result is kept for an hour.

    The result belongs to the store: all its operations, probes and collectors share it.
    """

    @wraps(request)
    def remembered(api: Any) -> Plan[T]:
        known: Plan[T] = api.facts.get(remembered, partial(request, api))
        return known

    return remembered


class Connection(ABC, Generic[ApiT]):
    """One store: its address, its credentials, and the state that is kept between requests.

    A client has one connection for its lifetime; monitoring has one for each store. Threads may
    share it. `credentials` and the platform's other `settings` have the names of a store's
    configuration.

    Raises:
        KeyError: credentials or settings are missing.
        ValueError: `url` is not an http or https address.
    """

    platform: ClassVar[str]
    """Value of the label `platform`."""
    marks: ClassVar[Marks] = GENERIC
    """The marks of the platform, and of whatever may respond in its place."""
    example: ClassVar[str] = "https://shop.example.com"
    """An example of the address of a store of this platform."""
    api_type: ClassVar[Callable[..., Any]]
    """The platform's class `ApiT`, with the same constructor as `Api`."""

    def __init__(
        self,
        url: str,
        credentials: Mapping[str, Credential],
        settings: Mapping[str, Any],
        **clocks: Unpack[Clocks],
    ) -> None:
        try:
            self.url = normal(url)
        except ValueError:
            raise ValueError(f"url is not like {self.example}") from None
        self.host = urlsplit(self.url).hostname or ""
        self.monotonic = clocks.get("monotonic", time.monotonic)
        self.now = clocks.get("now", time.time)
        self.store_now = StoreClock(self.now)
        self.facts = Facts(self.monotonic)
        self.shown: dict[str, Any] = {}
        self.path_cache = PathCache(self.monotonic)
        self.page_sizes = PageSizes(self.monotonic)
        self.credentials = credentials
        self.settings = settings
        self.prepare()

    @classmethod
    def of(cls, store: Store, **clocks: Unpack[Clocks]) -> Self:
        """Return the connection that a store's configuration describes."""
        return cls(store.url, store.credentials, store.settings, **clocks)

    def prepare(self) -> None:
        """Create the platform's own state of a store; does nothing by default.

        Raises:
            KeyError: credentials or settings are missing.
        """

    @abstractmethod
    def sign(self, request: Request) -> Request:
        """Add the credentials to a request; the driver calls it again for each attempt.

        Raises:
            StoreError: unauthorized, there are no credentials.
        """

    def api(self, send: Send, *, deadline: float) -> ApiT:
        """Return the platform's API for one operation or run.

        `send` sends each request. Everything has to be done within `deadline` seconds from now on.
        """
        made: ApiT = self.api_type(self, send, deadline=deadline)
        return made

    def requested_wait(self, response: Response, now: float) -> float | None:
        """Return the seconds to wait that a response requests at a Unix time, or None."""
        return requested_wait(response, now)


class Api:
    """The base class of the platforms' APIs; one instance serves one operation or run.

    The arguments are those of `Connection.api`.

    Attributes:
        url: the store's base address without a trailing slash.
        monotonic: seconds of a clock that never jumps.
        now: Unix time in seconds.
        store_now: the same by the store's clock, if responses showed it.
        ends: the time of the deadline, by `monotonic`.
        facts: the kept facts about the store.
        shown: the values of counters when they were last reported, by collector or probe.
        path_cache: whether responses come from a cache whose key is the path alone.
        page_sizes: the maximum page sizes of its lists.
        exchange: sends a request.
    """

    def __init__(self, connection: Connection[Any], send: Send, *, deadline: float) -> None:
        self.url = connection.url
        self.monotonic = connection.monotonic
        self.now = connection.now
        self.store_now = connection.store_now
        self.ends = connection.monotonic() + deadline
        self.facts = connection.facts
        self.shown = connection.shown
        self.path_cache = connection.path_cache
        self.page_sizes = connection.page_sizes
        self.exchange = send

    def left(self) -> float:
        """Return the seconds until the deadline."""
        return self.ends - self.monotonic()


def reveal(value: Credential, name: str = "a credential") -> str:
    """Return a credential as it is sent; `name` is its key in the configuration.

    Raises:
        StoreError: unauthorized, the credential is missing or unusable.
    """
    if value is None:
        raise StoreError("unauthorized", f"{name} is missing")
    if isinstance(value, Unreadable):
        # The reason may name files of this machine, and an org reads what its probes report.
        message = f"{name} is unusable; the exporter's log has the reason"
        raise StoreError("unauthorized", message)
    return value.reveal() if isinstance(value, Secret) else value
