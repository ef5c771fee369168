"""The life of `store-exporter serve`, from its configuration to the signal that ends it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial

from ..._version import __version__
from ...config import Config, ConfigError, load
from ...config.load import Reading
from ...errors import StoreError
from ...ingest.ledger_file import LedgerError
from ...net import tls
from ...net.redactor import Redactor
from ...probing.jobs import budget_problem
from ...probing.state.leases import LeaseError
from ...probing.state.storage import StateError
from ...server.app import create_app
from ...server.assembly import assembled
from ...server.exporter import Exporter
from ...server.process import descriptors, logs
from ...server.process.addresses import web_paths
from ...server.process.garbage import rare_collections
from ...server.process.listen import is_loopback, listening
from ...server.process.signals import ending, reloading, unless
from ...server.process.systemd import Notifier, activated
from ...server.security.web_file import WebFile
from ...stores.model import Store
from ..serve import PORT
from .state_directory import state_directory

_ORGS_SHOWN = 20

log = logging.getLogger(__name__)


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
        raise  # the command line names the extra that brings it
    except (StateError, LeaseError, LedgerError, ImportError, OSError) as error:
        log.error("cannot start: %s", error)
        return 1
    return 0


def _checked(config: Config) -> int:
    """Print what `--config.check` found in a configuration that can be used."""
    every = {store.domain: list(_problems(store)) for store in config.stores}
    sick = {domain: problems for domain, problems in every.items() if problems}
    for domain, problems in sick.items():
        for problem in problems:
            print(f"{config.file}: {domain}: {problem}", file=sys.stderr)
    stores, orgs = len(config.stores), len(config.orgs)
    has_place = _has_place_for_state(config)
    found = "no problems; stores:" if has_place else "stores:"
    found = f"stores with problems: {len(sick)} of" if sick else found
    print(f"{config.file}: {found} {stores}, orgs: {orgs}")
    # Another host, such as one that checks the file before it is used, may lack the folder.
    return int(bool(sick) or (not has_place and os.path.lexists(config.state_directory)))


def _has_place_for_state(config: Config) -> bool:
    """Report a folder for the state that cannot be used."""
    if config.state_database is not None:
        return True
    found = state_directory(config.state_directory)
    if found.state == "ok":
        return True
    print(f"{config.file}: state_directory: {found.message}. {found.advice}", file=sys.stderr)
    return False


def _problems(store: Store) -> Iterator[str]:
    if store.problem:
        yield store.problem
    if store.ca_file is not None:
        try:
            tls.context(store.ca_file)
        except StoreError as error:
            yield f"{store.ca_file}: {error.message}"
    if problem := budget_problem(store):
        yield problem


async def _serve(
    args: argparse.Namespace, config: Config, web_file: WebFile | None, redact: Redactor
) -> None:
    # Scrapes are rendered and configurations read in threads. A request or a probe needs Python a
    # dozen times on its way, and waits for them this long each time; Python's own is 5 ms.
    sys.setswitchinterval(0.0002)
    read = Reading(args.config_file, config)
    shares = _shares()
    paths = web_paths(args.external_url, args.route_prefix)
    guarded = web_file is not None and web_file.guards
    opened = activated() if args.systemd_socket else []
    addresses = [] if opened else args.addresses or default_addresses(guarded=guarded)
    manager = Notifier()
    async with assembled(
        read,
        config=config,
        redact=redact,
        shard=args.shard,
        shares=shares,
        name=" ".join(f"{host}:{port}" for host, port in addresses) or "systemd",
    ) as exporter:
        app = create_app(
            exporter, telemetry_path=args.telemetry_path, web_file=web_file, paths=paths
        )
        tls = web_file.tls if web_file else None
        serving = listening(app, addresses, tls, opened=opened, limit=shares.server)
        async with AsyncExitStack() as stack:
            stack.enter_context(rare_collections())
            ended = stack.enter_context(ending())
            urls = await unless(ended, stack.enter_async_context(serving))
            if urls is None:
                return
            await stack.enter_async_context(manager.watched())
            _started(exporter, urls)
            for url in urls:
                _log_address(url + paths.prefix, guarded=guarded)
            manager.ready()
            with reloading(partial(_reload, exporter, manager, set())):
                await ended.wait()
            manager.stopping()


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
    """Return the default addresses: other machines are let in only if they must authenticate."""
    return [(None if guarded else "127.0.0.1", PORT)]


def _started(exporter: Exporter, urls: Sequence[str]) -> None:
    """Log what runs from now on; sources of stores have not been queried yet."""
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


def _log_address(url: str, *, guarded: bool) -> None:
    """Log an address that is listened on, and who reaches it."""
    log.info("listening", extra={"address": url})
    if is_loopback(url):
        log.info(
            "only this machine can reach this address; --web.listen-address adds others, and "
            "--web.config.file requires authentication",
            extra={"address": url},
        )
    elif not guarded:
        log.warning(
            "everyone who can reach this address sees the figures of all orgs and may reload "
            "the configuration; --web.config.file requires authentication",
            extra={"address": url},
        )


def _reload(exporter: Exporter, manager: Notifier, tasks: set[asyncio.Task[None]]) -> None:
    """Reload in the background; the set keeps the task alive until it ends."""
    task = asyncio.create_task(_reload_quietly(exporter, manager))
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def _reload_quietly(exporter: Exporter, manager: Notifier) -> None:
    manager.reloading()
    try:
        await exporter.reload()
    except ConfigError:
        return  # logged, counted and shown by the exporter
    finally:
        manager.ready()
