"""What the tests of the SQLite file save in it."""

from __future__ import annotations

import json
from collections.abc import Callable

from store_exporter.probing.state.sqlite_file import FILE_NAME
from store_exporter.probing.state.sqlite_state import (
    REPORTED_SECONDS,
    SqliteState,
)
from store_exporter.probing.state.storage import (
    Key,
    Saved,
    Write,
)
from tests.fakes.clock import START

KEYS = [
    Key("acme", "woocommerce", f"shop{n}.example.com", f"https://shop{n}.example.com", "orders")
    for n in range(6)
]

KEY = KEYS[0]

# Short ones share a page, and the last needs some pages of its own.
DOCUMENTS = {key: json.dumps([n, "x" * (20_000 if n == 5 else 300)]) for n, key in enumerate(KEYS)}

WHOLE = {key: Saved(document, 1) for key, document in DOCUMENTS.items()}

LOG = (f"{FILE_NAME}-wal", f"{FILE_NAME}-shm")

Open = Callable[..., SqliteState]


def later() -> float:
    """When a loss is no longer told."""
    return START + REPORTED_SECONDS + 1


def fill(state: SqliteState) -> None:
    state.put([Write(key, document, 0) for key, document in DOCUMENTS.items()])
