"""What the instrumentation logs about its failures: each kind once a minute, free of secrets."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from . import tracing
from .signals import comes_from_outside

STAGES = (
    "labels",
    "context",
    "failure",
    "classify",
    "record",
    "exemplar",
    "span",
    "call",
    "scrape",
)
"""The label `stage` of `store_exporter_instrumentation_errors_total`.

labels: the application's function of the labels raised, or gave something else than three texts.
context: an operation ran outside `store_context` and had no labels of its own.
failure: the predicate on the result raised, or named an error type that is not in the list.
classify: finding the error type of an exception raised.
record: the recorder itself.
exemplar: asking OpenTelemetry for the active trace raised.
span: OpenTelemetry raised when a span was opened or ended.
call: an operation that failed, or was slow, could not be remembered among the recent calls.
scrape: a part of the exporter's own page raised and was left out.
"""

_INTERVAL = 60.0
_MOST_KINDS = 100
_logger = logging.getLogger("store_exporter")

_Kind = tuple[str, str, str]
"""Stage, operation, and what happened."""


class MisuseError(ValueError):
    """A mistake in the application's code. Its message may be logged."""


class InstrumentationLog:
    """Logs failures of the instrumentation, rarely enough for any log.

    Args:
        monotonic: seconds that only grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        # For each kind: when it may be logged again, and how many were suppressed.
        self._kinds: dict[_Kind, tuple[float, int]] = {}

    def log(self, stage: str, error: BaseException | None, operation: str) -> None:
        """Log a failure, unless one of its kind was logged in the last minute. Never raises."""
        now = self._monotonic()
        # A log handler may raise, and so may an odd exception; the failure is counted already.
        try:
            kind = (stage, operation, _describe(error))
            until, unsaid = self._kinds.get(kind, (now, 0))
            if now < until:
                self._kinds[kind] = until, unsaid + 1
                return
            if not self._has_room(kind, now):
                return
            self._kinds[kind] = now + _INTERVAL, 0
            _logger.warning(
                "instrumentation of %s failed at stage %s (%s); the operation is not affected%s",
                operation or "operations",
                stage,
                kind[2],
                f"; {unsaid} failures like this one were not logged" if unsaid else "",
                extra=tracing.ids(),
            )
        except Exception as raised:
            if comes_from_outside(raised):
                raise

    def _has_room(self, kind: _Kind, now: float) -> bool:
        """Return whether a kind may be remembered; kinds whose minute is over make room."""
        if kind not in self._kinds and len(self._kinds) >= _MOST_KINDS:
            self._kinds = {kind: note for kind, note in self._kinds.items() if note[0] > now}
        return kind in self._kinds or len(self._kinds) < _MOST_KINDS


def _describe(error: BaseException | None) -> str:
    """Return an error's name and the place that raised it, with its message only if it is ours."""
    if error is None:
        return "no exception"
    if isinstance(error, MisuseError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
