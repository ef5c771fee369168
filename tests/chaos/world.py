"""What is attacked: real programs, simulated stores, and what is true of them."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import bcrypt
import yaml
from aiohttp import web

from store_demo import monitoring
from store_demo.evidence import Evidence
from store_demo.folder import write
from store_demo.ports import free_ports
from store_demo.processes import Process, start
from store_demo.scene import CHECK, exporter_configuration, open_stores
from store_demo.slack import SlackReceiver
from store_demo.stores.base import DemoStore, Role, cast, open_store
from store_demo.stores.serving import LOOPBACK, serve
from store_exporter.metrics.catalogue import business
from store_exporter.probing.stalls import StallMeter
from tests.servers.process import TOOLS

FOUND = Role("acme", "localhost", "woocommerce", "EUR")
"""A store that only the source of discovery names."""
USER = "prometheus"
PASSWORD = "correct-" + secrets.token_hex(8)
CLOCK = TOOLS / "libfaketime.so"
"""Gives a process a clock that a file sets; from scripts/tools."""
_PAID = re.compile(rf'^{business.ORDERS_PAID.name}\{{.*?domain="([^"]+)".*?\}} (\S+)', re.MULTILINE)
_REVENUE = re.compile(rf'^{business.REVENUE.name}\{{.*?domain="([^"]+)".*?\}} (\S+)', re.MULTILINE)
_OPERATIONS = ("get_cart", "add_to_cart")


@dataclass(slots=True)
class Truth:
    """What happened, by domain.

    Attributes:
        paid: orders that were paid since counting began.
        revenue: what they came to.
        lost: how many of the paid orders, and how much, were shown by counters that began again
            because what was saved of them was damaged.
        calls: calls that were reported and acknowledged, by domain and operation.
        sabotaged: when each store was made to fail: from when until when, in Unix time.
        told: what must have been told: the alert, and the store if it is about one.
    """

    paid: Counter[str] = field(default_factory=Counter)
    revenue: Counter[str] = field(default_factory=Counter)
    lost: dict[str, tuple[int, int]] = field(default_factory=dict)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    sabotaged: list[tuple[str, float, float]] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)

    def shown(self) -> dict[str, tuple[float, float]]:
        """Orders and revenue that the exporter has to show by now."""
        return {
            domain: (
                float(self.paid[domain] - self.lost.get(domain, (0, 0))[0]),
                float(self.revenue[domain] - self.lost.get(domain, (0, 0))[1]),
            )
            for domain in (*(role.domain for role in cast()), FOUND.domain)
        }


@dataclass(slots=True)
class World:
    """The running system.

    Attributes:
        folder: where files and logs are.
        random: of every choice.
        say: takes a line for the log of the round.
    """

    folder: Path
    random: Random
    say: Any
    cleanup: AsyncExitStack
    truth: Truth = field(default_factory=Truth)
    slack: SlackReceiver = field(default_factory=lambda: SlackReceiver(keep=100_000))
    stores: dict[str, DemoStore] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    closed: bool = False
    """Whether shops are closed, so that figures come to rest."""
    faked: bool = False
    """Whether the exporter's next life has a clock that can be set; it costs it much time."""
    failing: bool = False
    """Whether calls of the C library may fail in the exporter's next life; see `faults.c`."""
    otlp: int = 200
    """What the OTLP endpoint answers."""
    reporting: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while calls are being reported."""
    session: aiohttp.ClientSession = field(init=False)
    evidence: Evidence = field(init=False)
    _lives: Counter[str] = field(default_factory=Counter)

    @property
    def exporter(self) -> Process:
        """The exporter's process."""
        return self.processes["exporter"]

    @property
    def configuration(self) -> Path:
        """The exporter's configuration."""
        return self.folder / "store-exporter.yml"

    @property
    def source(self) -> Path:
        """The file in which discovery finds stores."""
        return self.folder / "found.json"

    @property
    def state(self) -> Path:
        """Where the exporter keeps its state."""
        return self.folder / "state"

    def logs(self) -> Iterator[tuple[str, str]]:
        """The logs of all lives of the exporter, by file name."""
        for path in sorted(self.folder.glob("exporter-*.log")):
            yield path.name, path.read_text("utf-8", errors="replace")

    async def run(self, name: str) -> None:
        """Start a program, or start it again."""
        self._lives[name] += 1
        argv, env = self._command(name)
        self.processes[name] = await start(
            f"{name}-{self._lives[name]}",
            argv,
            ready=f"{self.addresses[name]}/-/{'healthy' if name == 'exporter' else 'ready'}",
            directory=self.folder,
            env=env,
            timeout=60,
        )

    def _command(self, name: str) -> tuple[list[str], Mapping[str, str]]:
        if name == "prometheus":
            # It may be killed at any moment.
            return monitoring.prometheus_argv(self.addresses), {}
        if name == "alertmanager":
            return monitoring.alertmanager_argv(self.addresses), {}
        listen = self.addresses[name].removeprefix("http://")
        argv = [
            *(sys.executable, "-m", "store_exporter", "serve"),
            "--config.file=store-exporter.yml",
            "--web.config.file=web.yml",
            f"--web.listen-address={listen}",
        ]
        env = {
            **self.secrets,
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.addresses["otlp"],
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        }
        if self.faked:
            env |= {
                "LD_PRELOAD": str(CLOCK),
                "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
                "FAKETIME_CACHE_DURATION": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
            }
        if self.failing:
            env |= {"LD_PRELOAD": str(self.folder / "faults.so")}
            env |= {"FAULTS_FILE": str(self.folder / "faults")}
        return argv, env

    async def stop(self, name: str, number: signal.Signals) -> None:
        """End a program by a signal, and wait for its end."""
        child = self.processes[name].child
        child.send_signal(number)
        try:
            async with asyncio.timeout(60):
                await child.wait()
        except TimeoutError:
            self.say(f"!! {name} did not end by {number.name}; killed")
            child.kill()
            await child.wait()

    def set_clock(self, seconds: float) -> None:
        """Have the exporter's clock be that many seconds ahead of the true one."""
        file = self.folder / "clock.new"
        file.write_text(f"{seconds:+.0f}")
        file.replace(self.folder / "clock")

    async def figures(self) -> dict[str, tuple[float, float]]:
        """Orders and revenue that the exporter shows; nothing of a store that it does not show."""
        text = await self.text()
        paid = {domain: float(value) for domain, value in _PAID.findall(text)}
        revenue = {domain: float(value) for domain, value in _REVENUE.findall(text)}
        return {domain: (count, revenue.get(domain, 0.0)) for domain, count in paid.items()}

    async def text(self) -> str:
        """The exporter's /metrics; empty where it does not answer."""
        try:
            headers = {"Authorization": aiohttp.encode_basic_auth(USER, PASSWORD)}
            url = f"{self.addresses['exporter']}/metrics"
            async with self.session.get(url, headers=headers) as answer:
                return await answer.text() if answer.status == 200 else ""
        except (aiohttp.ClientError, TimeoutError):
            return ""

    @contextmanager
    def sabotage(self, domain: str, after: float = 0) -> Iterator[None]:
        """Note that a store, or those below a domain, are made to fail, and for how long after."""
        begun = time.time()
        try:
            yield
        finally:
            self.truth.sabotaged.append((domain, begun, time.time() + after))

    def sell(self) -> None:
        """Have one store sell something."""
        domain = self.random.choice(list(self.stores))
        amount = self.stores[domain].sell(self.random)
        self.truth.paid[domain] += 1
        self.truth.revenue[domain] += amount

    async def own_stalls(self) -> None:
        """Note, until cancelled, when the stores, which this process plays, stood still.

        On a machine that is busy they are down then, and the exporter is right to say so.
        """
        stalls, before = StallMeter(), 0.0
        with stalls:
            while True:
                await asyncio.sleep(1)
                if stalls.lost - before >= 1:
                    now = time.time()
                    self.truth.sabotaged.append(("", now - 1 - stalls.lost + before, now))
                before = stalls.lost

    async def trade(self) -> None:
        """Sell and report calls until cancelled."""
        await asyncio.gather(self._sell(), self._report())

    async def _sell(self) -> None:
        while True:
            await asyncio.sleep(self.random.expovariate(4))
            if not self.closed:
                self.sell()

    async def _report(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(0.5)
            if not self.closed:
                number += 1
                role = self.random.choice(cast())
                await self.report(role, str(number), self.random.randrange(1, 20))

    async def report(self, role: Role, key: str, count: int) -> None:
        """Report calls of a store until that is acknowledged, always with the same key."""
        calls = [
            {"operation": name, "domain": role.domain, "duration_seconds": 0.1}
            for name in _OPERATIONS
        ] * count
        token = self.secrets[f"{role.org.upper()}_API_TOKEN"]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        url = f"{self.addresses['exporter']}/api/v1/operations"
        async with self.reporting:
            while not await self._posted(url, calls, headers):  # noqa: ASYNC110 (another program)
                await asyncio.sleep(0.3)
            for name in _OPERATIONS:
                self.truth.calls[role.domain, name] += count

    async def _posted(self, url: str, calls: Any, headers: Mapping[str, str]) -> bool:
        try:
            async with self.session.post(url, json=calls, headers=headers) as answer:
                if 400 <= answer.status < 500 and answer.status not in (408, 429):
                    raise AssertionError(f"{answer.status}: {await answer.text()}")
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False


@asynccontextmanager
async def world(folder: Path, seed: int, say: Any) -> AsyncIterator[World]:
    """Run everything until the block ends; shops are open and calls are reported."""
    async with AsyncExitStack() as cleanup:
        made = World(folder, Random(seed), say, cleanup)
        made.stores = {**open_stores(seed), FOUND.domain: open_store(FOUND, seed=seed)}
        for domain, store in made.stores.items():
            made.addresses[domain] = await cleanup.enter_async_context(store.serve())
        made.addresses["slack"] = await cleanup.enter_async_context(serve(made.slack.app))
        made.addresses["otlp"] = await cleanup.enter_async_context(serve(_endpoint(made)))
        names = ("exporter", "prometheus", "alertmanager", "grafana", "application")
        for name, port in zip(names, free_ports(len(names)), strict=True):
            made.addresses[name] = f"http://{LOOPBACK}:{port}"
        limit = aiohttp.ClientTimeout(total=30)
        made.session = await cleanup.enter_async_context(aiohttp.ClientSession(timeout=limit))
        made.evidence = Evidence(
            made.session,
            *(made.addresses[name] for name in ("prometheus", "alertmanager", "slack", "exporter")),
        )
        _write_files(made)
        for name in ("exporter", "alertmanager", "prometheus"):
            await made.run(name)
        cleanup.push_async_callback(_end, made)
        playing = asyncio.create_task(made.own_stalls())
        trading = asyncio.create_task(made.trade())
        made.closed = True
        await _begun(made)
        made.closed = False
        yield made
        if trading.done():
            trading.result()
        trading.cancel()
        playing.cancel()


async def _end(made: World) -> None:
    for process in made.processes.values():
        if process.child.returncode is None:
            process.child.send_signal(signal.SIGCONT)
        await process.stop()


def _endpoint(made: World) -> web.Application:
    async def receive(request: web.Request) -> web.Response:
        await request.read()
        if made.otlp == 302:
            return web.Response(status=302, headers={"Location": made.addresses["slack"]})
        return web.Response(status=made.otlp, content_type="application/x-protobuf")

    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_post("/v1/metrics", receive)
    return app


def _write_files(made: World) -> None:
    document, made.secrets = exporter_configuration(made.addresses, made.stores, CHECK)
    orgs: list[dict[str, Any]] = document["orgs"]  # type: ignore[assignment]
    for org in orgs:
        org["api_tokens"][0]["scopes"].append("ingest")
        if org["org"] == FOUND.org:
            org["domains"] = [FOUND.domain, "flap.example"]
    key, secret = made.stores[FOUND.domain].credentials.values()
    made.secrets |= {"FOUND_KEY": key, "FOUND_SECRET": secret}
    port = made.addresses[FOUND.domain].rpartition(":")[2]
    document["discovery"] = [
        {
            "org": FOUND.org,
            "platform": FOUND.platform,
            "files": ["found.json"],
            "refresh": "1s",
            "limit": 50,
            "networks": ["127.0.0.0/8"],
            "store": {
                "url": f"http://{{domain}}:{port}",
                "credentials": {
                    "consumer_key": "env:FOUND_KEY",
                    "consumer_secret": "env:FOUND_SECRET",
                },
            },
        }
    ]
    write(made.configuration, document)
    made.source.write_text('[{"targets": ["localhost"]}]')
    made.set_clock(0)
    proof = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(8)).decode()
    write(made.folder / "web.yml", {"basic_auth_users": {USER: proof}})
    monitoring.write_files(made.folder, made.addresses, CHECK)
    file = made.folder / "prometheus.yml"
    scraping = yaml.safe_load(file.read_text())
    jobs = [job for job in scraping["scrape_configs"] if job["job_name"] != "application"]
    jobs[0]["basic_auth"] = {"username": USER, "password": PASSWORD}
    scraping["scrape_configs"] = jobs
    write(file, scraping)


