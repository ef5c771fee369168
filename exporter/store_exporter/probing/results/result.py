"""The result of a run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ...errors import Fault

Key = tuple[str, str, str]
"""Domain, kind (`probe` or `collector`) and name."""


class Result(NamedTuple):
    """The result of one run of a probe or collector.

    Attributes:
        kind: `probe` or `collector`.
        time: when it ended, in Unix time.
        duration: seconds it took, without waits for other runs of this exporter.
        error_type: why it failed; None if it succeeded.
        fault: who must act on the failure; None if it succeeded.
        message: what happened, for a person; free of secrets.
        status: HTTP status of its last response.
        phases: of its last request, in seconds.
        degraded: reasons why the store works, but not well.
        summary: what was requested and what came back, in one line.
        lines: one for each request, for debugging; only kept for a run on request.
        skipped: why the run says nothing about the store, a `SkipReason`; "" if it does.
    """

    domain: str
    kind: str
    name: str
    time: float
    ok: bool
    duration: float
    error_type: str | None = None
    fault: Fault | None = None
    message: str = ""
    status: int | None = None
    phases: Mapping[str, float] = MappingProxyType({})
    degraded: tuple[str, ...] = ()
    summary: str = ""
    requests: int = 0
    lines: tuple[str, ...] = ()
    skipped: str = ""
