"""The base classes of the clients for applications, blocking and asynchronous.

A platform's client is one of these with a constructor that makes its `Connection`. The operations
are methods of all clients, from their specification.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, ClassVar, Generic, Required, Self, TypeVar

import httpx

from ....metrics.recorder import Recorder
from ....net.plans import Plan
from ....net.retry import DEADLINE, Policy, Retrier, RetryBudget
from ....operations.bound import bind
from ....spec.operation import OperationSpec
from ....spec.operations import Operations
from ..connection import ApiT, Clocks, Connection
from ..operations.plans import Plans
from .drivers import AsyncDriver, SyncDriver, environment_proxy, tls_context

T = TypeVar("T")
TransportT = TypeVar("TransportT")
SleptT = TypeVar("SleptT")
MAX_BODY_BYTES = 5 * 1024 * 1024
_LIMITS = httpx.Limits(max_connections=10, max_keepalive_connections=5, keepalive_expiry=30.0)


class Options(Clocks, Generic[TransportT, SleptT], total=False):
    """The options of every client; `org` is required."""

    org: Required[str]
    """The tenant; a label of all measurements."""
    domain: str | None
    """The store's identity and a label; by default the host of the address."""
    policy: Policy | None
    """Timeouts, deadline and repetitions. The deadline includes waiting for a rate limit."""
    max_body_bytes: int
    """The largest response that is read, by default 5 MiB."""
    ca_file: str | None
    """PEM file with further trusted issuers, also for a proxy with TLS."""
    proxy_url: str | None
    """A proxy, such as http://user:password@proxy.example.com:3128; empty for none. By default, the
    proxy that the environment names. Without a scheme, it is an http proxy."""
    recorder: Recorder | None
    """Where to record; by default the process's own recorder."""
    random: Random
    """For jitter; for tests."""
    transport: TransportT | None
    """Sends the requests in place of a pool of connections; for tests."""
    sleep: Callable[[float], SleptT] | None
    """Waits between repetitions, to be awaited in an asyncio client; for tests."""


def clocks(options: Options[Any, Any]) -> Clocks:
    """Return the options that are clocks."""
    chosen = Clocks()
    if "monotonic" in options:
        chosen["monotonic"] = options["monotonic"]
    if "now" in options:
        chosen["now"] = options["now"]
    return chosen


def _check(client: type[Client[Any, Any, Any]], options: Options[Any, Any]) -> None:
    """Refuse wrong options as Python refuses arguments; otherwise only type checkers see them."""
    if "org" not in options:
        raise TypeError(f"{client.__name__}() needs org, the tenant that calls are counted for")
    for name in options.keys() - client.options.__annotations__.keys():
        raise TypeError(f"{client.__name__}() got an unexpected keyword argument {name!r}")


class Client(Operations, ABC, Generic[ApiT, TransportT, SleptT]):
    """What both clients have in common, for one store and the `plans` of its platform.

    Raises:
        TypeError: an option is unknown, or `org` is missing.
    """

    options: ClassVar[type] = Options

    def __init__(
        self, connection: Connection[ApiT], plans: Plans, options: Options[TransportT, SleptT]
    ) -> None:
        _check(type(self), options)
        plans.load()
        self.url = connection.url
        self.org = options["org"]
        self.domain = options.get("domain") or connection.host
        self._connection = connection
        self._plans = plans
        self._tracked = bind(
            org=self.org,
            domain=self.domain,
            platform=connection.platform,
            recorder=options.get("recorder"),
        )
        self._policy = options.get("policy")
        self._budget = RetryBudget()
        self._random = options.get("random") or Random()  # noqa: S311  # jitter is no secret
        self._begin(options)

    @abstractmethod
    def _begin(self, options: Options[TransportT, SleptT]) -> None:
        """Make the driver."""

    def _driver_options(
        self, options: Options[TransportT, SleptT], pool: Callable[..., TransportT]
    ) -> dict[str, Any]:
        """Return the arguments of the driver; `pool` makes its transport if none is given."""
        transport, proxy = options.get("transport"), None
        if not transport:
            proxy, secure = _proxy(self.url, options), self.url.startswith("https:")
            verify = tls_context(options.get("ca_file")) if secure else False
            transport = pool(proxy=proxy, verify=verify, limits=_LIMITS, trust_env=False)
        return {
            "transport": transport,
            "proxied": proxy is not None,
            "sign": self._connection.sign,
            "marks": self._connection.marks,
            "max_body_bytes": options.get("max_body_bytes", MAX_BODY_BYTES),
            "sleep": options.get("sleep"),
            "monotonic": self._connection.monotonic,
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.domain} of {self.org}>"

    def _plan(self, spec: OperationSpec[..., T], args: Any, kwargs: Any) -> Plan[T]:
        planned, connection = self._plans.of(spec), self._connection
        policy = self._policy or Policy(deadline=planned.deadline or DEADLINE)
        retrier = Retrier(
            policy,
            self._budget,
            monotonic=connection.monotonic,
            now=connection.now,
            random=self._random,
            wait=connection.requested_wait,
        )
        api = connection.api(retrier.send, deadline=policy.deadline)
        return planned.plan(api, *args, **kwargs)


def _proxy(url: str, options: Options[Any, Any]) -> httpx.Proxy | None:
    chosen = options.get("proxy_url")
    address = environment_proxy(url) if chosen is None else chosen
    if not address:
        return None
    # The environment may name a proxy without a scheme; curl and requests accept that, too.
    address = address if "://" in address else f"http://{address}"
    try:
        proxy = httpx.Proxy(address)
    except (ValueError, httpx.InvalidURL):
        # The library's message may contain the proxy's password.
        raise ValueError("the proxy is not like http://proxy.example.com:3128") from None
    if proxy.url.scheme == "https":
        # A user with an own issuer needs it for the proxy, too.
        proxy.ssl_context = tls_context(options.get("ca_file"))
    return proxy


class BlockingClient(Client[ApiT, httpx.BaseTransport, None]):
    """A store, for blocking code. One client serves all threads of an application."""

    def _begin(self, options: Options[httpx.BaseTransport, None]) -> None:
        self._driver = SyncDriver(**self._driver_options(options, httpx.HTTPTransport))

    def run_operation(self, spec: OperationSpec[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run one operation, measured."""
        with self._tracked(spec.name):
            return self._driver.run(self._plan(spec, args, kwargs))

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(Client[ApiT, httpx.AsyncBaseTransport, Awaitable[None]]):
    """A store, for asyncio. Operations must be awaited; the client awaits `sleep`."""

    def _begin(self, options: Options[httpx.AsyncBaseTransport, Awaitable[None]]) -> None:
        self._driver = AsyncDriver(**self._driver_options(options, httpx.AsyncHTTPTransport))

    async def run_operation(self, spec: OperationSpec[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run one operation, measured."""
        with self._tracked(spec.name):
            return await self._driver.run(self._plan(spec, args, kwargs))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._driver.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
