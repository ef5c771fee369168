"""`store-exporter calls`: the latest failures and the slowest operations of a store.

They are requested from a running exporter's HTTP API, which masks secrets in their messages.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import httpx

from ..stores.model import Store
from .support import arguments, exporter_api, servers

_LIMIT = 50
_WAIT = 2.0
"""Seconds between two requests of `--follow`."""
_REMEMBERED = 5000

Document = Mapping[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("domain", help="the store's host name, as in the configuration")
    parser.add_argument(
        "--follow", action="store_true", help="keep running, and print each new failure"
    )
    parser.add_argument(
        "--limit",
        type=int,
        default=_LIMIT,
        metavar="NUMBER",
        help="how many of each list at most (default: %(default)s)",
    )
    exporter_api.add_url(parser)
    arguments.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print them; 1 when the exporter refuses or cannot be reached, 2 for no such store."""

    def ask(client: httpx.Client, store: Store) -> None:
        def fetch() -> Document:
            params = {"domain": store.domain, "limit": str(args.limit)}
            found = exporter_api.document_of(client.get("/api/v1/calls", params=params))
            if not all(isinstance(found[name], list) for name in ("calls", "slowest")):
                raise TypeError("these are lists")
            return found

        found = fetch()
        _print(args, found)
        if args.follow:
            follow(fetch, found, args.format)

    with suppress(KeyboardInterrupt):
        exporter_api.run(args, "read", ask)
    return 0


def _print(args: argparse.Namespace, found: Document) -> None:
    if args.format == "json":
        lists = [*reversed(found["calls"])] if args.follow else [found]
        for one in lists:
            print(json.dumps(one, indent=None if args.follow else 2))
        return
    for call in reversed(found["calls"]):
        print(_line(call))
    if not found["calls"]:
        print(servers.printable(f"no failures since {found['since']}"))
    if found["slowest"] and not args.follow:
        print("slowest:")
        for call in found["slowest"]:
            print(_line(call))


def follow(
    ask: Callable[[], Document],
    found: Document,
    format: str,  # noqa: A002 - the name of the option
) -> None:
    """Print new failures until it is stopped."""
    known = dict.fromkeys(json.dumps(call) for call in found["calls"])
    while True:
        sys.stdout.flush()
        time.sleep(_WAIT)
        for call in reversed(ask()["calls"]):
            key = json.dumps(call)
            if key not in known:
                known[key] = None
                print(key if format == "json" else _line(call))
        for key in list(known)[:-_REMEMBERED]:
            del known[key]


def _line(call: Document) -> str:
    what = f"{call['kind']} " if call["kind"] != "operation" else ""
    parts = [call["time"], f"{what}{call['operation']}", f"{call['duration_ms']:.0f} ms"]
    if call["error_type"]:
        status = f" HTTP {call['status']}" if call["status"] else ""
        message = f": {call['message']}" if call["message"] else ""
        parts.append(f"{call['error_type']} ({call['fault']}){status}{message}")
    if call["trace_id"]:
        parts.append(f"trace {call['trace_id']}")
    return servers.printable("  ".join(parts))
