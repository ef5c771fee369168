"""OTLP from `serve`: pushed where the standard variables name an endpoint; see docs/otlp.md."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..metrics.catalogue.exporter import STATE_LOSSES
from ..metrics.otlp import Settings, start_otlp
from ..metrics.recorder import Recorder
from ..probing.documents import DocumentFile, Key

if TYPE_CHECKING:
    from ..metrics.otlp.deltas import States, Store

log = logging.getLogger(__name__)

_FOLDER = "otlp"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")


def is_asked_for(environ: Mapping[str, str]) -> bool:
    """Tell whether the variables name an endpoint, or this way of exporting."""
    named = any(environ.get(name, "").strip() for name in _ENDPOINTS)
    exporters = environ.get("OTEL_METRICS_EXPORTER", "").lower().split(",")
    return named or "otlp" in map(str.strip, exporters)


@asynccontextmanager
async def pushing(recorder: Recorder, folder: Path) -> AsyncIterator[None]:
    """Push a recorder's state until the block ends, and once more then, where that is asked for.

    Args:
        recorder: whose state.
        folder: where to keep what was acknowledged of counters that outlive this process.

    Raises:
        ImportError: the extra `otlp` is not installed.
        StateError: the folder cannot be used.
    """
    settings = Settings.from_environment()
    if settings.disabled or not is_asked_for(os.environ):
        yield
        return
    memory = None
    if settings.delta:
        lost = partial(recorder.inc, STATE_LOSSES)
        memory = SavedStates(DocumentFile(folder / _FOLDER, lost=lost), lost)
    try:
        pusher = start_otlp(recorder, resource=_resource(os.environ), memory=memory)
        how = {"protocol": settings.protocol, "interval_seconds": settings.interval}
        log.info("pushing by OTLP", extra=how)
        try:
            yield
        finally:
            await asyncio.to_thread(pusher.shutdown)
    finally:
        if memory is not None:
            memory.close()


def _resource(environ: Mapping[str, str]) -> dict[str, str]:
    """Say who pushes, unless the variables do."""
    named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    return {} if named else {"service.name": "store-exporter"}


class SavedStates:
    """What a receiver has acknowledged, in a file: a document for each store.

    Args:
        file: closed with this; used by the pushing thread.
        lost: called when something could not be read or saved.
    """

    def __init__(self, file: DocumentFile, lost: Callable[[], None]) -> None:
        self._file = file
        self._lost = lost

    def load(self, store: Store) -> States:
        """Return what was saved of a store; nothing when nothing was, or it cannot be read."""
        try:
            document = json.loads(self._file.get(_key(store)) or "[]")
            return {
                (str(name), (*store, *map(str, labels))): (float(value), int(at))
                for name, labels, value, at in document
            }
        except (sqlite3.Error, ValueError, TypeError):
            log.exception("what was pushed of a store cannot be read", extra={"store": store[1]})
            self._lost()
            return {}

    def save(self, stores: Mapping[Store, States]) -> None:
        """Replace what was saved of these stores, durably."""
        documents = [(_key(store), _document(states)) for store, states in stores.items()]
        try:
            self._file.put(documents)
        except sqlite3.Error:
            # After a restart the increases since the last that was saved are sent once more.
            log.exception("what was pushed cannot be saved")
            self._lost()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _key(store: Store) -> Key:
    org, domain, platform = store
    return domain, f"{org} {platform}"


def _document(states: States) -> str:
    rows = [[name, labels[3:], value, at] for (name, labels), (value, at) in states.items()]
    return json.dumps(rows, separators=(",", ":"))
