"""Metrics of a recorder about itself: its version, its series, and its failures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from .._version import __version__
from .births import Look
from .blocks import Block
from .catalogue import exporter
from .complaints import STAGES, InstrumentationLog
from .instruments import Instruments
from .series import OperationSeries


class OwnFigures:
    """The figures of one recorder about itself.

    Args:
        instruments: count its failures.
        clock: Unix time in seconds.
        monotonic: seconds that only grow.
    """

    def __init__(
        self, instruments: Instruments, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._instruments = instruments
        self._clock = clock
        self._complaints = InstrumentationLog(monotonic)
        self.begin()

    def begin(self) -> None:
        """Drop all state, and show failures at zero, so that the first failure is an increase."""
        self._created = self._clock()
        self._born: float | None = None
        for stage in STAGES:
            self._instruments.inc(exporter.INSTRUMENTATION_ERRORS, (stage,), 0)

    def broke(self, stage: str, error: BaseException | None, operation: str) -> None:
        """Count and log a failure; see `Recorder.broke`."""
        self._instruments.inc(exporter.INSTRUMENTATION_ERRORS, (stage,), 1)
        self._complaints.log(stage, error, operation)

    def blocks(self, look: Look, series: OperationSeries) -> Iterator[Block]:
        """Yield these metrics as one look shows them, without the failures."""
        python = sys.version.split(" ", 1)[0]
        self._born, is_news = look.include(self._born)
        dropped = {limit: 0 if is_news else n for limit, n in series.dropped().items()}
        yield Block(exporter.BUILD_INFO, ((__version__, python),), (1,))
        yield Block(exporter.SERIES, ((),), (float(len(series)),))
        yield Block(
            exporter.SERIES_DROPPED,
            tuple((limit,) for limit in dropped),
            tuple(map(float, dropped.values())),
            (self._created,) * len(dropped),
        )
