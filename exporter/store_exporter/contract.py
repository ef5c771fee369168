"""What a probe or collector is: an async function from a context to samples.

It returns data and records nothing. It raises `StoreError` for a failure it understands; the
runner classifies everything else, keeps the deadline, records the result and remembers it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .metrics.families import Sample
from .stores.model import Store


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer, read whole within the size limit.

    Attributes:
        status: HTTP status.
        headers: names in lower case.
        body: decompressed, at most the limit asked for.
        url: the address that answered, after permitted redirects.
        phases: seconds per phase (resolve, connect, tls, processing, transfer); phases that did
            not happen, as on a reused connection, are absent.
        certificate_expiry: Unix time at which the presented certificate expires, over https.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    phases: Mapping[str, float] = field(default_factory=dict)
    certificate_expiry: float | None = None


class Http(Protocol):
    """Bounded HTTP to one store: time, size, redirects, budget and concurrency are limited."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        max_body_bytes: int | None = None,
    ) -> Response:
        """Send one request and return whatever was answered, an error status included.

        Raises:
            StoreError: timeout, dns, connection, tls, tls_untrusted, redirect,
                response_too_large, invalid_response for a body that cannot be decompressed,
                rate_limited when the hourly budget is spent, or invalid_request for an address
                that configuration does not give the store.
        """
        ...


class Cursor(Protocol):
    """A collector's persisted memory for one store: a JSON document, replaced atomically.

    The position in the store's data and the counters that belong to it stand in the same document.
    When the run ends, by a failure as well, the last saved document is made durable, and only then
    figures are published; so nothing is counted twice or lost, whenever the process dies.
    """

    def load(self) -> dict[str, Any]:
        """Return the last saved document, also of this run; empty at first."""
        ...

    def save(self, document: Mapping[str, Any]) -> None:
        """Replace the document.

        Raises:
            TypeError: it has something in it that JSON has not.
            ValueError: it is too large, or has numbers in it that are not finite.
        """
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a probe or collector gets to work with."""

    store: Store
    http: Http
    cursor: Cursor
    options: Mapping[str, Any]
    """This probe's or collector's own options from the configuration, with defaults filled in."""
    now: Callable[[], float]
    """Unix time in seconds; passed in so that tests can choose it."""
    memory: dict[str, Any] = field(default_factory=dict)
    """What the platform remembers of the store between runs, such as the state of a rate limit; all
    probes and collectors of the store share it. It is lost when the exporter ends."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds of a clock that never jumps; passed in for the same reason as `now`."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits for seconds of that clock."""


@dataclass(slots=True)
class Report:
    """What a probe or collector found.

    Attributes:
        samples: the figures to publish until the next run.
        degraded: why the store works but not well, one sentence each; empty when it is well.
        summary: one line for a person: what was asked and what came back.
    """

    samples: Sequence[Sample] = ()
    degraded: Sequence[str] = ()
    summary: str = ""


Check = Callable[[Context], Awaitable[Report]]
"""The function behind a probe or a collector."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One health check that a platform offers.

    Attributes:
        name: value of the label `probe`.
        check: the function that runs it.
        description: one sentence: what it asks and what its failure means.
        interval: seconds between runs unless configured.
        timeout: seconds for one run unless configured.
        critical: whether the store is critical, rather than degraded, while this probe fails.
        liveness: whether `store_up` is this probe's result; true for one probe per platform.
        options: option names that the configuration may set, with their defaults.
        requests: HTTP requests that one run sends, for the estimate of the budget.
    """

    name: str
    check: Check
    description: str
    interval: float = 60.0
    timeout: float = 10.0
    critical: bool = False
    liveness: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Collector:
    """One group of business figures that a platform offers.

    Attributes:
        name: value of the label `collector`.
        check: the function that runs it.
        description: one sentence: what it reads and what that costs the store.
        interval: seconds between runs unless configured; figures disappear after three.
        timeout: seconds for one run unless configured.
        options: option names that the configuration may set, with their defaults.
        requests: HTTP requests that one run usually sends, for the estimate of the budget.
    """

    name: str
    check: Check
    description: str
    interval: float = 300.0
    timeout: float = 60.0
    options: Mapping[str, Any] = field(default_factory=dict)
    requests: int = 1
