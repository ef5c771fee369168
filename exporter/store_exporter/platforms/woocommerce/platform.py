"""WooCommerce, as the exporter and the command line know it."""

from __future__ import annotations

from ...contract import Setting
from ..base import Platform
from ..kit.client.connector import connector
from ..kit.monitoring.settings import Check, format_check, storefront_path
from .collectors import COLLECTORS
from .connection import Connection
from .diagnosis import diagnose
from .marks import MARKS
from .operations import PLANS
from .probes import PROBES
from .responses import REPORTED


def _key(prefix: str, others: str, other: str) -> Check:
    """Return the check of one half of a REST API key."""
    return format_check(
        f"{prefix}[0-9a-zA-Z]{{8,64}}",
        f"has other characters than letters and digits after {prefix}, or is cut off",
        (others, f"begins with {others}, as {other} does; it must begin with {prefix}"),
        (
            f"(?!{prefix})",
            f"does not begin with {prefix}, as WooCommerce shows it when the key is created",
        ),
    )


PLATFORM = Platform(
    name="woocommerce",
    title="WooCommerce",
    credentials=(
        Setting(
            "consumer_key",
            "The REST API key's consumer key, ck_…; the permission Read is enough to watch.",
            secret=True,
            required=True,
            check=_key("ck_", "cs_", "the consumer secret"),
        ),
        Setting(
            "consumer_secret",
            "The REST API key's consumer secret, cs_….",
            secret=True,
            required=True,
            check=_key("cs_", "ck_", "the consumer key"),
        ),
    ),
    settings=(
        storefront_path(
            "Path of the page that the probe `storefront` reads, below the store's url, "
            "such as /shop/."
        ),
        Setting(
            "credentials_in_query",
            "Send the key in the query instead of a header, for hosts that drop the "
            "Authorization header. The key then appears in their access logs.",
            default=False,
        ),
    ),
    operations=PLANS.planned,
    unsupported=PLANS.unsupported,
    probes=PROBES,
    collectors=COLLECTORS,
    connect=connector(Connection, PLANS),
    connection=Connection.of,
    diagnose=diagnose,
    marks=MARKS,
    codes=REPORTED,
)
