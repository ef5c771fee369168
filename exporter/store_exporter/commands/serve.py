"""`store-exporter serve`: watch stores and serve their metrics, until a signal ends it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from .._version import __version__
from ..config import Config, ConfigError, load
from ..config.load import Reading
from ..ingest.ledger import LedgerError
from ..net.redactor import Redactor
from ..probing.leases import LeaseError
from ..probing.state import StateError
from ..server import descriptors, logs
from ..server.app import create_app
from ..server.assembly import assembled
from ..server.exporter import Exporter
from ..server.listen import is_loopback, listening, parse_address, signals
from ..server.web_file import WebFile
from ..stores.inventory import Shard
from . import stores

PORT = 9847
_ORGS_SHOWN = 20

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments, named as those of Prometheus' own exporters."""
    stores.add_config_file(parser)
    parser.add_argument(
        "--config.check",
        dest="config_check",
        action="store_true",
        help="check the configuration files, list every problem, and end",
    )
    parser.add_argument(
        "--web.listen-address",
        dest="addresses",
        action="append",
        type=_address,
        metavar="HOST:PORT",
        help=f"where to listen; may be repeated (default: 127.0.0.1:{PORT}, or every interface "
        "when --web.config.file asks for passwords or certificates)",
    )
    parser.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        type=_telemetry_path,
        default="/metrics",
        metavar="PATH",
        help="where the metrics are (default: %(default)s)",
    )
    parser.add_argument(
        "--web.config.file",
        dest="web_file",
        type=Path,
        metavar="FILE",
        help="TLS and passwords, in the format of Prometheus' exporter-toolkit",
    )
    parser.add_argument("--log.level", dest="log_level", choices=logs.LEVELS, default="info")
    parser.add_argument("--log.format", dest="log_format", choices=logs.FORMATS, default="logfmt")
    parser.add_argument(
        "--shard",
        type=_shard,
        default=Shard(),
        metavar="INDEX/COUNT",
        help="this process's part of the stores, such as 0/3 for the first of three (default: all)",
    )


def _address(text: str) -> tuple[str | None, int]:
    try:
        return parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _shard(text: str) -> Shard:
    try:
        index, count = map(int, text.split("/"))
        return Shard(index, count)
    except ValueError:
        message = "must be INDEX/COUNT, the index from 0 and below the count"
        raise argparse.ArgumentTypeError(message) from None


def _telemetry_path(text: str) -> str:
    plain = text.replace("/", "").replace("-", "").replace("_", "").replace(".", "")
    if not text.startswith("/") or not plain.isalnum() or not plain.isascii():
        raise argparse.ArgumentTypeError("must be a path such as /metrics")
    return text


def run(args: argparse.Namespace) -> int:
    """Serve until a signal; returns 1 when a configuration has problems or an address is taken."""
    redact = Redactor()
    logs.configure(args.log_level, args.log_format, redact)
    try:
        config = load(args.config_file)
        web_file = WebFile(args.web_file) if args.web_file else None
        if args.config_check:
            return _checked(config)
        asyncio.run(_serve(args, config, web_file, redact))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    except ModuleNotFoundError:
        raise  # the command line knows which extra brings it
    except (StateError, LeaseError, LedgerError, ImportError, OSError) as error:
        log.error("cannot start: %s", error)
        return 1
    return 0


def _checked(config: Config) -> int:
    """Print what `--config.check` found in a configuration that can be used."""
    sick = [store for store in config.stores if store.problem]
    for store in sick:
        print(f"{config.file}: {store.domain}: {store.problem}", file=sys.stderr)
    stores, orgs = len(config.stores), len(config.orgs)
    found = f"stores without a secret: {len(sick)} of" if sick else "no problems; stores:"
    print(f"{config.file}: {found} {stores}, orgs: {orgs}")
    return 1 if sick else 0


async def _serve(
    args: argparse.Namespace, config: Config, web_file: WebFile | None, redact: Redactor
) -> None:
    read = Reading(args.config_file, config)
    shares = _shares()
    guarded = web_file is not None and web_file.guards
    addresses = args.addresses or default_addresses(guarded=guarded)
    async with assembled(
        read,
        config=config,
        redact=redact,
        shard=args.shard,
        connections=shares.probes,
        name=" ".join(f"{host}:{port}" for host, port in addresses),
    ) as exporter:
        app = create_app(exporter, telemetry_path=args.telemetry_path, web_file=web_file)
        tls = web_file.tls if web_file else None
        with signals(partial(_reload, exporter, set())) as ended:
            async with listening(app, addresses, tls, limit=shares.server) as urls:
                _started(exporter, urls)
                for url in urls:
                    _tell(url, guarded=guarded)
                await ended.wait()


def _shares() -> descriptors.Shares:
    limit = descriptors.raise_limit()
    if limit < descriptors.SCARCE:
        log.warning(
            "few files may be open, so few stores and clients are served at the same time; "
            "raise the hard limit (ulimit -Hn)",
            extra={"open_files": limit},
        )
    return descriptors.shares(limit)


def default_addresses(*, guarded: bool) -> list[tuple[str | None, int]]:
    """Return where to listen unless told: for others only when each of them is asked who it is."""
    return [(None if guarded else "127.0.0.1", PORT)]


def _started(exporter: Exporter, urls: Sequence[str]) -> None:
    """Log what runs from now on; sources of stores have not been asked yet."""
    stores = Counter(store.org for store in exporter.inventory.stores.values())
    orgs = [f"{org}: {count}" for org, count in stores.most_common(_ORGS_SHOWN)]
    if len(stores) > len(orgs):
        orgs.append(f"{len(stores) - len(orgs)} more orgs")
    log.info(
        "started",
        extra={
            "version": __version__,
            "stores": stores.total(),
            "orgs": ", ".join(orgs),
            "sources": len(exporter.config.discovery),
            "addresses": " ".join(urls),
        },
    )


def _tell(url: str, *, guarded: bool) -> None:
    """Log an address that is listened on, and who reaches it."""
    log.info("listening", extra={"address": url})
    if is_loopback(url):
        log.info(
            "only this machine reaches this address; --web.listen-address adds others, and "
            "--web.config.file asks who comes in",
            extra={"address": url},
        )
    elif not guarded:
        log.warning(
            "whoever reaches this address sees the figures of all orgs and may reload the "
            "configuration; --web.config.file asks who comes in",
            extra={"address": url},
        )


def _reload(exporter: Exporter, tasks: set[asyncio.Task[None]]) -> None:
    """Reload in the background; the set keeps the task alive until it ends."""
    task = asyncio.create_task(_reload_quietly(exporter))
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def _reload_quietly(exporter: Exporter) -> None:
    try:
        await exporter.reload()
    except ConfigError:
        return  # logged, counted and shown by the exporter
