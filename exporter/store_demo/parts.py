"""Single parts of the demo as programs of their own: the containers of docker-compose.yml."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from store_exporter import report_calls
from store_exporter.mounts import serve_metrics
from store_exporter.server.process.spans import tracing

from .folder import write
from .scene import DEMO, api_tokens, exporter_configuration, open_stores
from .shoppers import Shoppers, operated
from .slack import Message, SlackReceiver
from .stack import trade
from .stores.base import cast
from .stores.serving import serve


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its help, the options that it takes, and how it runs until it is cancelled."""

    help: str
    options: Mapping[str, str]
    run: Callable[[argparse.Namespace], Awaitable[int]]


async def stores(options: argparse.Namespace) -> int:
    """Serve the simulated stores, the first on the given port, the others on those after it."""
    host, port = host_and_port(options.listen_address)
    opened = list(open_stores().values())
    async with AsyncExitStack() as cleanup:
        for number, store in enumerate(opened):
            await cleanup.enter_async_context(store.serve(host, port + number))
        await trade(opened, DEMO)
    return 0


async def shoppers(options: argparse.Namespace) -> int:
    """Run operations against the stores and serve their metrics."""
    host, port = host_and_port(options.listen_address)
    addresses = store_addresses(options.stores)
    opened = open_stores()
    crowd = Shoppers(
        [operated(opened[role.domain], role.org, addresses[role.domain]) for role in cast()],
        pause=DEMO.errand,
    )
    async with tracing("shoppers"):
        server = serve_metrics(port=port, address=host)
        reporter = report_calls(options.exporter, api_tokens())
        crowd.start()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(crowd.stop)
            reporter.close()
            server.close()
    return 0


async def slack(options: argparse.Namespace) -> int:
    """Receive Slack messages and print them."""

    def show(message: Message) -> None:
        print(f"\n{message.text}\n", flush=True)

    host, port = host_and_port(options.listen_address)
    async with serve(SlackReceiver(show).app, host, port):
        await asyncio.Event().wait()
    return 0


async def config(options: argparse.Namespace) -> int:
    """Write the exporter's configuration for the simulated stores, and the secrets beside it."""
    folder = Path(options.output)
    opened = open_stores()
    document, secrets = exporter_configuration(
        {**store_addresses(options.stores), "prometheus": options.prometheus},
        opened,
        DEMO,
        reference="file:secrets/{}",
    )
    (folder / "secrets").mkdir(parents=True, exist_ok=True)
    for name, value in secrets.items():
        path = folder / "secrets" / name
        path.write_text(value, encoding="utf-8")
        path.chmod(0o600)
    write(folder / "store-exporter.yml", document)
    print(f"wrote {folder / 'store-exporter.yml'}")
    return 0


def host_and_port(address: str) -> tuple[str, int]:
    """Split `HOST:PORT`, or raise SystemExit."""
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        raise SystemExit(f"{address!r} is not an address; give HOST:PORT, such as 0.0.0.0:8080")
    return host or "0.0.0.0", int(port)  # noqa: S104 (a container listens on all its interfaces)


def store_addresses(first: str) -> dict[str, str]:
    """Addresses of the stores by domain, given the first one's; see `stores`."""
    parts = urlsplit(first)
    return {
        role.domain: f"{parts.scheme}://{parts.hostname}:{(parts.port or 80) + number}"
        for number, role in enumerate(cast())
    }


_LISTEN = {"--listen-address": "HOST:PORT to listen on"}
_STORES = {"--stores": "address of the first store; the others follow on the next ports"}

PARTS: Mapping[str, Part] = {
    "stores": Part("serve the simulated stores", _LISTEN, stores),
    "shoppers": Part(
        "run operations against them",
        {**_LISTEN, **_STORES, "--exporter": "address of the exporter that shows recent calls"},
        shoppers,
    ),
    "slack": Part("receive Slack messages and print them", _LISTEN, slack),
    "config": Part(
        "write the exporter's configuration for the simulated stores",
        {"--output": "folder to write to", "--prometheus": "address of Prometheus", **_STORES},
        config,
    ),
}
