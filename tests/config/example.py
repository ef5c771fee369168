"""A platform of its own for tests of the configuration, so that they depend on no real one."""

from typing import Any

from store_exporter.contract import Collector, Probe, Report, Run, Setting
from store_exporter.net.plans import Plan
from store_exporter.platforms.base import Platform
from store_exporter.stores.model import Store


def nothing(_: Any, __: Run) -> Plan[Report]:
    yield from ()
    return Report(summary="nothing asked")


def connect(store: Store, **_: Any) -> Any:
    del store


def four_digits(value: str) -> str | None:
    return None if value.isdigit() and len(value) == 4 else "is not four digits, such as 2026"


EXAMPLE = Platform(
    name="example",
    title="Example",
    credentials=(
        Setting("key", "The API key.", secret=True, required=True),
        Setting("user", "The account's name."),
    ),
    settings=(
        Setting("version", "The API's version.", default="2026", check=four_digits),
        Setting("legacy", "Whether the old API is used.", default=False),
    ),
    operations={},
    probes={
        "liveness": Probe("liveness", nothing, "Asks whether it is there.", liveness=True),
        "checkout": Probe("checkout", nothing, "Asks for a cart.", interval=300.0),
    },
    collectors={
        "orders": Collector(
            "orders",
            nothing,
            "Reads orders.",
            options={"pages": 5, "overlap": 60.0, "drafts": True, "statuses": ["paid"]},
        )
    },
    connect=connect,
    connection=connect,
)
PLATFORMS = {"example": EXAMPLE}
