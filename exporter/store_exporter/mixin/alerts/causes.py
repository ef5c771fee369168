"""Alerts that are the cause of others, which are inhibited while the cause fires."""

from __future__ import annotations

from ...metrics.catalogue.values import StateErrorReason
from ..model import Cause
from ..names import AlertName

REFUSED = Cause(AlertName.STORE_CREDENTIALS_REJECTED, {"severity": "critical"})
"""The store refuses every request with our credentials, so nothing about it can be read. A single
collector without a permission is no cause: all other figures are still right."""
UNUSABLE = (Cause(AlertName.STORE_DOWN), REFUSED)
"""The store does not respond, or refuses our credentials."""
OUTAGE_OF_MANY = Cause(AlertName.STORES_DOWN, same=("platform",))
"""Many stores of a platform do not respond at the same time: one message covers all of them."""
UNWATCHED = Cause(AlertName.STORE_EXPORTER_DOWN, same=())
"""An exporter is gone; which stores it watched is unknown."""
UNREMEMBERED = (
    Cause(AlertName.STORE_STATE_FULL, same=()),
    Cause(AlertName.STORE_STATE_UNAVAILABLE, {"reason": StateErrorReason.UNAVAILABLE}, same=()),
)
"""An exporter cannot save what it counts; which stores it watches is unknown."""
