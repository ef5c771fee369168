"""`store-exporter state`: list the saved state of stores, move it to another or delete it."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..config import Config
from ..probing.state.sql_state import SqlState
from ..probing.state.sqlite_file import FILE_NAME
from ..probing.state.storage import (
    DocumentEntry,
    StateError,
    StateUnavailableError,
    StorageEvents,
    StoreIdentity,
)
from ..server.state import open_state
from ..stores.model import Store
from . import CommandError
from .support import arguments, stores

_ACTIONS = {
    "list": ((0,), "no names"),
    "move": ((1, 2), "the name of what is kept, and the domain that gets it if not its own"),
    "forget": ((1,), "one name, as `state list` prints it"),
}
"""How many names each action takes, and which."""


class Kept(NamedTuple):
    """The saved state of one store."""

    name: str
    documents: Sequence[DocumentEntry]
    watched: bool

    @property
    def used(self) -> int:
        """Unix time at which any of it was last used, accurate to the day."""
        return max(entry.used for entry in self.documents)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "action",
        choices=_ACTIONS,
        help="list the saved state; move NAME [DOMAIN] gives it to a store of the configuration "
        "(default: the one with the same domain); forget NAME deletes it",
    )
    parser.add_argument("names", nargs="*", default=[], metavar="NAME", help="as `list` prints it")
    parser.add_argument(
        "--replace", action="store_true", help="for move: delete the state of the other store"
    )
    arguments.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """List, move or forget; 1 when it cannot be done, 2 when the command line is wrong."""
    arguments.silence_log()
    counts, names = _ACTIONS[args.action]
    if len(args.names) not in counts:
        raise CommandError(f"state {args.action} takes {names}", status=2)
    config = stores.read_config(args)
    if config.state_database is None:
        _check_file(config.state_directory / FILE_NAME)
    try:
        watched = asyncio.run(stores.stores_of(config))
        state = opened(config, alone=args.action != "list")
        try:
            return _do(args, config, state, watched)
        finally:
            state.close()
    except (StateError, StateUnavailableError) as error:
        raise CommandError(str(error)) from None


def _check_file(path: Path) -> None:
    """Refuse a missing state: this user may be another one than the exporter's."""
    try:
        path.stat()
    except FileNotFoundError:
        message = f"there is no {path}: no exporter has saved anything there yet"
        raise CommandError(message) from None
    except OSError as error:
        advice = "; run this as the exporter's user" if isinstance(error, PermissionError) else ""
        raise CommandError(f"{path} cannot be read: {error.strerror}{advice}") from None


def opened(config: Config, *, alone: bool = False) -> SqlState:
    """Open the state of a configuration, and print it when something in it is damaged.

    Raises:
        StateError: it cannot be used.
    """

    def lost() -> None:
        print("part of the state is damaged and was moved away", file=sys.stderr)

    return open_state(config, StorageEvents(lost), alone=alone)


def _do(args: argparse.Namespace, config: Config, state: SqlState, watched: Sequence[Store]) -> int:
    kept = {one.name: one for one in kept_state(state, watched)}
    if args.action == "list":
        found = list(kept.values())
        as_json = args.format == "json"
        print(json.dumps(_document(found), indent=2) if as_json else "\n".join(_table(found)))
        return 0
    if args.names[0] not in kept:
        raise StateError(f"there is no state of {args.names[0]}; `state list` shows what there is")
    old = kept[args.names[0]].documents[0].key.identity
    if args.action == "forget":
        print(f"forgot {state.forget(old)} documents of {args.names[0]}")
        return 0
    domain = args.names[1] if len(args.names) > 1 else old.domain
    new = next((StoreIdentity.of(store) for store in watched if store.domain == domain), None)
    if new is None:
        raise StateError(f"{domain} is not among the stores of {config.file}")
    if new == old:
        raise StateError(f"{args.names[0]} already belongs to that store")
    count = state.move(old, new, replace=args.replace)
    print(f"moved {count} documents of {args.names[0]} to {_name(new)}")
    return 0


def _name(identity: StoreIdentity) -> str:
    return f"{identity.org}/{identity.platform}/{identity.domain}@{identity.address}"


def kept_state(state: SqlState, watched: Sequence[Store] = ()) -> Iterator[Kept]:
    """Yield the saved state of each store; skip keys without an org or address."""
    here = {StoreIdentity.of(store) for store in watched}
    by_identity: dict[StoreIdentity, list[DocumentEntry]] = {}
    for entry in state.entries():
        if entry.key.org and entry.key.address:
            by_identity.setdefault(entry.key.identity, []).append(entry)
    for identity, entries in by_identity.items():
        yield Kept(_name(identity), entries, identity in here)


def _table(kept: Sequence[Kept]) -> Iterator[str]:
    width = max((len(one.name) for one in kept), default=0)
    for one in kept:
        size = sum(entry.size for entry in one.documents)
        whose = "watched" if one.watched else "left behind"
        names = ", ".join(entry.key.collector for entry in one.documents)
        yield f"{one.name:<{width}}  {whose:<11}  used {_day(one.used)}  {size:>9} bytes: {names}"
    left = sum(not one.watched for one in kept)
    yield f"stores: {len(kept)}, not watched by this configuration: {left}"


def _document(kept: Sequence[Kept]) -> list[dict[str, object]]:
    return [
        {
            "name": one.name,
            **one.documents[0].key.identity._asdict(),
            "watched": one.watched,
            "used": one.used,
            "documents": {entry.key.collector: entry.size for entry in one.documents},
        }
        for one in kept
    ]


def _day(when: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(when))
