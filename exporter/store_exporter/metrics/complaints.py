"""What the instrumentation logs about its own failures: one line a minute, free of secrets."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from contextlib import suppress

_INTERVAL = 60.0
_logger = logging.getLogger("store_exporter")


class InstrumentationLog:
    """Logs failures of the instrumentation, rarely enough for any log.

    Args:
        monotonic: seconds that only grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._next = -float("inf")
        self._unsaid = 0

    def log(self, stage: str, error: BaseException | None, operation: str) -> None:
        """Log a failure, unless one was logged in the last minute. Never raises."""
        now = self._monotonic()
        if now < self._next:
            self._unsaid += 1
            return
        self._next = now + _INTERVAL
        unsaid, self._unsaid = self._unsaid, 0
        # A log handler may raise; the failure is counted already.
        with suppress(Exception):
            _logger.warning(
                "instrumentation of %s failed at stage %s (%s); the operation is not affected; "
                "%d failures before this one were not logged",
                operation or "operations",
                stage,
                _describe(error),
                unsaid,
            )


def _describe(error: BaseException | None) -> str:
    """Name an error and where it was raised, without its message."""
    if error is None:
        return "no exception"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
