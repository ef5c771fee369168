"""Shared by commands about stores: reading the configuration, and choosing stores."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ...config import Config, ConfigError, load
from ...config.problems import suggestion
from ...discovery.owners_file import OwnersFile
from ...discovery.sources import SourceError, find
from ...stores.inventory import Inventory
from ...stores.model import Store
from ...stores.owners import RefusedDomain, Settlement, SourceClaim, settle
from .. import CommandError

_SHOWN = 20


def read_config(args: argparse.Namespace, *, resolve: bool = True) -> Config:
    """Return the configuration.

    Raises:
        CommandError: it has problems, which the message lists.
    """
    try:
        return load(args.config_file, resolve=resolve)
    except ConfigError as error:
        raise CommandError(str(error)) from None


def read_sources(args: argparse.Namespace) -> Config:
    """Return the configuration for commands that need no secrets but those of sources of stores.

    Raises:
        CommandError: as `read_config`.
    """
    config = read_config(args, resolve=False)
    return read_config(args) if config.discovery else config


async def stores_of(config: Config, domains: Sequence[str] = ()) -> list[Store]:
    """Return the stores of a configuration, those that discovery finds included.

    With domains, these stores in this order.

    Raises:
        CommandError: one of the domains is not among the stores.
    """
    found, refusals = await stores_and_refusals(config, domains)
    for refusal in refusals[:_SHOWN]:
        print(f"discovery: {refusal}", file=sys.stderr)
    return found


async def stores_and_refusals(
    config: Config, domains: Sequence[str] = ()
) -> tuple[list[Store], Sequence[RefusedDomain]]:
    """Return the stores and the refused domains of sources; see `stores_of`."""
    settlement = Settlement((), (), {})
    known = {store.domain for store in config.stores}
    if not domains or not known.issuperset(domains):
        settlement = await _settled(config)
    inventory = Inventory()
    inventory.replace([*config.stores, *settlement.stores])
    for domain in domains:
        if domain not in inventory.stores:
            raise CommandError(
                f"{domain} is not among the stores of {config.file}; "
                f"{suggestion(domain, inventory.stores)}",
                status=2,
            )
    stores = [inventory.stores[domain] for domain in domains or inventory.stores]
    return stores, settlement.refusals


async def _settled(config: Config) -> Settlement:
    """Query all sources once and return the owner of each domain; print which sources failed."""
    claims = []
    for source in config.discovery:
        try:
            claims.append(await find(source))
        except SourceError as error:
            print(f"discovery: {error}", file=sys.stderr)
            claims.append(SourceClaim(source.template.org, responded=False))
    return settle(OwnersFile(config.state_directory).known, config.stores, claims)
