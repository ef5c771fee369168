"""`store-exporter maintenance`: tell a running exporter that a store is worked on.

It goes through the exporter's HTTP API: the state file belongs to the running process alone.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

import httpx

from ..config import Config
from ..stores.model import Store
from . import arguments, stores
from .serve import PORT

_SECONDS = 30.0


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
    parser.add_argument(
        "--exporter.url",
        dest="exporter_url",
        default=f"http://127.0.0.1:{PORT}",
        metavar="URL",
        help="where the exporter listens (default: %(default)s)",
    )
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
        answer = _ask(args, store, _token(config, store))
    except (httpx.HTTPError, httpx.InvalidURL, LookupError) as error:
        text = error if isinstance(error, LookupError) else f"{args.exporter_url}: {error}"
        print(text, file=sys.stderr)
        return 1
    print(answer)
    return 0


def _token(config: Config, store: Store) -> str:
    """Return a token of the store's org that may begin and end maintenance.

    Raises:
        LookupError: there is none; the message says how to make one.
    """
    for token in config.orgs[store.org].api_tokens:
        if "maintenance" in token.scopes:
            return token.token.reveal()
    raise LookupError(
        f"{config.file}: the org {store.org} has no token with the scope maintenance; add one "
        "under its api_tokens: {token: env:NAME, scopes: [maintenance]}"
    )


def _ask(args: argparse.Namespace, store: Store, token: str) -> str:
    """Ask the exporter and return what came of it.

    Raises:
        httpx.HTTPError: it cannot be reached.
        LookupError: it refuses; the message is its own.
    """
    address = f"{args.exporter_url.rstrip('/')}/api/v1/maintenance"
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(headers=headers, timeout=_SECONDS, follow_redirects=False) as client:
        if args.end:
            answer = client.delete(address, params={"domain": store.domain})
        else:
            body = {"domain": store.domain, "for": args.duration, "reason": args.reason}
            answer = client.post(address, json=body)
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {"error": "the answer is no JSON document; is this a store-exporter?"}
    if not answer.is_success:
        raise LookupError(f"HTTP {answer.status_code}: {document.get('error')}")
    if args.end:
        return f"{store.domain}: the maintenance that was begun has ended"
    return f"{store.domain} is in maintenance until {document['to']}: {document['reason']}"
