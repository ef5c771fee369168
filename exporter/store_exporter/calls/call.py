"""A remembered call, and the parts of its exception that are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..errors import ERROR_TYPES, Fault

MAX_RAW = 1000
"""Characters of a message that are stored. It is masked and cut further when it is shown."""

OPERATION, PROBE, COLLECTOR = "operation", "probe", "collector"
"""Kinds of calls."""


class Call(NamedTuple):
    """One call of an operation, or one run of a probe or collector.

    Attributes:
        time: Unix time in seconds at which it ended.
        org: the tenant.
        domain: the store's host name.
        platform: what runs the store.
        kind: `operation`, `probe` or `collector`.
        operation: the name of the operation, probe or collector.
        duration: seconds it took.
        error_type: why it failed, from the closed list; None if it succeeded.
        message: the error's text, unmasked: it may contain anything.
        status: the HTTP status of the failure, if there was one.
        trace_id: the trace it belongs to, 32 hexadecimal digits, or "".
    """

    time: float
    org: str
    domain: str
    platform: str
    kind: str
    operation: str
    duration: float
    error_type: str | None = None
    message: str = ""
    status: int | None = None
    trace_id: str = ""

    @property
    def fault(self) -> Fault | None:
        """Who must act; None if the call succeeded."""
        known = ERROR_TYPES.get(self.error_type or "")
        return known.fault if known else None

    def document(self) -> dict[str, Any]:
        """Return the call as the HTTP API shows it."""
        return {
            "time": datetime.fromtimestamp(self.time, UTC).isoformat(timespec="milliseconds"),
            "domain": self.domain,
            "platform": self.platform,
            "kind": self.kind,
            "operation": self.operation,
            "error_type": self.error_type,
            "fault": self.fault,
            "message": self.message,
            "status": self.status,
            "duration_ms": round(self.duration * 1000, 1),
            "trace_id": self.trace_id or None,
        }


def message_and_status(error: BaseException | None) -> tuple[str, int | None]:
    """Return an exception's message, with its class where that says something, and its HTTP status.

    Raises:
        Exception: whatever an odd exception raises when its text is read.
    """
    if error is None:
        return "", None
    text = str(error)[:MAX_RAW]
    # A StoreError's class says nothing that its error type does not.
    message = text if hasattr(error, "error_type") else f"{type(error).__name__}: {text}"
    for holder, name in ((error, "status"), (getattr(error, "response", None), "status_code")):
        status = getattr(holder, name, None)
        if isinstance(status, int) and 100 <= status <= 599:
            return message[:MAX_RAW], int(status)
    return message[:MAX_RAW], None
