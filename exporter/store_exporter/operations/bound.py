"""`bind`: a `track` that knows its store, for clients that belong to one."""

from __future__ import annotations

from ..metrics.recorder import Recorder
from .outcome import Failure
from .track import track
from .tracker import Tracker


class bind:  # noqa: N801 - the companion of track
    """Makes trackers for the operations of one store.

    `tracked = bind(org=…, domain=…, platform=…)`, then `with tracked("get_cart"):` or
    `@tracked("get_cart")`.

    Args:
        org: the tenant.
        domain: the store's host name.
        platform: `woocommerce`, `shopify`, …
        recorder: where to record; the process's own recorder by default.
    """

    __slots__ = ("_domain", "_org", "_platform", "_recorder")

    def __init__(
        self, *, org: str, domain: str, platform: str, recorder: Recorder | None = None
    ) -> None:
        self._org = org
        self._domain = domain
        self._platform = platform
        self._recorder = recorder

    def __call__(self, operation: str, *, failure: Failure | None = None) -> Tracker:
        """Return the tracker of an operation; see `track` for the arguments."""
        return track(
            operation,
            org=self._org,
            domain=self._domain,
            platform=self._platform,
            failure=failure,
            recorder=self._recorder,
        )
