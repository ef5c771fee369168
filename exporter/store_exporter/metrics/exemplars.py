"""Exemplars: the traces that one series keeps of its observations and failures."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

from .addition import Addition
from .families import Exemplar

_YOUNG_SECONDS = 1.0
"""Seconds. An exemplar younger than this is not replaced."""


class Exemplars(NamedTuple):
    """The traces of one series. Instances never change, so any thread may read them.

    Attributes:
        observed: at most one for each classic bucket, by the bucket's index.
        failed: at most one for each error type.
    """

    observed: Mapping[int, Exemplar]
    failed: Mapping[str, Exemplar]

    def with_trace(
        self, trace: tuple[str, str], bucket: int, seconds: float, error_type: str, now: float
    ) -> Exemplars:
        """Return a copy with an operation's trace; it does not replace exemplars that are young.

        Args:
            trace: its id and its span's, in hexadecimal.
            bucket: the index of the classic bucket.
            seconds: what was observed.
            error_type: of the failure; "" for a success.
            now: Unix time.
        """
        observed, failed = self
        if _is_due(observed.get(bucket), now):
            observed = {**observed, bucket: Exemplar(*trace, seconds, now)}
        if error_type and _is_due(failed.get(error_type), now):
            failed = {**failed, error_type: Exemplar(*trace, 1.0, now)}
        return Exemplars(observed, failed)

    def plus(self, addition: Addition, bounds: tuple[float, ...]) -> Exemplars:
        """Return a copy with the exemplars of operations that were counted elsewhere.

        Args:
            addition: what is added.
            bounds: upper bounds of the classic buckets, in seconds.
        """
        if not (addition.exemplars or addition.error_exemplars):
            return self
        more = {bisect_left(bounds, one.value): one for one in addition.exemplars}
        return Exemplars({**self.observed, **more}, {**self.failed, **addition.error_exemplars})


NO_EXEMPLARS = Exemplars({}, {})


def _is_due(last: Exemplar | None, now: float) -> bool:
    """Whether an exemplar may be replaced: there is none yet, or it is no longer young."""
    return last is None or not 0 <= now - last.timestamp < _YOUNG_SECONDS
