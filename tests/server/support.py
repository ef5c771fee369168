"""A whole exporter on a loopback port, whose probes run when a test says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import aiohttp
import bcrypt
from aiohttp import web

from store_exporter.config import load
from store_exporter.discovery.owners_file import OwnersFile
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.redactor import Redactor
from store_exporter.probing.jobs import jobs_of
from store_exporter.probing.maintenance import Maintenance
from store_exporter.probing.results.result import Result
from store_exporter.probing.runner import Runner
from store_exporter.probing.scheduler import Scheduler
from store_exporter.probing.state.documents import Documents, MemoryDocuments
from store_exporter.probing.state.leases import Labels, LeaseHolder, Reports
from store_exporter.probing.transport import Transport
from store_exporter.server.app import create_app
from store_exporter.server.assembly import ingesting
from store_exporter.server.exporter import Exporter
from store_exporter.server.process.addresses import WebPaths
from store_exporter.server.process.listen import listening
from store_exporter.server.security.web_file import WebFile
from store_exporter.stores.inventory import Shard
from store_exporter.stores.model import Store


def hashed(password: bytes) -> str:
    """A bcrypt hash of least cost."""
    return bcrypt.hashpw(password, bcrypt.gensalt(4)).decode()


ENVIRON = {
    "ACME_TOKEN": "token-of-acme-0123456789",
    "ZEN_TOKEN": "token-of-zen-9876543210",
    "KEY": "ck_0123456789abcdef0123456789abcdef01234567",
    "SECRET": "cs_fedcba9876543210fedcba9876543210fedcba98",
}
SECRETS = tuple(ENVIRON.values())


def configuration(*stores: tuple[str, str, str], more: str = "", keys: str = "") -> str:
    """Write a configuration of stores given by org, domain and address."""
    entries = "".join(
        f"  - domain: {domain}\n    org: {org}\n    platform: woocommerce\n    url: {url}\n"
        f"    credentials: {{consumer_key: env:KEY, consumer_secret: env:SECRET}}\n{keys}"
        for org, domain, url in stores
    )
    return (
        "orgs:\n  - {org: acme, api_tokens: [env:ACME_TOKEN]}\n"
        f"  - {{org: zen, api_tokens: [env:ZEN_TOKEN]}}\n{more}stores:\n{entries}"
    )


async def no_reports() -> Mapping[Labels, str]:
    """Tell other exporters nothing."""
    return {}


class Alone:
    """Has the leases of all stores at every moment, as where no other exporter shares the state."""

    held: frozenset[Labels] = frozenset()
    lapsed = False

    def want(self, stores: Collection[Store]) -> None:
        """They are all held."""

    def holds(self, _: Store) -> bool:
        return True

    async def start(self, changed: Callable[[], object], reports: Reports) -> None:
        """Nobody else changes anything."""

    async def stop(self) -> None:
        """Nobody waits for them."""


class Manual:
    """A scheduler that runs everything once, when it is told to."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.stores: dict[str, Store] = {}
        self.updates = 0

    async def start(self, stores: Sequence[Store]) -> None:
        await self.update(stores)

    async def update(self, stores: Sequence[Store]) -> None:
        self.updates += 1
        wanted = {store.domain: store for store in stores}
        for domain, store in self.stores.items():
            if domain not in wanted:
                self.runner.forget(store)
        for store in stores:
            if self.stores.get(store.domain) is not store:
                self.runner.expect(store, jobs_of(store))
        self.stores = wanted

    async def stop(self) -> None:
        self.stores = {}

    async def run(self, *names: str) -> list[Result]:
        """Run the jobs of these names, or all; those that a busy machine stalled again, alone."""
        jobs = [job for store in self.stores.values() for job in jobs_of(store)]
        wanted = [job for job in jobs if not names or job.name in names]
        results = await asyncio.gather(*map(self.runner.run_anyway, wanted))
        for place, job in enumerate(wanted):
            for _ in range(20):
                if results[place].skipped != "local":
                    break
                results[place] = await self.runner.run_anyway(job)
        return results


@dataclass(slots=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Running:
    """An exporter that serves."""

    url: str
    file: Path
    exporter: Exporter
    scheduler: Manual
    session: aiohttp.ClientSession
    app: web.Application

    async def ask(self, path: str, method: str = "GET", **options: Any) -> Answer:
        options.setdefault("allow_redirects", False)
        async with self.session.request(method, self.url + path, **options) as response:
            return Answer(response.status, response.headers, await response.read())

    async def api(self, path: str, token: str = "token-of-acme-0123456789") -> Answer:
        return await self.ask(path, headers={"Authorization": f"Bearer {token}"})


@asynccontextmanager
async def exporting(
    folder: Path,
    text: str,
    *,
    recorder: Recorder | None = None,
    web_file: WebFile | None = None,
    environ: Mapping[str, str] = ENVIRON,
    telemetry_path: str = "/metrics",
    paths: WebPaths | None = None,
    redact: Redactor | None = None,
    documents: Documents | None = None,
) -> AsyncIterator[Running]:
    """Serve an exporter until the block ends."""
    file = folder / "store-exporter.yml"
    file.write_text(text)
    read = partial(load, file, environ=environ)
    recorder = recorder or Recorder()
    transport = Transport()
    documents = documents or MemoryDocuments()
    runner = Runner(recorder, transport, documents=documents)
    scheduler = Manual(runner)
    try:
        async with (
            ingesting(recorder, folder / "state", "test") as intake,
            aiohttp.ClientSession() as session,
        ):
            exporter = Exporter(
                read(),
                read,
                recorder=recorder,
                scheduler=cast(Scheduler, scheduler),
                runner=runner,
                maintenance=Maintenance(recorder, documents),
                intake=intake,
                documents=documents,
                redact=redact or Redactor(),
                shard=Shard(),
                lease_holder=cast(LeaseHolder, Alone()),
                owners=OwnersFile(folder / "state"),
            )
            app = create_app(
                exporter, web_file=web_file, telemetry_path=telemetry_path, paths=paths
            )
            tls = web_file.tls if web_file else None
            async with listening(app, [("127.0.0.1", 0)], tls) as (url,):
                yield Running(url, file, exporter, scheduler, session, app)
    finally:
        await transport.close()
