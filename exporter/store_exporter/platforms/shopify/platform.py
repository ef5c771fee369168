"""Shopify, as the exporter and the command line know it."""

from __future__ import annotations

from ...contract import Setting
from ..base import Platform
from ..kit.client.connector import connector
from ..kit.monitoring.settings import format_check, storefront_path
from . import versions
from .auth import problem
from .collectors import COLLECTORS
from .connection import DEFAULT_SHARE, Connection
from .diagnosis import diagnose
from .marks import MARKS
from .operations import PLANS
from .probes import PROBES
from .responses import READER

PLATFORM = Platform(
    name="shopify",
    title="Shopify",
    credentials=(
        Setting(
            "client_id",
            "Client id of an app from the Dev Dashboard; reading scopes are enough to watch.",
            secret=True,
            check=format_check(
                r"[0-9a-f]{32}",
                "is not an app's client id, 32 characters long",
                ("shpss_", "is the app's secret: give it as client_secret"),
            ),
        ),
        Setting(
            "client_secret",
            "That app's secret, shpss_…, exchanged by the exporter for an access token each day.",
            secret=True,
            check=format_check(
                r"(?:shpss_)?[0-9a-zA-Z]{32,64}",
                "is not an app's client secret, which begins with shpss_",
                ("shpat_", "is an access token: give it as admin_token"),
            ),
        ),
        Setting(
            "admin_token",
            "Instead of both, a lasting Admin API access token, shpat_….",
            secret=True,
            check=format_check(
                r"shp(?:at|ca|pa|ua)_[0-9a-zA-Z]{8,128}",
                "is not an Admin API access token, which begins with shpat_",
                ("shp[sc]s_", "is the app's secret: give it as client_secret, with the client_id"),
            ),
        ),
        Setting(
            "storefront_token",
            "Its Storefront API token, public or private, for the probe `cart` and for operations "
            "on carts, searching and payment.",
            secret=True,
        ),
        Setting(
            "crawler_signature_input",
            "Signature-Input of a signature by which the shop admits programs to its pages.",
            secret=True,
            check=format_check(r"sig[0-9]*=\(.+", "is no Signature-Input; it begins with sig1=("),
            asked=False,
        ),
        Setting(
            "crawler_signature",
            "Its Signature.",
            secret=True,
            check=format_check(r"sig[0-9]*=:.+:", "is no Signature, which begins with sig1=:"),
            asked=False,
        ),
    ),
    settings=(
        Setting(
            "api_version", "Version of both APIs.", default=versions.DEFAULT, check=versions.check
        ),
        Setting(
            "budget_share",
            "Share of the Admin API's rate limit that monitoring may use, above 0 to 1.",
            default=DEFAULT_SHARE,
            check=format_check(r"1(\.0+)?|0?\.0*[1-9][0-9]*", "is not above 0 and at most 1"),
        ),
        storefront_path(
            "Path of the page that the probe `storefront` reads, such as /collections/all."
        ),
    ),
    operations=PLANS.planned,
    unsupported=PLANS.unsupported,
    probes=PROBES,
    collectors=COLLECTORS,
    connect=connector(Connection, PLANS, budget_share=1.0),
    connection=Connection.of,
    problem=problem,
    diagnose=diagnose,
    marks=MARKS,
    codes=READER.codes,
)
