"""The health of an org's stores for `/api/v1/health`, whichever exporter watches them.

The exporter that watches a store writes its report to the shared state, where other exporters read
it. A report is valid for as long as the finding behind it. After that, the health is unknown.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ...errors import ERROR_TYPES
from ...probing.jobs import jobs_of
from ...stores.model import Store
from ..status import Status, window_document

Report = dict[str, Any]
"""An entry of `health_checks`."""

NOBODY = "no exporter that shares its state with this one has reported them lately"
AWAITED = "a source of stores has not responded yet; its stores are missing"
_UNKNOWN: Report = {
    "domain": "",
    "platform": "",
    "status": "unknown",
    "message": NOBODY,
    "response_time_ms": None,
    "error_type": None,
    "fault": None,
    "maintenance": None,
    "checked_at": None,
}


def own(status: Status) -> Report:
    """Return the report of a store that this process watches."""
    reason = status.reason
    error_type = reason.error_type if reason else None
    liveness = status.liveness
    duration = liveness.duration if liveness else None
    at = liveness.at if liveness else None
    return {
        "domain": status.store.domain,
        "platform": status.store.platform,
        "status": status.state,
        "message": reason.message if reason else "not probed yet",
        "response_time_ms": None if duration is None else round(duration * 1000, 1),
        "error_type": error_type,
        "fault": str(ERROR_TYPES[error_type].fault) if error_type in ERROR_TYPES else None,
        "maintenance": None if (window := status.maintenance) is None else window_document(window),
        "checked_at": None if at is None else datetime.fromtimestamp(at, UTC).isoformat(),
    }


def written(status: Status) -> str:
    """Write a store's report for other exporters, with the Unix time until which it is valid."""
    liveness = status.liveness
    at = (liveness.at if liveness else None) or 0.0
    ttl = max((job.ttl for job in jobs_of(status.store) if job.liveness), default=0.0)
    return json.dumps({**own(status), "until": at + ttl})


def read(text: str | None, now: float) -> Report | None:
    """Read another exporter's report of a store; None if there is no valid one at a Unix time."""
    found: Report = json.loads(text) if text else {}
    return None if found.pop("until", 0.0) < now else found


def health_document(
    stores: Sequence[Store], found: Sequence[Report | None], *, awaited: bool
) -> dict[str, Any]:
    """Return the response about the health of an org's stores.

    Args:
        stores: all of them.
        found: the report of each; None if there is none.
        awaited: whether further stores may be missing, because their source has not responded.
    """
    missing = found.count(None)
    warnings = [f"stores of which nothing is known: {missing}; {NOBODY}"] if missing else []
    warnings += [AWAITED] if awaited else []
    counts = Counter("unknown" if each is None else str(each["status"]) for each in found)
    return {
        "overall_status": overall(counts, len(stores), complete=not warnings),
        "healthy_domains": counts["healthy"],
        "total_domains": len(stores),
        "complete": not warnings,
        "warnings": warnings,
        "health_checks": [
            {**_UNKNOWN, "domain": store.domain, "platform": store.platform} | (each or {})
            for store, each in zip(stores, found, strict=True)
        ],
    }


def overall(counts: Mapping[str, int], total: int, *, complete: bool = True) -> str:
    """Return the overall status: healthy if all stores are, critical if none is, else degraded.

    Stores that were not probed yet do not count. With no other stores, the status is unknown. If
    reports are missing, the status is degraded if any known store is not healthy, and unknown
    otherwise.
    """
    probed = total - counts.get("unknown", 0)
    healthy = counts.get("healthy", 0)
    if not probed:
        return "unknown"
    if not complete:
        return "unknown" if healthy == probed else "degraded"
    if healthy == probed:
        return "healthy"
    return "degraded" if healthy else "critical"
