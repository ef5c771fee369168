"""`bind`: a `track` that knows its store, for clients that belong to one."""

from __future__ import annotations

from ..metrics.recorder import Recorder
from .outcome import Failure
from .track import track

_MOST_KEPT = 256


class bind:  # noqa: N801 - the companion of track
    """Makes trackers for the operations of one store.

    `tracked = bind(org=…, domain=…, platform=…)`, then `with tracked("get_cart"):` or
    `@tracked("get_cart")`. Quicker than `track` itself in a `with` statement, because the trackers
    are kept.

    Args:
        org: the tenant.
        domain: the store's host name.
        platform: `woocommerce`, `shopify`, …
        recorder: where to record; the process's own recorder by default.
    """

    __slots__ = ("_domain", "_kept", "_org", "_platform", "_recorder")

    def __init__(
        self, *, org: str, domain: str, platform: str, recorder: Recorder | None = None
    ) -> None:
        self._org = org
        self._domain = domain
        self._platform = platform
        self._recorder = recorder
        self._kept: dict[str, track] = {}

    def __call__(self, operation: str, *, failure: Failure | None = None) -> track:
        """Return the tracker of an operation; see `track` for the arguments."""
        if failure is None:
            kept = self._kept.get(operation)
            if kept is not None:
                return kept
        made = track(
            operation,
            org=self._org,
            domain=self._domain,
            platform=self._platform,
            failure=failure,
            recorder=self._recorder,
        )
        if failure is None and len(self._kept) < _MOST_KEPT:
            self._kept[operation] = made
        return made
