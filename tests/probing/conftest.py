"""Fixtures for tests of probing: real connections over loopback, one transport for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from store_exporter.contract import Check, Collector, Probe
from store_exporter.metrics.recorder import Recorder
from store_exporter.probing.jobs import Job
from store_exporter.probing.runner import Runner
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Schedule, Secret, Store
from tests.fakes.bad_server import Authority
from tests.fakes.virtual_time import VirtualTime
from tests.probing.bench import URL, Jobs, ask
from tests.probing.scheduling import World
from tests.probing.scripted import always

StoreFactory = Callable[..., Store]


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = Transport()
    yield made
    await made.close()


@pytest.fixture(scope="session")
def authority() -> Authority:
    """The issuer that `store` trusts."""
    return Authority()


@pytest.fixture(scope="session")
def ca_file(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> str:
    return authority.write(tmp_path_factory.mktemp("ca") / "ca.pem")


@pytest.fixture
def store(ca_file: str) -> StoreFactory:
    """Makes a store at an address; it trusts the test's issuer and has a key."""

    def make(url: str, **changes: Any) -> Store:
        fields: dict[str, Any] = {
            "org": "acme",
            "domain": "shop.example.com",
            "platform": "woocommerce",
            "url": url,
            "credentials": {
                "consumer_key": Secret("ck_0123456789abcdef"),
                "consumer_secret": Secret("cs_fedcba9876543210"),
            },
            "requests_per_hour": 100_000,
            "max_body_bytes": 100_000,
            "ca_file": ca_file,
        }
        return Store(**{**fields, **changes})

    return make


@pytest.fixture
def state_folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def job(store: StoreFactory) -> Jobs:
    def make(
        check: Check = ask, *, kind: type[Probe | Collector] = Probe, url: str = URL, **fields: Any
    ) -> Job:
        names = ("critical", "liveness", "requests", "options", "name")
        own = {name: fields.pop(name) for name in names if name in fields}
        own.setdefault("name", "liveness" if kind is Probe else "orders")
        schedule = Schedule(
            fields.pop("interval", 60.0),
            fields.pop("timeout", 5.0),
            options=fields.pop("chosen", {}),
        )
        return Job(store(url, **fields), kind(check=check, description="", **own), schedule)

    return make


@pytest.fixture
async def world() -> AsyncIterator[World]:
    time = VirtualTime()
    recorder = Recorder(clock=time.now, monotonic=time.monotonic)
    runner = Runner(recorder, always(), now=time.now, monotonic=time.monotonic, sleep=time.sleep)
    made = World(time, recorder, runner)
    made.make()
    yield made
    await made.scheduler.stop()
