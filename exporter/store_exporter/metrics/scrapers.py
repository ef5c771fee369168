"""Which scrapers there are, told apart as well as their requests allow, in bounded memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..lock import Lock
from .births import HORIZON, Look

MOST_SCRAPERS = 64
"""Scrapers remembered; beyond that the one that was not here for the longest is forgotten."""

_LONGEST = 200
"""Characters kept of what a scraper says of itself."""

_POLL = 0.05
"""Seconds between two looks at whether all have got everything, at the end of a process."""

_TOO_SOON = 0.8
"""The part of its timeout after which a scraper may come again. Prometheus wants the interval to be
at least the timeout, and what a scrape is late by may be missing before the next one."""


@dataclass(frozen=True, slots=True)
class Scraper:
    """A scraper, as far as its requests identify it.

    Attributes:
        name: what it calls itself, by the parameter `scraper`; empty if it does not.
        address: where the request comes from, as the server sees it.
        port: likewise; it tells connections of one address apart.
        agent: its `User-Agent`.
        timeout: its `X-Prometheus-Scrape-Timeout-Seconds`, in seconds; 0 without.
        is_open: whether its connection is still open, where the server can tell.
        keeps: whether it means to come again on the same connection, where the server can tell.
        classic: whether it wants classic buckets beside native histograms.
    """

    name: str = ""
    address: str = ""
    port: int = 0
    agent: str = ""
    timeout: float = 0.0
    is_open: Callable[[], bool] | None = None
    classic: bool = True
    keeps: bool = False


def scraper_of(
    header: Callable[[str], str | None],
    query: str,
    peer: Any,
    *,
    is_open: Callable[[], bool] | None = None,
) -> Scraper | None:
    """Return the scraper that a request comes from.

    Everything that feeds a database with PromQL says how long it will wait: Prometheus, its agent
    mode and Grafana's, OpenTelemetry's collector, vmagent. Who neither does so nor has a name, such
    as a person with curl, is none: he is shown every value as it is, and changes nothing. Neither
    is who has gone by now: after a standstill several requests wait, all but the last given up.

    Args:
        header: gives a header of the request by its name, in whatever case.
        query: the request's query, such as `scraper=a`. With `classic_histograms=false` protobuf
            carries native histograms alone, for those who store no others.
        peer: address and port of the other end; None, or a path, where it has none.
        is_open: whether the connection is still open, where the server can tell.
    """
    name, classic = "", True
    if query:
        # Imported here, so that it costs the import of this package nothing.
        from urllib.parse import parse_qs

        requested = parse_qs(query)
        name = requested.get("scraper", [""])[0]
        classic = requested.get("classic_histograms") != ["false"]
    timeout = _seconds(header("x-prometheus-scrape-timeout-seconds"))
    if not (name or timeout) or (is_open and not is_open()):
        return None
    address, port = peer[:2] if isinstance(peer, (tuple, list)) else ("", 0)
    agent = header("user-agent") or ""
    port = int(port) if str(port).isdecimal() else 0
    keeps = is_open is not None and port > 0 and "close" not in (header("connection") or "").lower()
    return Scraper(
        name[:_LONGEST], str(address), port, agent[:_LONGEST], timeout, is_open, classic, keeps
    )


def _seconds(text: str | None) -> float:
    try:
        seconds = float(text or 0)
    except ValueError:
        return 0.0
    return seconds if 0 < seconds < math.inf else 0.0


class Known:
    """A scraper that was here.

    Attributes:
        scraper: its last request.
        asked: when that was, on the recorder's monotonic clock.
        interval: seconds between its last two.
        seen: the moment of its last complete look.
        told: births up to this moment were shown to it with their values.
        has_all: whether nothing was news to it in its last complete look.
    """

    __slots__ = ("asked", "has_all", "interval", "scraper", "seen", "told")

    def __init__(self, scraper: Scraper, asked: float, seen: float) -> None:
        self.scraper: Scraper = scraper
        self.asked: float = asked
        self.interval: float = HORIZON
        self.seen: float = seen
        self.told: float = seen
        self.has_all: bool = False

    def is_like(self, scraper: Scraper) -> bool:
        """Whether only a connection could tell the two apart."""
        return _key(self.scraper) == _key(scraper)

    def is_certainly(self, scraper: Scraper) -> bool:
        """Whether this one, which is alike, comes again by its name or on its connection."""
        return bool(scraper.name) or 0 < scraper.port == self.scraper.port

    def since(self, scraper: Scraper) -> float:
        """Return the moment after which births are news to this one, which comes again.

        On another connection it may have given up on its last answer: Prometheus closes one on
        which an answer came too late, by however little. What was news then is shown at zero once
        more, which changes nothing for one who has seen it.
        """
        lost = scraper.keeps and self.scraper.keeps and scraper.port != self.scraper.port
        return self.told if lost else self.seen

    def is_open(self) -> bool:
        """Whether its connection is open for certain, so that who comes on another is not it."""
        return self.scraper.is_open is not None and self.scraper.is_open()

    def may_come(self, scraper: Scraper, now: float) -> bool:
        """Whether this one, which is alike and has no connection open, may come again by now."""
        waits = _TOO_SOON * scraper.timeout if self.scraper.is_open is None else 0.0
        return now - self.asked >= waits


class Scrapers:
    """The scrapers of one recorder.

    One that gives itself a name is told by it. Others are told by address, agent and timeout; of
    those that share these, such as two replicas on one machine, by their connections, or by coming
    sooner than one of them could come again.

    Args:
        monotonic: seconds that only grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self.reset()

    def reset(self) -> None:
        """Forget everyone in a forked child, whose locks may belong to threads that are gone."""
        self._lock = Lock()
        self._known: list[Known] = []

    def find(self, scraper: Scraper) -> Known:
        """Return what is known of a scraper from its request."""
        return self._lock.run(self._find, scraper)

    def _find(self, scraper: Scraper) -> Known:
        now = self._monotonic()
        # Who has not asked for the longest comes first.
        self._known = [one for one in self._known if one.asked > now - HORIZON]
        alike = [one for one in self._known if one.is_like(scraper)]
        found = [one for one in alike if one.is_certainly(scraper)]
        if found:
            seen = found[0].since(scraper)
        else:
            # It may be any of those that have no connection open, so what each of them lacks is
            # news, and no value that one of them was shown falls back to zero. Steady replicas lose
            # nothing by that: what one was told was born before the last look of each other one.
            unsure = [one for one in alike if not one.is_open()]
            found = [one for one in unsure if one.may_come(scraper, now)]
            lacking = min((one.since(scraper) for one in found), default=now - HORIZON)
            seen = max([lacking, *(one.told for one in unsure)])
        known = found[0] if found else Known(scraper, now, seen)
        if found:
            self._known.remove(known)
            known.interval = now - known.asked
            known.scraper, known.asked, known.seen = scraper, now, seen
        self._known = [*self._known[1 - MOST_SCRAPERS :], known]
        return known

    def complete(self, known: Known, look: Look) -> None:
        """Note that a scraper got all of a look. One that has given up by now got none of it."""
        timeout = known.scraper.timeout
        if timeout and self._monotonic() - look.moment > timeout:
            return
        self._lock.run(_complete, known, look)

    def wait(self, timeout: float) -> bool:
        """Wait until every scraper that still comes, one at least, has got everything."""
        began = self._monotonic()
        until = time.monotonic() + timeout
        while not self._lock.run(self._all_have, began):
            left = until - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, _POLL))
        return True

    def _all_have(self, began: float) -> bool:
        """Whether all have got everything that was counted until then."""
        now = self._monotonic()
        coming = [one for one in self._known if now - one.asked < 2 * one.interval + 1]
        return bool(coming) and all(one.has_all and one.seen > began for one in coming)


def _complete(known: Known, look: Look) -> None:
    known.seen = look.moment
    known.has_all = not look.has_news


def _key(scraper: Scraper) -> tuple[str, str, str, float]:
    if scraper.name:
        return scraper.name, "", "", 0.0
    return "", scraper.address, scraper.agent, scraper.timeout
