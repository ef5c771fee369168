"""WooCommerce, as the exporter and the command line know it."""

from __future__ import annotations

import re

from ...stores.model import Store
from ..base import Platform, Setting
from ..kit.clients import options_of
from ..kit.probes import check_path
from .client import WooCommerce
from .collectors import COLLECTORS
from .connection import connection_of
from .diagnosis import diagnose
from .operations import PLANS
from .probes import PROBES

_KEY = re.compile(r"c[ks]_[0-9a-zA-Z]{8,64}")


def _check_key(value: str) -> str | None:
    """Say what is wrong with a consumer key, without repeating it."""
    return _wrong(value, "ck_", "cs_", "the consumer secret")


def _check_secret(value: str) -> str | None:
    """Say what is wrong with a consumer secret, without repeating it."""
    return _wrong(value, "cs_", "ck_", "the consumer key")


def _wrong(value: str, prefix: str, others: str, other: str) -> str | None:
    if value.startswith(others):
        return f"begins with {others}, as {other} does; it must begin with {prefix}"
    if not value.startswith(prefix):
        return f"does not begin with {prefix}, as WooCommerce shows it when the key is created"
    if not _KEY.fullmatch(value):
        return f"has other characters than letters and digits after {prefix}, or is cut off"
    return None


def connect(store: Store) -> WooCommerce:
    """Make the synchronous client of a store.

    Raises:
        KeyError: the store has no credentials.
    """
    return WooCommerce(
        store.url,
        store.credentials["consumer_key"],
        store.credentials["consumer_secret"],
        credentials_in_query=bool(store.settings.get("credentials_in_query", False)),
        **options_of(store),
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
            check=_check_key,
        ),
        Setting(
            "consumer_secret",
            "The REST API key's consumer secret, cs_….",
            secret=True,
            required=True,
            check=_check_secret,
        ),
    ),
    settings=(
        Setting(
            "storefront_path",
            "Path of the page that the probe storefront reads, below the store's url, "
            "such as /shop/.",
            default="/",
            check=check_path,
        ),
        Setting(
            "credentials_in_query",
            "Send the key in the query instead of a header, for hosts that drop the "
            "Authorization header. It then stands in their access logs.",
            default=False,
        ),
    ),
    operations=PLANS.planned,
    unsupported=PLANS.unsupported,
    probes=PROBES,
    collectors=COLLECTORS,
    connect=connect,
    connection=connection_of,
    diagnose=diagnose,
)
