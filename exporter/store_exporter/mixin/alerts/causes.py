"""What alerts follow from, so that they are held back while it fires."""

from __future__ import annotations

from ..model import Cause
from ..names import AlertName


def refused() -> Cause:
    """The store refuses all that needs our credentials, so nothing about it can be read.

    One collector that lacks a permission is no cause: the rest is as true as ever.
    """
    return Cause(AlertName.STORE_CREDENTIALS_REJECTED, {"severity": "critical"})


def unusable() -> tuple[Cause, ...]:
    """The store does not respond, or not to us."""
    return (Cause(AlertName.STORE_DOWN), refused())


def outage() -> Cause:
    """Many stores of a platform do not respond at the same time: one message is about all."""
    return Cause(AlertName.STORES_DOWN, same=("platform",))


def unwatched() -> Cause:
    """An exporter is gone; which stores it watched is unknown."""
    return Cause(AlertName.STORE_EXPORTER_DOWN, same=())


def unremembered() -> tuple[Cause, ...]:
    """An exporter cannot save what it counts; which stores it watches is unknown."""
    return (
        Cause(AlertName.STORE_STATE_FULL, same=()),
        Cause(AlertName.STORE_STATE_UNAVAILABLE, {"reason": "unavailable"}, same=()),
    )
