"""The scrapers of a recorder, distinguished as far as their requests allow, in bounded memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..lock import Lock
from .births import HORIZON, Look

MOST_SCRAPERS = 64
"""Scrapers remembered; above that the one with the oldest request is forgotten."""

_LONGEST = 200
"""Characters stored of a scraper's name and `User-Agent`."""

_POLL = 0.05
"""Seconds between two checks whether all have received everything, at the end of a process."""

_TOO_SOON = 0.8
"""Fraction of its timeout after which a scraper may send its next request. Prometheus requires an
interval of at least the timeout; after a late scrape the next one may come sooner."""


@dataclass(frozen=True, slots=True)
class Scraper:
    """A scraper, as far as its requests identify it.

    Attributes:
        name: from the parameter `scraper`; empty without.
        address: where the request comes from, as the server sees it.
        port: likewise; it distinguishes connections from one address.
        agent: its `User-Agent`.
        timeout: its `X-Prometheus-Scrape-Timeout-Seconds`, in seconds; 0 without.
        is_open: whether its connection is still open, if the server knows.
        keeps: whether it keeps its connection open, if the server knows.
        classic: whether it gets classic buckets beside native histograms.
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
    """Return the scraper that sent a request; None if it is not a scrape.

    Programs that feed a database with PromQL send their timeout: Prometheus, its agent mode and
    Grafana's agent, the OpenTelemetry Collector, vmagent; Telegraf does not, and needs a name. A
    client that sends neither, such as a person with curl, is not a scraper: it gets all real values
    and changes nothing. A request whose connection is closed is not a scrape either: after a stall,
    a scraper has given up on all its waiting requests but the last.

    Args:
        header: returns a header of the request by name, in any case.
        query: the request's query, such as `scraper=a`. With `classic_histograms=false` protobuf
            contains native histograms only.
        peer: address and port of the client; None, or a path, if it has none.
        is_open: whether the connection is still open, if the server knows.
    """
    name, classic = "", True
    if query:
        # Imported here, so that importing this package does not import it.
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


class KnownScraper:
    """A scraper that sent a request before.

    Attributes:
        scraper: its last request.
        last_request: the time of that request, on the recorder's monotonic clock.
        interval: seconds between its last two requests.
        known_until: the `moment` of its last complete look.
        shown_until: it has received the real value of series with a first look up to this time.
        has_all: whether no series was new to it in its last complete look.
    """

    __slots__ = ("has_all", "interval", "known_until", "last_request", "scraper", "shown_until")

    def __init__(self, scraper: Scraper, last_request: float, known_until: float) -> None:
        self.scraper: Scraper = scraper
        self.last_request: float = last_request
        self.interval: float = HORIZON
        self.known_until: float = known_until
        self.shown_until: float = known_until
        self.has_all: bool = False

    def is_like(self, scraper: Scraper) -> bool:
        """Whether only the connection can distinguish the two."""
        return _key(self.scraper) == _key(scraper)

    def is_certainly(self, scraper: Scraper) -> bool:
        """Whether the request is from this similar scraper, by its name or its connection."""
        return bool(scraper.name) or 0 < scraper.port == self.scraper.port

    def since(self, scraper: Scraper) -> float:
        """Return the time after which series are new to this scraper in its next request.

        A request on another connection may mean that it gave up on its last response: Prometheus
        closes a connection if the response is late, by however little. Series that were new in that
        response are then at zero once more, which does no harm if it was received.
        """
        lost = scraper.keeps and self.scraper.keeps and scraper.port != self.scraper.port
        return self.shown_until if lost else self.known_until

    def is_open(self) -> bool:
        """Whether its connection is certainly open, so that one on another is not its own."""
        return self.scraper.is_open is not None and self.scraper.is_open()

    def may_come(self, scraper: Scraper, now: float) -> bool:
        """Whether this similar scraper without an open connection may have sent the request."""
        shortest = _TOO_SOON * scraper.timeout if self.scraper.is_open is None else 0.0
        return now - self.last_request >= shortest


class Scrapers:
    """The scrapers of one recorder.

    A scraper with a name is identified by it. Others are identified by address, agent and timeout.
    Scrapers that share these, such as two replicas on one machine, are distinguished by their
    connections, or by a request that comes sooner than one scraper could send it.

    Args:
        monotonic: seconds of a monotonic clock.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self.reset()

    def reset(self) -> None:
        """Forget all in a forked child, where locks may belong to threads that no longer exist."""
        self._lock = Lock()
        self._known: list[KnownScraper] = []

    def find(self, scraper: Scraper) -> KnownScraper:
        """Return the known scraper that sent a request, or add it."""
        return self._lock.run(self._find, scraper)

    def _find(self, scraper: Scraper) -> KnownScraper:
        now = self._monotonic()
        # The one with the oldest request is first.
        self._known = [one for one in self._known if one.last_request > now - HORIZON]
        alike = [one for one in self._known if one.is_like(scraper)]
        found = [one for one in alike if one.is_certainly(scraper)]
        if found:
            known_until = found[0].since(scraper)
        else:
            # It may be any scraper without an open connection. So all series that one of them has
            # not read are new, unless one of them has received the real value, which must not fall
            # back to zero. Replicas with steady intervals lose nothing by that: the series whose
            # real value one has received are older than the last look of the others.
            unsure = [one for one in alike if not one.is_open()]
            found = [one for one in unsure if one.may_come(scraper, now)]
            lacking = min((one.since(scraper) for one in found), default=now - HORIZON)
            known_until = max([lacking, *(one.shown_until for one in unsure)])
        known = found[0] if found else KnownScraper(scraper, now, known_until)
        if found:
            self._known.remove(known)
            known.interval = now - known.last_request
            known.scraper, known.last_request, known.known_until = scraper, now, known_until
        self._known = [*self._known[1 - MOST_SCRAPERS :], known]
        return known

    def any_came(self) -> bool:
        """Whether a scraper has sent a request within the last `HORIZON` seconds."""
        since = self._monotonic() - HORIZON
        return any(one.last_request > since for one in self._known)

    def complete(self, known: KnownScraper, look: Look) -> None:
        """Record that a scraper received a look completely, unless its timeout has passed."""
        timeout = known.scraper.timeout
        if timeout and self._monotonic() - look.moment > timeout:
            return
        self._lock.run(_complete, known, look)

    def wait(self, timeout: float) -> bool:
        """Wait until every active scraper, and at least one, has received everything."""
        began = self._monotonic()
        until = time.monotonic() + timeout
        while not self._lock.run(self._all_have, began):
            left = until - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, _POLL))
        return True

    def _all_have(self, began: float) -> bool:
        """Whether all have received everything that was counted until then."""
        now = self._monotonic()
        coming = [one for one in self._known if now - one.last_request < 2 * one.interval + 1]
        return bool(coming) and all(one.has_all and one.known_until > began for one in coming)


def _complete(known: KnownScraper, look: Look) -> None:
    known.known_until = look.moment
    known.has_all = not look.has_news


def _key(scraper: Scraper) -> tuple[str, str, str, float]:
    if scraper.name:
        return scraper.name, "", "", 0.0
    return "", scraper.address, scraper.agent, scraper.timeout
