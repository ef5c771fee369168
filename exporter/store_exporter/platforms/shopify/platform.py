"""Shopify, as the exporter and the command line know it."""

from __future__ import annotations

import re

from ...stores.model import Store
from ..base import Platform, Setting
from . import versions
from .client import Shopify
from .collectors import COLLECTORS
from .diagnosis import diagnose
from .operations import ALIASES, OPERATIONS, UNSUPPORTED
from .probes import PROBES

_ADMIN_TOKEN = re.compile(r"shp(?:at|ca|pa|ua)_[0-9a-zA-Z]{8,128}")


def _check_admin_token(value: str) -> str | None:
    """Say what is wrong with an Admin API token, without repeating it."""
    if value.startswith(("shpss_", "shpcs_")):
        return "is the app's secret; the Admin API access token begins with shpat_"
    if not _ADMIN_TOKEN.fullmatch(value):
        return "is not an Admin API access token, which begins with shpat_"
    return None


def _check_path(value: str) -> str | None:
    """Say what is wrong with the path of a page."""
    if not value.startswith("/") or value.startswith("//"):
        return "is not a path on the shop's own host; it must begin with a single /"
    return None


def connect(store: Store) -> Shopify:
    """Make the synchronous client of a shop.

    Raises:
        KeyError: the store has no credentials.
    """
    return Shopify(
        store.url,
        store.credentials["admin_token"],
        store.credentials.get("storefront_token"),
        org=store.org,
        domain=store.domain,
        api_version=str(store.settings.get("api_version") or versions.DEFAULT),
        max_body_bytes=store.max_body_bytes,
        ca_file=store.ca_file,
    )


PLATFORM = Platform(
    name="shopify",
    title="Shopify",
    credentials=(
        Setting(
            "admin_token",
            "The app's Admin API access token, shpat_…; reading scopes are enough to watch.",
            secret=True,
            required=True,
            check=_check_admin_token,
        ),
        Setting(
            "storefront_token",
            "Its Storefront API token, public or private, for the probe cart and for operations on "
            "carts, searching and payment.",
            secret=True,
        ),
    ),
    settings=(
        Setting(
            "api_version",
            "Version of both APIs.",
            default=versions.DEFAULT,
            check=versions.check,
        ),
        Setting(
            "budget_share",
            "Share of the Admin API's rate limit that monitoring may use, above 0 to 1.",
            default=0.25,
        ),
        Setting(
            "storefront_path",
            "Path of the page that the probe storefront reads, such as /collections/all.",
            default="/",
            check=_check_path,
        ),
    ),
    operations=OPERATIONS,
    aliases=ALIASES,
    unsupported=UNSUPPORTED,
    probes=PROBES,
    collectors=COLLECTORS,
    connect=connect,
    diagnose=diagnose,
)
