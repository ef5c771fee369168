"""BigCommerce, as the exporter and the command line know it."""

from __future__ import annotations

from store_exporter.contract import Setting
from store_exporter.platforms.base import Platform
from store_exporter.platforms.kit.client.connector import connector
from store_exporter.platforms.kit.monitoring.settings import format_check

from .connection import API, Connection
from .marks import MARKS
from .operations import PLANS
from .probes import PROBES

PLATFORM = Platform(
    name="bigcommerce",
    title="BigCommerce",
    credentials=(
        Setting(
            "access_token",
            "The access token of an API account; Products and Information, read-only, are enough.",
            secret=True,
            required=True,
            check=format_check("[0-9a-z]{20,64}", "has other characters than letters and digits"),
        ),
    ),
    settings=(
        Setting(
            "store_hash",
            "The part after /stores/ of the API account's API path.",
            required=True,
            check=format_check("[0-9a-z]{4,20}", "is not like abc123def4"),
        ),
        Setting("api_url", "Address of the API.", default=API),
    ),
    operations=PLANS.planned,
    unsupported=PLANS.unsupported,
    probes=PROBES,
    collectors={},
    connect=connector(Connection, PLANS),
    connection=Connection.of,
    marks=MARKS,
)