async def _begun(made: World) -> None:
    """Wait until Prometheus knows the counters of every store, and of every reported call."""
    domains = set(made.stores)
    deadline = time.monotonic() + 180
    while set(await made.figures()) != domains:
        if time.monotonic() > deadline:
            raise AssertionError(f"only {set(await made.figures())} were counted within 180 s")
        await asyncio.sleep(0.2)
    for role in cast():
        await made.report(role, f"first-{role.domain}", 1)
    while True:
        known = await made.evidence.by_domain(f"sum by (domain) ({business.ORDERS_PAID.name})")
        calls = await made.evidence.by_domain("sum by (domain) (store_operations_total)")
        if set(known) == domains and set(calls) == {role.domain for role in cast()}:
            return
        if time.monotonic() > deadline:
            raise AssertionError("Prometheus did not have every counter within 180 s")
        await asyncio.sleep(0.2)


def memory(process: Process) -> int:
    """The most memory that a process has used, in MiB; 0 where it has ended."""
    try:
        text = Path(f"/proc/{process.child.pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+)", text)
    return int(found[1]) // 1024 if found else 0


def open_files(process: Process) -> int:
    """How many descriptors a process has open."""
    return len(os.listdir(f"/proc/{process.child.pid}/fd"))  # noqa: PTH208
