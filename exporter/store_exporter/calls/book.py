"""The recent calls of each store, for people to read: bounded, written from any thread.

Messages are stored unmasked, because the writer is an operation that must not wait. `shown` masks
them; nothing leaves the process without it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator

from ..lock import Lock
from .call import MAX_RAW, OPERATION, Call, message_and_status
from .privacy import hide
from .store_calls import BYTES_OF_CALL, CallLimits, StoreCalls, copied, size

SHOWN = 300
"""Characters of a message that are shown."""
MAX_STORES = 10_000
MAX_BYTES = 100_000_000
"""Memory that failures reported by other processes may take, messages included."""
_UNSURE = 200
"""Characters that are not shown at the end of a message that was cut before it was masked: they may
be the beginning of a secret that no pattern recognises any more."""
_BUSY = 1.0
"""Seconds. A full list whose oldest call is younger takes no more calls, so that failing is
cheap."""

Labels = tuple[str, str, str, str]


class CallBook:
    """Remembers calls of stores.

    Args:
        limits: how many calls to remember, and for how long.
        redact: hides secrets in a message.
        clock: Unix time in seconds.

    Attributes:
        since: Unix time at which the book began to remember calls.
    """

    def __init__(
        self,
        limits: CallLimits | None = None,
        redact: Callable[[str], str] = str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.limits: CallLimits = limits or CallLimits()
        self.since: float = clock()
        self._redact = redact
        self._clock = clock
        self._pages: dict[tuple[str, str], StoreCalls] = {}
        self._changed: set[tuple[str, str]] = set()
        self._bytes = 0
        self._lock = Lock()

    def failed(
        self,
        labels: Labels,
        seconds: float,
        error_type: str,
        error: BaseException | None,
        trace: str,
    ) -> None:
        """Remember an operation of this process that failed just now. Does not block.

        Args:
            labels: org, domain, platform and operation.
            seconds: how long it took.
            error_type: one of the closed list.
            error: the exception, if there was one; only its class, text and HTTP status are kept.
            trace: the active trace, or "".

        Raises:
            Exception: whatever an odd exception raises when its text is read.
        """
        org, domain, platform, operation = labels
        now = self._clock()
        call = Call(now, org, domain, platform, OPERATION, operation, seconds, error_type)
        calls = self._page(org, domain).list_of(call)
        if len(calls) == calls.maxlen and 0 <= now - calls[0].time < _BUSY:
            return
        message, status = message_and_status(error)
        calls.append(call._replace(message=message, status=status, trace_id=trace))
        self._changed.add((org, domain))

    def slow(self, labels: Labels, seconds: float, trace: str) -> float:
        """Remember an operation that succeeded if it is among the slowest of its store.

        Args:
            labels: org, domain, platform and operation.
            seconds: how long it took.
            trace: the active trace, or "".

        Returns:
            The duration in seconds above which a call is now among the slowest.
        """
        org, domain, platform, operation = labels
        now = self._clock()
        return self._slow(
            Call(now, org, domain, platform, OPERATION, operation, seconds, trace_id=trace)
        )

    def threshold(self, org: str, domain: str) -> float:
        """Return the seconds above which a call is among the slowest of its store; -1 for any."""
        page = self._pages.get((org, domain))
        slowest = page.slowest if page else []
        if not self.limits.slowest:
            return float("inf")
        oldest = self._clock() - self.limits.age
        full = len(slowest) >= self.limits.slowest and all(one.time > oldest for one in slowest)
        return slowest[0].duration if full else -1.0

    def add(self, call: Call) -> None:
        """Remember a call that another process reports; cut its message to `MAX_RAW` characters."""
        if len(call.message) > MAX_RAW:
            call = call._replace(message=call.message[:MAX_RAW])
        if call.error_type is None:
            self._slow(call)
            return
        page = self._page(call.org, call.domain)
        calls = page.list_of(call)
        pushed_out = size(calls[0]) if calls and len(calls) == calls.maxlen else 0
        calls.append(call)
        self._changed.add((call.org, call.domain))
        if calls:
            self._weigh(page, size(call) - pushed_out)

    def of(self, org: str, domain: str) -> set[Call]:
        """Return all remembered calls of a store, unmasked."""
        page = self._pages.get((org, domain))
        return {call for calls in page.lists() for call in copied(calls)} if page else set()

    def read(self, org: str, domain: str | None = None) -> list[Call]:
        """Return the remembered failures of an org, newest first, unmasked."""
        return sorted(self._young(org, domain, slowest=False), key=lambda one: -one.time)

    def slowest(self, org: str, domain: str | None = None) -> list[Call]:
        """Return the remembered slowest calls of an org, slowest first, unmasked."""
        return sorted(self._young(org, domain, slowest=True), key=lambda one: -one.duration)

    def shown(self, call: Call) -> Call:
        """Return the call with a message that is safe to show: masked, on one line, and cut."""
        raw = call.message
        text = " ".join(hide(self._redact(raw)).split())
        if len(raw) >= MAX_RAW:
            text = text[: max(len(text) - _UNSURE, 0)]
        if len(text) > SHOWN:
            text = text[:SHOWN] + "…"
        return call._replace(message=text)

    def knows(self, org: str, domain: str) -> bool:
        """Whether any call of a store is remembered."""
        return (org, domain) in self._pages

    def pop_changed(self) -> set[tuple[str, str]]:
        """Return org and domain of the stores that had calls since this method was last called."""
        changed, self._changed = self._changed, set()
        return changed

    def forget(self, org: str, domain: str) -> None:
        """Forget a store."""
        self._drop((org, domain))

    def limit(self, limits: CallLimits) -> None:
        """Apply these limits from now on."""
        if limits == self.limits:
            return
        self._lock.run(self._limit, limits)

    def _limit(self, limits: CallLimits) -> None:
        self.limits = limits
        for key, page in list(self._pages.items()):
            self._pages[key] = made = page.limited(limits)
            self._bytes += made.bytes - page.bytes

    def _young(self, org: str, domain: str | None, *, slowest: bool) -> Iterator[Call]:
        oldest = self._clock() - self.limits.age
        for key, page in list(self._pages.items()):
            if key[0] == org and domain in (None, key[1]):
                *failures, slow = page.lists()
                for calls in [slow] if slowest else failures:
                    yield from (one for one in copied(calls) if one.time > oldest)

    def _page(self, org: str, domain: str) -> StoreCalls:
        key = (org, domain)
        page = self._pages.get(key)
        if page is None:
            if len(self._pages) >= MAX_STORES:
                # `attempt` does not wait: a signal handler may have interrupted the thread that
                # holds the lock.
                self._lock.attempt(self._make_room)
            page = self._pages.setdefault(key, StoreCalls.within(self.limits))
        return page

    def _weigh(self, page: StoreCalls, more: int) -> None:
        """Record how much a page grows, and make room if all pages together are too large."""
        # Failures of this process were not weighed, and one of them may have been pushed out.
        after = max(page.bytes + more, 0)
        self._bytes += after - page.bytes
        page.bytes = after
        if self._bytes > MAX_BYTES:
            self._lock.attempt(self._make_room)

    def _make_room(self) -> None:
        """Forget the oldest tenth of the stores of the org that uses most memory."""
        taken: Counter[str] = Counter()
        for (org, _), page in list(self._pages.items()):
            taken[org] += page.bytes + BYTES_OF_CALL
        most = taken.most_common(1)[0][0]
        keys = [key for key in list(self._pages) if key[0] == most]
        for key in keys[: len(keys) // 10 + 1]:
            self._drop(key)

    def _drop(self, key: tuple[str, str]) -> None:
        page = self._pages.pop(key, None)
        self._bytes -= page.bytes if page else 0

    def _slow(self, call: Call) -> float:
        most, oldest = self.limits.slowest, self._clock() - self.limits.age
        page = self._page(call.org, call.domain)
        if not most:
            return float("inf")
        # `attempt` does not wait, as above. A slow call that is missed now and then does no harm.
        if not self._lock.attempt(page.insert, call, oldest, most):
            return call.duration
        self._changed.add((call.org, call.domain))
        return page.slowest[0].duration if len(page.slowest) >= most else -1.0
