"""One HTTP exchange: what is sent, what it was like, and who may send it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

from ..contract import Response
from ..errors import StoreError
from ..net import names, tls
from ..stores.model import Proxy

IDLE = 70.0
"""Seconds between two runs for which a connection is worth keeping: nginx keeps its own for 75."""


class StaleConnectionError(StoreError):
    """A connection that was kept turned out to be closed or lost before there was any answer.

    A server closes idle connections whenever it likes, and a firewall forgets them, so this says
    nothing about the store: a request that may be sent twice is to be signed anew and sent over
    another connection.
    """


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is to be sent to a store.

    Attributes:
        method: in upper case.
        url: with the query, encoded.
        deadline: when the answer must be complete, by the event loop's clock.
        max_body_bytes: the largest body that is read.
        headers: beyond those that are always sent.
        data: the body.
        ca_file: PEM file with further trusted issuers.
        proxy: what it goes through, if anything.
        lasting: whether the connection is to serve further runs.
    """

    method: str
    url: str
    deadline: float
    max_body_bytes: int
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytes | None = None
    ca_file: str | None = None
    proxy: Proxy | None = None
    lasting: bool = False


class Exchange:
    """What an exchange was like; filled in as it goes on, so that a failed one tells as well.

    Args:
        known_expiry: when the certificate expires that the store has shown before.

    Attributes:
        phases: seconds by phase, of those phases that were completed.
        certificate_expiry: Unix time; of a connection that was kept, as it was known before.
        kept: whether it took place over a connection that an earlier one had opened.
        status: HTTP status, once there is one.
    """

    __slots__ = (
        "_began",
        "_handshake",
        "_known_expiry",
        "_resolving",
        "certificate_expiry",
        "kept",
        "phases",
        "status",
    )

    def __init__(self, known_expiry: float | None = None) -> None:
        self._known_expiry = known_expiry
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
        """Note that a connection is ready, and settle what the phases of a new one were."""
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
        """Seconds for which our own other look-ups held it up; infinite while they do."""
        return self._resolving.waited

    @property
    def secured(self) -> bool:
        """Whether a TLS handshake has begun."""
        return self._handshake.began is not None

    def answered(self, status: int) -> None:
        """Note that the head of the answer is there."""
        now = time.perf_counter()
        self.status = status
        self.phases["processing"] = now - self._began
        self._began = now

    def complete(self) -> None:
        """Note that the body is there."""
        self.phases["transfer"] = time.perf_counter() - self._began

    def stage(self) -> str:
        """Say what was going on when the exchange failed, and settle the phases before that."""
        if self.status is not None:
            return "in the middle of its answer"
        if self.kept or "processing" in self.phases or "connect" in self.phases:
            return "while it was to answer"
        self._settle_connection(None)
        if self._handshake.began is not None:
            return "during the TLS handshake"
        if self._resolving.began is not None and self._resolving.ended is None:
            return "while its name was looked up"
        return "while connecting to it or waiting for its answer"


watched: ContextVar[Exchange | None] = ContextVar("watched_exchange", default=None)
"""Set before connecting, it is told which connection it has got."""


class Sender(Protocol):
    """What sends requests; a `Transport`, or a stand-in without a network."""

    async def send(self, outgoing: Outgoing, exchange: Exchange) -> Response:
        """Send a request and return the answer, whatever its status; see `Transport.send`."""
        ...
