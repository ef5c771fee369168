"""Reports the recent calls of an application to a remote exporter.

Metrics say how many calls failed, but not which ones and with which message. The exporter can show
single calls only if the application reports them. Reported calls are not counted again.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from ..calls.book import CallBook
from ..calls.call import Call
from ..legible import legible
from ..metrics.forks import end_with_process, reset_in_children
from ..metrics.recorder import Recorder, default
from ..net.redactor import Redactor
from .sending import CallSender, NotNowError, TokenError

log = logging.getLogger(__name__)

PATH = "/api/v1/calls"
_BATCH = 200
"""Calls per request, far below the exporter's limit."""
_SHOWN = 500
"""Characters of a problem that are logged."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
"""What a header can contain (RFC 7230, 3.2.6); the error for another token would show it."""

Store = tuple[str, str]


def report_calls(
    url: str, tokens: Mapping[str, str], *, recorder: Recorder | None = None, interval: float = 5.0
) -> CallReporter:
    """Report the failed and the slowest calls to an exporter, until the process ends.

    A thread sends them; operations never wait for it. Forked children report their own calls. Calls
    that cannot be sent now are sent later, as long as they are among their store's recent calls.

    Args:
        url: the exporter's address, such as `https://exporter.example.com:10847`.
        tokens: for each org, its token with the scope `ingest`. Calls of other orgs are not
            reported.
        recorder: the recorder of the calls; default: the process' own.
        interval: seconds between two requests.

    Raises:
        ValueError: the address is not an HTTP URL, a token is empty or invalid in a header, the
            interval is not positive, or the calls of this recorder are already kept or reported.
    """
    if not _is_address(url):
        example = "https://exporter.example.com:10847"
        raise ValueError(f"url is the exporter's, such as {example}, without user and password")
    if not tokens or not all(tokens.values()):
        raise ValueError("tokens has for each org a token with the scope ingest; one is missing")
    for org, token in tokens.items():
        if not _TOKEN.fullmatch(token):
            raise ValueError(
                f"the token of {org} has a space, the end of a line or a letter beyond ASCII"
            )
    if not 0 < interval <= threading.TIMEOUT_MAX:
        raise ValueError("interval is a positive number of seconds")
    recorder = recorder or default()
    if recorder.calls is not None:
        raise ValueError("the calls of this recorder are already kept or reported")
    return CallReporter(url.rstrip("/") + PATH, dict(tokens), recorder, interval)


class CallReporter:
    """Reports calls at an interval, on request, and at the end. Created by `report_calls`."""

    def __init__(
        self, address: str, tokens: Mapping[str, str], recorder: Recorder, interval: float
    ) -> None:
        self._address = address
        self._tokens = tokens
        self._recorder = recorder
        self._interval = interval
        self._redact = Redactor(patterns=map(re.escape, tokens.values()))
        self._problem = ""
        self._ended = False
        self._begin()
        reset_in_children(self)
        end_with_process(self, CallReporter.close)

    def _begin(self) -> None:
        self._book = CallBook(redact=Redactor())
        self._recorder.calls = self._book
        self._changed: set[Store] = set()
        self._reported: dict[Store, set[Call]] = {}
        self._sender = CallSender(self._address, self._tokens)
        self._flushes: SimpleQueue[SimpleQueue[bool] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-exporter-calls", daemon=True)
        self._thread.start()

    def reset(self) -> None:
        """Start again in a forked child: the stored calls and the thread belong to its parent."""
        if not self._ended:
            self._begin()

    def flush(self, timeout: float = 10.0) -> bool:
        """Report now what was not reported yet; return whether the exporter has all of it.

        Args:
            timeout: seconds to wait at most; reporting continues after that.
        """
        result: SimpleQueue[bool] = SimpleQueue()
        if self._ended or not self._thread.is_alive():
            return False
        self._flushes.put(result)
        try:
            return result.get(timeout=timeout)
        except Empty:
            return False

    def close(self, timeout: float = 5.0) -> None:
        """Report what is left and end; a request that takes longer than this is abandoned."""
        self._recorder.calls = None
        self._ended = True
        self._flushes.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            try:
                flush = self._flushes.get(timeout=self._interval)
            except Empty:
                self._report_safely()
                continue
            complete = self._report_safely()
            if flush is None:
                return
            flush.put(complete)

    def _report_safely(self) -> bool:
        try:
            return self._report()
        except Exception:
            log.exception("recent calls could not be reported")
            return False

    def _report(self) -> bool:
        # A store that changes during this call is reported once more.
        stores = self._changed
        self._changed = self._book.pop_changed()
        stores |= self._changed
        self._reported = {
            store: calls for store, calls in self._reported.items() if self._book.knows(*store)
        }
        left = {org: self._new(org, stores) for org in self._tokens}
        problem = ""
        try:
            for org in self._tokens:
                try:
                    problem = self._report_org(org, left[org]) or problem
                    del left[org]
                except TokenError as error:
                    problem = str(error)
        except NotNowError as error:
            problem = str(error)
        finally:
            self._changed |= {_store(call) for calls in left.values() for call in calls}
        self._note(problem)
        return not problem

    def _report_org(self, org: str, calls: Sequence[Call]) -> str:
        """Report calls of an org; return why some were refused permanently, if any were.

        Raises:
            NotNowError: they were not accepted now, and may be later.
            TokenError: likewise, because the token of this org is or was recently refused.
        """
        self._sender.check(org)
        problem = ""
        for batch in _batches(calls):
            problem = self._sender.send(org, list(map(self._document, batch))) or problem
            for call in batch:
                self._reported[_store(call)].add(call)
        return problem

    def _new(self, org: str, stores: Iterable[Store]) -> list[Call]:
        """Return the calls of an org's stores that were not reported yet, the oldest first."""
        new: set[Call] = set()
        for store in stores:
            if store[0] == org:
                known = self._book.of(*store)
                reported = self._reported[store] = self._reported.get(store, set()) & known
                new |= known - reported
        return sorted(new, key=lambda call: call.time)

    def _document(self, call: Call) -> Mapping[str, Any]:
        """Return a call in the exporter's format, without secrets and customer data."""
        found = {
            "operation": call.operation,
            "domain": call.domain,
            "platform": call.platform,
            "duration_seconds": call.duration,
            "error_type": call.error_type,
            "time": call.time,
            "message": self._book.shown(call).message or None,
            "http_status": call.status,
            "trace_id": call.trace_id or None,
        }
        return {name: value for name, value in found.items() if value is not None}

    def _note(self, problem: str) -> None:
        """Log when a problem begins or changes, and when it is over."""
        # Whatever is at the address may repeat what it was sent.
        problem = legible(self._redact.mask(problem))[:_SHOWN]
        if problem and problem != self._problem:
            log.warning("recent calls are not shown by %s: %s", self._address, problem)
        elif self._problem and not problem:
            log.info("recent calls are shown by %s again", self._address)
        self._problem = problem


def _is_address(url: str) -> bool:
    """Whether a path can be appended to this URL, and it contains no secret."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    plain = _TOKEN.fullmatch(url) and not (parts.query or parts.fragment)
    return bool(known and plain and parts.username is None)


def _store(call: Call) -> Store:
    return call.org, call.domain


def _batches(calls: Sequence[Call]) -> Iterator[Sequence[Call]]:
    return (calls[start : start + _BATCH] for start in range(0, len(calls), _BATCH))
