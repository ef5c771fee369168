"""The whole system on one machine: everything is started here, and stopped in reverse order."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import aiohttp

from . import grafana, monitoring
from .crowd import LAST_LOOK, Call, Shift, calls_of
from .evidence import Evidence
from .folder import write
from .ports import free_ports
from .processes import Process, start
from .scene import Pace, exporter_configuration, open_stores
from .slack import SlackReceiver
from .stores.base import DemoStore
from .stores.serving import LOOPBACK, serve


@dataclass(slots=True)
class Stack:
    """The running system, or as much of it as has been started.

    Attributes:
        directory: where configuration, state and logs are.
        addresses: base address of each part that has one, by its name.
        missing: parts that could not be started, and why.
    """

    directory: Path
    pace: Pace
    cleanup: AsyncExitStack
    addresses: dict[str, str] = field(default_factory=dict)
    stores: dict[str, DemoStore] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    evidence: Evidence = field(init=False)
    _shoppers: Process = field(init=False)
    _done: list[Path] = field(default_factory=list)

    async def start_shops(self, slack: SlackReceiver) -> None:
        """Serve the stores and the Slack receiver, and start the application."""
        self.stores = open_stores()
        for domain, store in self.stores.items():
            self.addresses[domain] = await self.cleanup.enter_async_context(store.serve())
        self.addresses["slack"] = await self.cleanup.enter_async_context(serve(slack.app))
        trading = asyncio.create_task(trade(list(self.stores.values()), self.pace))
        self.cleanup.callback(trading.cancel)
        for name, port in zip(("application", "exporter"), free_ports(2), strict=True):
            self.addresses[name] = f"http://{LOOPBACK}:{port}"
        await self.start_shoppers(self.pace.errand)

    async def start_shoppers(self, pause: float) -> None:
        """Start the application, with a mean of seconds between a shopper's errands."""
        number = len(self._done) + 1
        done, file = (self.directory / f"{name}-{number}.json" for name in ("done", "shift"))
        port = urlsplit(self.addresses["application"]).port or 0
        addresses = {domain: self.addresses[domain] for domain in self.stores}
        exporter = self.addresses["exporter"]
        Shift(port, exporter, addresses, pause, number, str(done)).write(file)
        argv = [sys.executable, "-m", "store_demo.crowd", str(file)]
        ready = f"{self.addresses['application']}/metrics"
        self._shoppers = await start(
            f"shoppers-{number}", argv, ready=ready, directory=self.directory
        )
        self._done.append(done)
        self.cleanup.push_async_callback(self._shoppers.stop)

    async def end_shoppers(self) -> None:
        """End the application by itself, when the scrapers have got everything."""
        await self._shoppers.stop(grace=2 * LAST_LOOK)

    def calls(self) -> Counter[Call]:
        """What all shoppers have done; OSError if a shift did not end by itself."""
        return sum(map(calls_of, self._done), Counter())

    async def start_monitoring(self) -> None:
        """Start the exporter, Alertmanager, Prometheus and, where there is one, Grafana."""
        names = ("prometheus", "alertmanager", "grafana")
        for name, port in zip(names, free_ports(len(names)), strict=True):
            self.addresses[name] = f"http://{LOOPBACK}:{port}"
        configuration, secrets = exporter_configuration(self.addresses, self.stores, self.pace)
        write(self.directory / "store-exporter.yml", configuration)
        monitoring.write_files(self.directory, self.addresses, self.pace)
        await self._start("exporter", exporter_argv(self.addresses["exporter"]), env=secrets)
        await self._start("alertmanager", monitoring.alertmanager_argv(self.addresses))
        await self._start("prometheus", monitoring.prometheus_argv(self.addresses))
        program = shutil.which("grafana")
        if program is None:
            del self.addresses["grafana"]
            self.missing["grafana"] = "no grafana on PATH; `docker compose up` has it, provisioned"
            return
        grafana.write_files(self.directory, self.addresses, self.pace)
        argv, env = grafana.command(program, self.directory, self.addresses)
        await self._start("grafana", argv, env=env, health="/api/health")

    async def _start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        health: str = "/-/ready",
    ) -> None:
        process = await start(
            name, argv, ready=self.addresses[name] + health, directory=self.directory, env=env
        )
        self.cleanup.push_async_callback(process.stop)


@asynccontextmanager
async def running(pace: Pace, directory: Path, slack: SlackReceiver) -> AsyncIterator[Stack]:
    """Start everything, and stop it when the block ends, however it ends.

    The directory, empty at first, is for configuration, state and logs.

    Raises:
        StartError: a part did not start; those before it have been stopped.
    """
    async with AsyncExitStack() as cleanup:
        stack = Stack(directory, pace, cleanup)
        await stack.start_shops(slack)
        await stack.start_monitoring()
        session = await cleanup.enter_async_context(aiohttp.ClientSession())
        stack.evidence = Evidence(
            session,
            stack.addresses["prometheus"],
            stack.addresses["alertmanager"],
            stack.addresses["slack"],
            stack.addresses["exporter"],
        )
        yield stack


async def trade(stores: Sequence[DemoStore], pace: Pace) -> None:
    """Let the shops live until cancelled; about as much happens there as shoppers do."""
    random = Random(11)
    while True:
        await asyncio.sleep(random.expovariate(1 / pace.errand))
        random.choice(stores).trade(random)


def exporter_argv(address: str) -> list[str]:
    """Return the command that runs the exporter."""
    return [
        *(sys.executable, "-m", "store_exporter", "serve"),
        "--config.file=store-exporter.yml",
        f"--web.listen-address={address.removeprefix('http://')}",
    ]
