"""The scene of the demo: its stores, how one of them fails, and how fast time passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from store_exporter.platforms import base as platforms

from .stores.base import DemoStore, cast, open_store
from .stores.faults import Fault


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the system looks, judges and speaks.

    Attributes:
        probe: seconds between liveness probes of a store; the rest takes three times as long.
        scrape: seconds between Prometheus' scrapes and between evaluations of its rules.
        alerts: factor on how long an alert must hold before it fires.
        messages: factor on how long Alertmanager waits: 30 s before the first message of a group
            and five minutes before it tells of changes, such as the end of an alert.
        errand: mean seconds between a shopper's errands.
        calm: seconds for which all is well before a store fails, and for which the failure lasts
            after the message has arrived.
    """

    probe: float
    scrape: float
    alerts: float
    messages: float
    errand: float
    calm: float


DEMO = Pace(probe=5, scrape=5, alerts=0.2, messages=1 / 12, errand=2.0, calm=10)
"""For a person who watches: quicker than production, slow enough to follow."""
CHECK = Pace(probe=2, scrape=2, alerts=0.05, messages=1 / 60, errand=1.0, calm=5)
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
    """Draw from what an idle shop takes: about 50 ms, with the tail that makes a p99."""
    return min(random.lognormvariate(-3.0, 0.6), 2.0)


def outage() -> Fault:
    """Return what happens to the failing store: its database is gone, as WordPress says it."""
    return Fault(
        status=500,
        body="<!DOCTYPE html><html><body><h1>Error establishing a database connection</h1>"
        "</body></html>",
        latency=0.2,
    )


def api_token(org: str) -> str:
    """Return the token with which an org's application asks the exporter's API."""
    return f"demo-token-of-{org}-0123456789abcdef"


def api_tokens() -> dict[str, str]:
    """Return the token of each org."""
    return {role.org: api_token(role.org) for role in cast()}


def exporter_configuration(
    addresses: Mapping[str, str],
    opened: Mapping[str, DemoStore],
    pace: Pace,
    reference: str = "env:{}",
) -> tuple[dict[str, object], dict[str, str]]:
    """Describe the stores to the exporter, at the addresses of their domains and of `prometheus`.

    Returns:
        The configuration file's content, and the secrets by the names that it refers to.
    """
    secrets: dict[str, str] = {}
    stores = []
    for number, role in enumerate(cast()):
        references = {}
        store, url = opened[role.domain], addresses[role.domain]
        for key, value in store.credentials.items():
            name = f"STORE_{number}_{key.upper()}"
            secrets[name] = value
            references[key] = reference.format(name)
        stores.append(
            {
                "domain": role.domain,
                "org": role.org,
                "platform": role.platform,
                "url": url,
                "credentials": references,
                "settings": dict(store.settings(url)),
            }
        )
    tokens = dict(sorted(api_tokens().items()))
    for org, token in tokens.items():
        secrets[f"{org.upper()}_API_TOKEN"] = token
    return {
        "state_directory": "state",
        "prometheus_url": addresses["prometheus"],
        "orgs": [
            {
                "org": org,
                "api_tokens": [
                    {
                        "token": reference.format(f"{org.upper()}_API_TOKEN"),
                        "scopes": ["read", "events", "ingest"],
                    }
                ],
            }
            for org in tokens
        ],
        "defaults": _defaults(pace),
        "stores": stores,
    }, secrets


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
