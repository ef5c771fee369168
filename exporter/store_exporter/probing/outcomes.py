"""From what a run ended with to a result, and what the log says about it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from ..contract import Report
from ..errors import ERROR_TYPES, StoreError
from ..net.classify import classify
from ..platforms.base import redactor_of
from .access import Journal
from .history import Result
from .jobs import Job

log = logging.getLogger(__name__)

_MOST_REASONS = 10
_COMPLAINT_SECONDS = 60.0


def result_of(
    job: Job,
    ended: Report | Exception,
    journal: Journal,
    *,
    time: float,
    duration: float,
    detailed: bool = False,
) -> Result:
    """Return what a run came to.

    Args:
        job: what was run.
        ended: the report that it returned or the exception that it raised.
        journal: what it asked of the store.
        time: when it ended, in Unix time.
        duration: seconds it took.
        detailed: whether to tell of each request.
    """
    redact = redactor_of(job.store)
    error_type = fault = None
    message = summary = ""
    degraded: tuple[str, ...] = ()
    if isinstance(ended, Report):
        summary = redact.line(ended.summary)
        degraded = tuple(redact.line(text) for text in ended.degraded[:_MOST_REASONS])
    else:
        error_type = classify(ended)
        fault = ERROR_TYPES[error_type].fault
        message = redact.line(str(ended))
        if not isinstance(ended, StoreError):
            message = f"{type(ended).__name__}: {message}"
    return Result(
        *job.key,
        time=time,
        ok=error_type is None,
        duration=max(duration, 0.0),
        error_type=error_type,
        fault=fault,
        message=message,
        status=journal.status,
        phases=journal.phases,
        degraded=degraded,
        summary=summary,
        requests=journal.requests,
        lines=tuple(redact.line(line) for line in journal.lines) if detailed else (),
    )


class Complaints:
    """Logs what runs came to: changes as they happen, and bugs once a minute with a traceback.

    Args:
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._said: dict[tuple[str, str], float] = {}

    def log(self, job: Job, result: Result, before: Result | None, error: object) -> None:
        """Log one result.

        Args:
            job: what was run.
            result: what it came to.
            before: what it came to the last time.
            error: the exception that it raised, if it raised one.
        """
        where = {"store": result.domain, result.kind: result.name}
        if not isinstance(error, Exception):
            if before is not None and not before.ok:
                log.info("%s of %s succeeds again", result.name, result.domain, extra=where)
            return
        if result.error_type == "exception":
            self._trace(job, error, where)
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

    def _trace(self, job: Job, error: Exception, where: dict[str, str]) -> None:
        # A bug shows in many stores at once; one of them is enough to find it.
        key, now = (job.store.platform, job.name), self._monotonic()
        if now - self._said.get(key, -_COMPLAINT_SECONDS) < _COMPLAINT_SECONDS:
            return
        self._said[key] = now
        trace = redactor_of(job.store)("".join(traceback.format_exception(error)))
        log.error("%s of %s is broken:\n%s", job.name, job.store.domain, trace, extra=where)
