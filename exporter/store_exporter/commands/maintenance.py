"""`store-exporter maintenance`: begin or end maintenance of a store at a running exporter.

It uses the exporter's HTTP API, because only the running process may use the state file.
"""

from __future__ import annotations

import argparse

import httpx

from ..stores.model import Store
from . import CommandError
from .support import arguments, exporter_api, servers

_PATH = "/api/v1/maintenance"


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
    what.add_argument("--end", action="store_true", help="end the current maintenance")
    parser.add_argument(
        "--reason", metavar="TEXT", help="why, in one line; pages and the API show it"
    )
    exporter_api.add_url(parser)
    arguments.add_config_file(parser)


def run(args: argparse.Namespace) -> int:
    """Begin or end it; 1 if the exporter refuses or is not reachable, 2 for no such store."""
    if args.duration and not args.reason:
        raise CommandError("--reason is required; pages and the API show it", status=2)

    def ask(client: httpx.Client, store: Store) -> None:
        if args.end:
            response = client.delete(_PATH, params={"domain": store.domain})
            domain = exporter_api.document_of(response)["domain"]
            print(servers.printable.line(f"{domain}: the maintenance has ended"))
            return
        body = {"domain": store.domain, "for": args.duration, "reason": args.reason}
        document = exporter_api.document_of(client.post(_PATH, json=body))
        until = f"{document['domain']} is in maintenance until {document['to']}"
        print(servers.printable.line(f"{until}: {document['reason']}"))

    exporter_api.run(args, "maintenance", ask)
    return 0
