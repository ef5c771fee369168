"""`store-exporter maintenance`: tell a running exporter that a store is worked on.

It goes through the exporter's HTTP API: the state file belongs to the running process alone.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

import httpx

from ..stores.model import Store
from . import arguments, exporter_api, stores

_GRANT = "{token: env:NAME, scopes: [maintenance]}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("domain", help="the store's host name, as in the configuration")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--for",
        dest="duration",
        metavar="DURATION",
        help="how long it lasts from now on, such as 2h; at most 7d, and it ends by itself",
    )
    what.add_argument("--end", action="store_true", help="end what was begun before")
    parser.add_argument(
        "--reason", metavar="TEXT", help="why, in one line; pages and the API show it"
    )
    exporter_api.add_url(parser)
    arguments.add_config_file(parser)


def run(args: argparse.Namespace) -> int:
    """Begin or end it; 1 when the exporter refuses or cannot be asked, 2 for no such store."""
    arguments.silence_log()
    if args.duration and not args.reason:
        print("--reason is needed: who looks at the store later wants to know why", file=sys.stderr)
        return 2
    config = stores.read_config(args)
    if config is None:
        return 1
    try:
        (store,) = asyncio.run(stores.stores_of(config, [args.domain]))
    except stores.StoreNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        token = exporter_api.token_of(config, store, "maintenance", _GRANT)
        answer = _ask(args, store, token)
    except (httpx.HTTPError, httpx.InvalidURL, LookupError) as error:
        text = error if isinstance(error, LookupError) else f"{args.exporter_url}: {error}"
        print(text, file=sys.stderr)
        return 1
    print(answer)
    return 0


def _ask(args: argparse.Namespace, store: Store, token: str) -> str:
    """Ask the exporter and return what came of it.

    Raises:
        httpx.HTTPError: it cannot be reached.
        LookupError: it refuses; the message is its own.
    """
    address = f"{args.exporter_url.rstrip('/')}/api/v1/maintenance"
    with exporter_api.client(token) as client:
        if args.end:
            answer = client.delete(address, params={"domain": store.domain})
        else:
            body = {"domain": store.domain, "for": args.duration, "reason": args.reason}
            answer = client.post(address, json=body)
    document = exporter_api.document_of(answer)
    if args.end:
        return f"{store.domain}: the maintenance that was begun has ended"
    return f"{store.domain} is in maintenance until {document['to']}: {document['reason']}"
