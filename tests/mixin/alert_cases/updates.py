"""What begins to fail after an update."""

from __future__ import annotations

from store_exporter.metrics.catalogue import health
from store_exporter.mixin import series
from tests.mixin.alert_cases.case import WHO, Case, event, of

CHANGED_VERSION = {
    of(health.INFO, 'version="9.3.3"'): f"1x{60 * 30} stale",
    of(health.INFO, 'version="9.4.1"'): f"_x{60 * 30} 1x400",
}
JUST_NOW = f"_x{60 * 30} {60 * 60 * 30}x400"
"""An event at the same time."""
SAME_VERSION = {of(health.INFO, 'version="9.3.3"'): "1x2200"}


def carts(share: float, rate: float = 0.05, before: float = 0.0) -> dict[str, str]:
    """Cart calls a second for thirty hours, and the share of them that fails then and now."""
    return {
        of(series.CHECKOUT_MEASURED): f"{rate}x2200",
        of(series.CHECKOUT_FAILED): f"{rate * before:g}x1800 {rate * share:g}x400",
    }


AFTER_UPDATE = "31h"
UPDATES = [
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "a third of the cart calls failing since an update is a page",
        {**carts(0.3), **CHANGED_VERSION},
        AFTER_UPDATE,
        f"30% of the cart and checkout calls at {WHO} failed in the last half hour; "
        "something was updated within 6 hours.",
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "and so is it since a plugin was updated, which leaves the version as it was",
        {**carts(0.3), **SAME_VERSION, event("plugin", "Stripe", "8.0", "8.1"): JUST_NOW},
        AFTER_UPDATE,
        f"30% of the cart and checkout calls at {WHO} failed in the last half hour; "
        "something was updated within 6 hours.",
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "and since the org deployed something to all its stores, which names none of them",
        {
            **carts(0.3),
            **SAME_VERSION,
            of(series.STORE_UP): "1x2200",
            f'{health.EVENT.name}{{org="acme", kind="deploy", component="app"}}': JUST_NOW,
        },
        AFTER_UPDATE,
        f"30% of the cart and checkout calls at {WHO} failed in the last half hour; "
        "something was updated within 6 hours.",
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "what another org deployed is none of its business",
        {
            **carts(0.3),
            **SAME_VERSION,
            of(series.STORE_UP): "1x2200",
            f'{health.EVENT.name}{{org="globex", kind="deploy", component="app"}}': JUST_NOW,
        },
        AFTER_UPDATE,
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "a certificate that was renewed is no update",
        {
            **carts(0.3),
            **SAME_VERSION,
            event("certificate", "expires", "2026-01-01", "2026-04-01"): JUST_NOW,
        },
        AFTER_UPDATE,
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "the same without an update is the matter of other alerts",
        {**carts(0.3), **SAME_VERSION},
        AFTER_UPDATE,
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "what failed before the update is not its fault",
        {**carts(0.3, before=0.25), **CHANGED_VERSION},
        AFTER_UPDATE,
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "a few calls at night are too few to mean anything",
        {**carts(0.3, rate=0.005), **CHANGED_VERSION},
        AFTER_UPDATE,
        pace="30m",
        groups=(),
    ),
]
