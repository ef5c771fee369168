"""Turns the end of a run, a report or an exception, into a result and log lines."""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...contract import Report
from ...errors import ERROR_TYPES, ErrorName, Fault, StoreError
from ...events.event import EventKind
from ...events.page import Facts
from ...metrics.catalogue.values import HealthState, SkipReason
from ...net.classify import classify
from ...net.redactor import Redactor
from ...platforms.base import redactor_of
from ...stores.model import Store
from ..access import Journal
from ..exchange import REQUEST_SECONDS
from ..jobs import PROBE, Job
from .result import Result

log = logging.getLogger(__name__)

_MOST_REASONS = 10
_OURS: tuple[ErrorName, ...] = ("local_failure", "pool_timeout")
_TIMED: dict[ErrorName, float] = {"connection": 3.0, "tls": 3.0, "dns": 3.0}
"""Failures that a stalled event loop may have caused, by the seconds that it must have stalled:
servers wait some seconds before they give up."""
_SLOW = 0.5
"""Seconds of a stall that may make a response look slow."""
_SHARE = 0.25
"""Share of a run's time that must be lost before its timeout says nothing about the store. If less
is lost, a healthy store had time enough, and one that hangs must not go unreported while this
machine is busy."""
_REPEAT_SECONDS = 60.0
"""Seconds before a message of the same kind is logged again."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A run that says nothing about the store: skipped, or failed because of this exporter.

    Attributes:
        reason: for the label `reason`.
        wait: seconds until it may be tried again.
        error: the exception of a run that had started; None if it had not.
    """

    reason: SkipReason
    wait: float
    error: Exception | None = None

    @property
    def message(self) -> str:
        """The reason, for people to read."""
        if self.error is not None:
            return str(self.error)
        return f"{self.reason}; it may run in {self.wait:.0f} s"


def result_of(
    job: Job,
    ended: Report | Exception,
    journal: Journal,
    redact: Redactor,
    *,
    time: float,
    duration: float,
    detailed: bool = False,
) -> Result:
    """Return the result of a run.

    Args:
        job: what was run.
        ended: the report that it returned or the exception that it raised.
        journal: what it requested of the store.
        redact: masks the store's secrets.
        time: when it ended, in Unix time.
        duration: seconds it took.
        detailed: whether to keep a line for each request.
    """
    ok = isinstance(ended, Report)
    own = _of_report(ended, redact) if isinstance(ended, Report) else _of_failure(ended, redact)
    lines = tuple(redact.line(line) for line in journal.lines()) if detailed else ()
    return Result(
        *job.key,
        time=time,
        ok=ok,
        duration=max(duration, 0.0),
        status=journal.status,
        phases=journal.phases,
        requests=journal.requests,
        lines=lines,
        **own,
    )


def _of_report(report: Report, redact: Redactor) -> dict[str, Any]:
    degraded = tuple(redact.line(text) for text in report.degraded[:_MOST_REASONS])
    return {"degraded": degraded, "summary": redact.line(report.summary)}


def _of_failure(error: Exception, redact: Redactor) -> dict[str, Any]:
    error_type = classify(error)
    message = redact.line(_message_of(error, error_type))
    if ERROR_TYPES[error_type].fault is Fault.CUSTOMER:
        # A probe is not a customer, so such a response has another cause.
        error_type = "invalid_response"
    fault = ERROR_TYPES[error_type].fault
    return {"error_type": error_type, "fault": fault, "message": message}


def _message_of(error: Exception, error_type: ErrorName) -> str:
    """Return what an org may read of an exception, which may name files of this machine."""
    if isinstance(error, StoreError):
        return str(error)
    name = type(error).__name__
    if error_type == "exception":
        return f"{name}; the exporter's log has the traceback"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{name}: {error.strerror}"
    return f"{name}: {error}"


def exporter_failure(job: Job, ended: Report | Exception, lost: float) -> Exception | None:
    """Return why this machine or process made a run fail; None if the store did.

    Args:
        job: what was run.
        ended: the report that it returned or the exception that it raised.
        lost: seconds for which the event loop stalled meanwhile.
    """
    timeout = min(job.schedule.timeout, REQUEST_SECONDS)
    slow = min(_SLOW, timeout / 2)
    if isinstance(ended, Report):
        # A response that lay unread looks slow, so a probe's degraded result does not count. The
        # figures of a collector do.
        stalled = job.kind == PROBE and bool(ended.degraded) and lost >= slow
    else:
        kind = classify(ended)
        if kind in _OURS:
            return ended
        least = max(slow, timeout * _SHARE) if kind == "timeout" else _TIMED.get(kind, math.inf)
        stalled = lost >= least
    message = f"this exporter stalled for {lost:.1f} s meanwhile"
    return StoreError("local_failure", message) if stalled else None


