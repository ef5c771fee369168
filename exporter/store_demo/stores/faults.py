"""Scripted misbehaviour of a simulated store: latency, statuses, bodies and dropped connections."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any


@dataclass(slots=True)
class Fault:
    """One way to misbehave, and when.

    Attributes:
        path: shell pattern of the request's path; `*` matches everything, slashes too.
        method: HTTP method, or `*`.
        rate: share of the matching requests that it hits, from 0 to 1.
        times: how many requests it hits before it ends; None means until it is cleared.
        skip: how many matching requests pass before it begins.
        latency: seconds added before the answer, or a function that draws them.
        status: HTTP status in place of the store's own; without a body the page says so in HTML.
        body: answer in place of the store's own, sent with `content_type`.
        change: turns the store's own JSON into another (return it; changing it in place is safe).
        headers: further headers of the answer; they replace the store's own.
        content_type: of `body`.
        drop: close the connection without an answer.
        truncate: send only this many bytes of the answer, then close the connection.
        trickle: seconds between the single bytes of the answer.
    """

    path: str = "*"
    method: str = "*"
    rate: float = 1.0
    times: int | None = None
    skip: int = 0
    latency: float | Callable[[], float] = 0.0
    status: int | None = None
    body: bytes | str | None = None
    change: Callable[[Any], object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "text/html; charset=UTF-8"
    drop: bool = False
    truncate: int | None = None
    trickle: float | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether it is meant for such a request."""
        return self.method in ("*", method) and fnmatch.fnmatchcase(path, self.path)

    def seconds(self) -> float:
        """Latency of the next answer, in seconds."""
        return self.latency() if callable(self.latency) else self.latency


class Faults:
    """The faults in force, each looked at for every request; the last one added wins."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force and return it, so that it can be removed again."""
        self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """End one fault; it does not matter whether it has ended already."""
        self._faults = [other for other in self._faults if other is not fault]

    def clear(self) -> None:
        """End all faults."""
        self._faults.clear()

    def next(self, method: str, path: str) -> Fault | None:
        """Return the fault that hits this request, and count it."""
        for fault in reversed(self._faults):
            if not fault.matches(method, path):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.rate < 1.0 and self._random.random() >= fault.rate:
                continue
            self._count(fault)
            return fault
        return None

    def _count(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self.remove(fault)
