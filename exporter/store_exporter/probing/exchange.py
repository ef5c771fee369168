"""One HTTP exchange: the request, its measurements, and the interface of the sender."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..contract import Response
from ..errors import StoreError
from ..net import names, tls
from ..stores.model import Proxy

if TYPE_CHECKING:
    from .connections import Wire

REQUEST_SECONDS = 30.0
"""Maximum seconds of one request, independent of the run's timeout."""
IDLE = 70.0
"""Maximum interval for which connections are kept between runs: nginx keeps them for 75 s."""


class StaleConnectionError(StoreError):
    """A kept connection was closed or lost before the response began.

    Servers close idle connections at any time, and firewalls drop them, so this is not a failure of
    the store: an idempotent request is signed again and sent over another connection.
    """


class Outgoing(NamedTuple):
    """A request to a store.

    Attributes:
        method: in upper case.
        url: with the query, encoded.
        deadline: when the response must be complete, by the event loop's clock.
        max_body_bytes: maximum size of the response's body.
        headers: beside those that are always sent.
        data: the body.
        ca_file: PEM file with further trusted issuers.
        proxy: the proxy to use, if any.
        lasting: whether to keep the connection for further runs.
        anew: whether to open a new connection, whichever are kept.
    """

    method: str
    url: str
    deadline: float
    max_body_bytes: int
    headers: Mapping[str, str] = MappingProxyType({})
    data: bytes | None = None
    ca_file: str | None = None
    proxy: Proxy | None = None
    lasting: bool = False
    anew: bool = False


class Exchange:
    """Measurements of an exchange, filled in step by step, so that a failed one has them too.

    `known_expiry` is the expiry of the certificate that the store presented before.

    Attributes:
        anew: whether no kept connection may be used.
        most_bytes: how many bytes the response may take on the wire.
        wire: its connection, None before it.
        phases: seconds of each completed phase.
        certificate_expiry: Unix time; for a kept connection the previously known one.
        kept: whether it used a kept connection.
        status: HTTP status of the response, None before it.
    """

    __slots__ = (
        "_began",
        "_handshake",
        "_known_expiry",
        "_resolving",
        "anew",
        "certificate_expiry",
        "kept",
        "most_bytes",
        "phases",
        "status",
        "wire",
    )

    def __init__(self, known_expiry: float | None = None) -> None:
        self._known_expiry = known_expiry
        self.anew = False
        self.most_bytes = math.inf
        self.wire: Wire | None = None
        self.phases: dict[str, float] = {}
        self.certificate_expiry: float | None = None
        self.kept = False
        self.status: int | None = None
        self._began = time.perf_counter()
        self._resolving = names.Resolving()
        self._handshake = tls.Handshake()

    def watch(self) -> None:
        """Record the phases of the current task's next connection in this exchange."""
        watched.set(self)
        names.watched.set(self._resolving)
        tls.watched.set(self._handshake)

    def connected(self, *, is_new: bool) -> None:
        """Record that a connection is ready, and compute the phases of a new one."""
        if is_new:
            self._settle_connection(time.perf_counter())
            self.certificate_expiry = self._handshake.expiry
        else:
            self.kept = True
            self.certificate_expiry = self._known_expiry

    def _settle_connection(self, now: float | None) -> None:
        begins, handshake = self._began, self._handshake
        if self._resolving.ended is not None and self._resolving.began is not None:
            self.phases["resolve"] = self._resolving.ended - self._resolving.began
            begins = self._resolving.ended
        ends = handshake.began or now
        if ends is not None:
            self.phases["connect"] = ends - begins
        if handshake.began is not None and handshake.ended is not None:
            self.phases["tls"] = handshake.ended - handshake.began
        if now is not None:
            self._began = now

    @property
    def queued(self) -> float:
        """Seconds of waiting for other DNS look-ups of this process; infinite while it waits."""
        return self._resolving.waited

    @property
    def exceeded(self) -> bool:
        """Whether it was ended because the response took too many bytes."""
        return self.wire is not None and self.wire.left < 0

    @property
    def secured(self) -> bool:
        """Whether a TLS handshake has begun."""
        return self._handshake.began is not None

    def responded(self, status: int) -> None:
        """Record that the head of the response was read."""
        now = time.perf_counter()
        self.status = status
        self.phases["processing"] = now - self._began
        self._began = now

    def complete(self) -> None:
        """Record that the body was read."""
        self.phases["transfer"] = time.perf_counter() - self._began

    def stage(self) -> str:
        """Describe the stage at which the exchange failed, and compute the phases before it."""
        if self.status is not None:
            return "in the middle of its response"
        if self.kept or "processing" in self.phases or "connect" in self.phases:
            return "while it was to respond"
        self._settle_connection(None)
        if self._handshake.began is not None:
            return "during the TLS handshake"
        if self._resolving.began is not None and self._resolving.ended is None:
            return "while its name was looked up"
        return "while connecting to it or waiting for its response"


watched: ContextVar[Exchange | None] = ContextVar("watched_exchange", default=None)
"""Set before connecting; the connector reports the connection to it."""


class Sender(Protocol):
    """Sends requests: a `Transport`, or a test's replacement without a network."""

    async def send(self, outgoing: Outgoing, exchange: Exchange) -> Response:
        """Send a request and return the response, with any status; see `Transport.send`."""
        ...