def throttled_as_degraded(ended: Report | Exception) -> Report | Exception:
    """Return the end of a probe; if it was throttled, the store is degraded and not down."""
    if isinstance(ended, StoreError) and ended.error_type == "rate_limited":
        said = ended.message.rstrip(".")
        return Report((), [f"The store asks for fewer requests: {said}."], ended.message)
    return ended


def facts_of(job: Job, ended: Report | Exception, journal: Journal) -> Facts:
    """Return the facts that a run found.

    The certificate comes only from the liveness probe, because other probes may follow a redirect
    to a host with another certificate. The certificate of a kept connection was seen before.
    """
    facts = dict(ended.facts) if isinstance(ended, Report) else {}
    if job.liveness and journal.certificate_expiry is not None and not journal.kept:
        day = datetime.fromtimestamp(journal.certificate_expiry, UTC).date()
        facts[EventKind.CERTIFICATE] = {"expires": str(day)}
    return facts


class ResultLog:
    """Logs results: changes as they happen, and bugs once a minute with a traceback.

    Args:
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._logged: dict[tuple[str, ...], float] = {}
        self._changes = True

    def without_changes(self) -> ResultLog:
        """Return a log for runs on request, whose number is not limited.

        It does not log changes, because the client gets the result. It logs bugs as often as this
        one.
        """
        other = ResultLog(self._monotonic)
        other._logged, other._changes = self._logged, False
        return other

    def log(self, job: Job, result: Result, before: Result | None, error: object) -> None:
        """Log one result.

        Args:
            job: what was run.
            result: what it came to.
            before: the previous result.
            error: the exception that it raised, if it raised one.
        """
        where = {"store": result.domain, result.kind: result.name}
        if isinstance(error, Exception) and result.error_type == "exception":
            self._trace(job, error, where)
            return
        if not self._changes:
            return
        if not isinstance(error, Exception):
            if before is not None and not before.ok:
                log.info("%s of %s succeeds again", result.name, result.domain, extra=where)
            return
        changed = before is None or before.error_type != result.error_type
        log.log(
            logging.WARNING if changed else logging.DEBUG,
            "%s of %s failed: %s: %s",
            result.name,
            result.domain,
            result.error_type,
            result.message,
            extra=where,
        )

    def state(self, store: Store, before: HealthState | None, state: HealthState | None) -> None:
        """Log a change of a store's state; failed checks have their own lines.

        `before` is None if its health was not known.
        """
        if state is None or state is before or not self._changes:
            return
        well = state is HealthState.HEALTHY
        usual = logging.DEBUG if before is None else logging.INFO
        log.log(
            usual if well else logging.WARNING,
            "%s is %s",
            store.domain,
            state,
            extra={
                "org": store.org,
                "state": str(state),
                "before": "unknown" if before is None else str(before),
            },
        )

    def skipped(self, job: Job, skipped: Skipped) -> None:
        """Log once a minute that this exporter fails runs that had started."""
        if skipped.error is None or not self._is_due("", skipped.reason):
            return
        message = redactor_of(job.store).line(str(skipped.error))
        log.warning("%s of %s was left out: %s", job.name, job.store.domain, message)

    def _trace(self, job: Job, error: Exception, where: dict[str, str]) -> None:
        # A bug affects many stores at once; one traceback is enough to find it.
        if not self._is_due(job.store.platform, job.name):
            return
        trace = redactor_of(job.store)("".join(traceback.format_exception(error)))
        log.error("%s of %s is broken:\n%s", job.name, job.store.domain, trace, extra=where)

    def _is_due(self, *kind: str) -> bool:
        """Whether to log a message of this kind: none was logged for a minute."""
        now = self._monotonic()
        if now - self._logged.get(kind, -_REPEAT_SECONDS) < _REPEAT_SECONDS:
            return False
        self._logged[kind] = now
        return True
