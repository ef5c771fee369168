"""Shopify, as the exporter and the command line know it."""

from __future__ import annotations

import re

from ...stores.model import Store
from ..base import Platform, Setting
from ..kit.clients import options_of
from ..kit.probes import check_path
from . import versions
from .auth import access, problem
from .client import Shopify
from .collectors import COLLECTORS
from .connection import DEFAULT_SHARE, connection_of
from .diagnosis import diagnose
from .operations import PLANS
from .probes import PROBES

_CLIENT_ID = re.compile(r"[0-9a-f]{32}")
_CLIENT_SECRET = re.compile(r"(?:shpss_)?[0-9a-zA-Z]{32,64}")
_ADMIN_TOKEN = re.compile(r"shp(?:at|ca|pa|ua)_[0-9a-zA-Z]{8,128}")


def _check_admin_token(value: str) -> str | None:
    """Say what is wrong with an Admin API token, without repeating it."""
    if value.startswith(("shpss_", "shpcs_")):
        return "is the app's secret: give it as client_secret, with the client_id"
    if not _ADMIN_TOKEN.fullmatch(value):
        return "is not an Admin API access token, which begins with shpat_"
    return None


def _check_client_secret(value: str) -> str | None:
    """Say what is wrong with an app's secret, without repeating it."""
    if value.startswith("shpat_"):
        return "is an access token: give it as admin_token"
    if not _CLIENT_SECRET.fullmatch(value):
        return "is not an app's client secret, which begins with shpss_"
    return None


def _check_client_id(value: str) -> str | None:
    """Say what is wrong with an app's client id."""
    if value.startswith("shpss_"):
        return "is the app's secret: give it as client_secret"
    return None if _CLIENT_ID.fullmatch(value) else "is not an app's client id, 32 characters long"


def _check_share(value: str) -> str | None:
    """Say what is wrong with a share."""
    try:
        share = float(value)
    except ValueError:
        share = 0.0
    return None if 0 < share <= 1 else "is not a number above 0 and at most 1"


def connect(store: Store) -> Shopify:
    """Make the synchronous client of a shop.

    Raises:
        KeyError: the store has no credentials.
    """
    return Shopify(
        store.url,
        access(store.credentials),
        store.credentials.get("storefront_token"),
        api_version=str(store.settings.get("api_version") or versions.DEFAULT),
        **options_of(store),
    )


PLATFORM = Platform(
    name="shopify",
    title="Shopify",
    credentials=(
        Setting(
            "client_id",
            "Client id of an app from the Dev Dashboard; reading scopes are enough to watch.",
            secret=True,
            check=_check_client_id,
        ),
        Setting(
            "client_secret",
            "That app's secret, shpss_…, for which the shop gives an access token each day.",
            secret=True,
            check=_check_client_secret,
        ),
        Setting(
            "admin_token",
            "Instead of both, a lasting Admin API access token, shpat_….",
            secret=True,
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
            default=DEFAULT_SHARE,
            check=_check_share,
        ),
        Setting(
            "storefront_path",
            "Path of the page that the probe storefront reads, such as /collections/all.",
            default="/",
            check=check_path,
        ),
    ),
    operations=PLANS.planned,
    unsupported=PLANS.unsupported,
    probes=PROBES,
    collectors=COLLECTORS,
    connect=connect,
    connection=connection_of,
    problem=problem,
    diagnose=diagnose,
)
