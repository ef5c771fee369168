"""A platform of its own for tests of the configuration, so that they depend on no real one."""

from store_exporter.contract import Collector, Context, Probe, Report
from store_exporter.platforms.base import Platform, Setting


async def nothing(context: Context) -> Report:
    return Report(summary="nothing asked")


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
    connect=lambda _: None,
)
PLATFORMS = {"example": EXAMPLE}
