"""The scene of the demo: its stores, how one of them fails, and how fast time passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from ..platforms import base as platforms
from .stores.base import DemoStore, cast, open_store
from .stores.faults import Fault


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the system looks, judges and speaks; all in seconds but the factor.

    Attributes:
        probe: between liveness probes of a store; other probes and collectors take three times it.
        scrape: between Prometheus' scrapes and between evaluations of its rules.
        alerts: factor on how long an alert must hold before it fires.
        group_wait: how long Alertmanager collects alerts for one message.
        group_interval: how long it waits before it tells of changes, such as the end of an alert.
        errand: mean time between a shopper's errands.
        calm: how long all is well before a store fails, and how long the failure lasts after the
            message has arrived.
    """

    probe: float
    scrape: float
    alerts: float
    group_wait: float
    group_interval: float
    errand: float
    calm: float


DEMO = Pace(probe=5, scrape=5, alerts=0.25, group_wait=5, group_interval=15, errand=2.0, calm=30)
"""For a person who watches: quicker than production, slow enough to follow."""
CHECK = Pace(probe=1, scrape=1, alerts=0.05, group_wait=1, group_interval=5, errand=0.5, calm=10)
"""For `--check`, which has to end within three minutes."""


def open_stores(seed: int = 7) -> dict[str, DemoStore]:
    """Make the stores, each as slow as a shop on ordinary hosting is, by their domain."""
    opened = {}
    for number, role in enumerate(cast()):
        store = open_store(role, seed=seed + number)
        store.faults.add(Fault(latency=partial(_latency, Random(seed + number))))
        opened[role.domain] = store
    return opened


def _latency(random: Random) -> float:
    """Draw from what an idle WooCommerce takes: about 50 ms, with the tail that makes a p99."""
    return min(random.lognormvariate(-3.0, 0.6), 2.0)


def outage() -> Fault:
    """Return what happens to the failing store: its database is gone, as WordPress says it."""
    return Fault(
        status=500,
        body="<!DOCTYPE html><html><body><h1>Error establishing a database connection</h1>"
        "</body></html>",
        latency=0.2,
    )


def exporter_configuration(
    addresses: Mapping[str, str], credentials: Mapping[str, Mapping[str, str]], pace: Pace
) -> tuple[dict[str, object], dict[str, str]]:
    """Describe the stores to the exporter.

    Args:
        addresses: base address by domain.
        credentials: working credentials by domain.
        pace: decides the intervals.

    Returns:
        The configuration file's content, and the environment with the secrets that it refers to.
    """
    environment: dict[str, str] = {}
    stores = []
    for number, role in enumerate(cast()):
        references = {}
        for key, value in credentials[role.domain].items():
            name = f"STORE_{number}_{key.upper()}"
            environment[name] = value
            references[key] = f"env:{name}"
        stores.append(
            {
                "domain": role.domain,
                "org": role.org,
                "platform": role.platform,
                "url": addresses[role.domain],
                "credentials": references,
            }
        )
    orgs = sorted({role.org for role in cast()})
    for org in orgs:
        environment[f"{org.upper()}_API_TOKEN"] = f"demo-token-of-{org}-0123456789abcdef"
    return {
        "state_directory": "state",
        "orgs": [{"org": org, "api_tokens": [f"env:{org.upper()}_API_TOKEN"]} for org in orgs],
        "defaults": _defaults(pace),
        "stores": stores,
    }, environment


def _defaults(pace: Pace) -> dict[str, object]:
    """Shorten every interval of every platform in the cast, and widen the budget to match."""
    probes: dict[str, object] = {}
    collectors: dict[str, object] = {}
    for name in {role.platform for role in cast()}:
        platform = platforms.load(name)
        for probe in platform.probes.values():
            interval = pace.probe if probe.liveness else pace.probe * 3
            probes[probe.name] = {"interval": f"{interval:g}s"}
        for collector in platform.collectors.values():
            collectors[collector.name] = {"interval": f"{pace.probe * 3:g}s"}
    return {"requests_per_hour": 36_000, "probes": probes, "collectors": collectors}
