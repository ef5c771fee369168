"""OTLP pushes of `serve`, if the standard variables name an endpoint; see docs/otlp.md."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from ...metrics.catalogue.exporter import STATE_LOSSES
from ...metrics.catalogue.operations import OPERATION_DURATION, OPERATION_ERRORS, OPERATIONS
from ...metrics.otlp import Settings, start_otlp
from ...metrics.otlp.settings import ENDPOINTS
from ...metrics.recorder import Recorder
from ...probing.state.sql_state import SqlState
from ...probing.state.storage import PUSHED, Key, StateUnavailableError, Write, understood

if TYPE_CHECKING:
    from ...metrics.otlp.deltas import States, Store

log = logging.getLogger(__name__)

_RESTORED = (OPERATIONS, OPERATION_ERRORS, OPERATION_DURATION)
"""What a recorder has of an earlier process; see `ingest`."""


def is_requested(environ: Mapping[str, str]) -> bool:
    """Return whether the variables name an endpoint, or request OTLP."""
    named = any(environ.get(name, "").strip() for name in ENDPOINTS)
    exporters = environ.get("OTEL_METRICS_EXPORTER", "").lower().split(",")
    return named or "otlp" in map(str.strip, exporters)


@asynccontextmanager
async def pushing(recorder: Recorder, open_state: Callable[[], SqlState]) -> AsyncIterator[None]:
    """Push a recorder's state until the block ends, and once at its end, if the variables say so.

    Args:
        recorder: whose state.
        open_state: opens the state that saves the acknowledged values of counters which outlive
            this process.

    Raises:
        ImportError: the extra `otlp` is not installed.
        StateError: the state cannot be used.
    """
    settings = Settings.from_environment()
    if settings.disabled or not is_requested(os.environ):
        yield
        return
    memory = None
    if settings.delta:
        lost = partial(recorder.inc, STATE_LOSSES)
        memory = SavedStates(open_state(), lost)
    try:
        restored = [family for family in recorder.families() if family.metric in _RESTORED]
        resource = resource_of("store-exporter", os.environ)
        pusher = start_otlp(recorder, resource=resource, memory=memory, restored=restored)
        how = {"protocol": settings.protocol, "interval_seconds": settings.interval}
        log.info("pushing by OTLP", extra=how)
        try:
            yield
        finally:
            await asyncio.to_thread(pusher.shutdown)
    finally:
        if memory is not None:
            memory.close()


def resource_of(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return a resource with a service name, unless the variables name one."""
    named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    return {} if named else {"service.name": name}


class SavedStates:
    """What a receiver has acknowledged: a document for each store.

    Args:
        state: where they are kept; closed with this; used by the pushing thread.
        lost: called when something could not be read or saved.
    """

    def __init__(self, state: SqlState, lost: Callable[[], None]) -> None:
        self._state = state
        self._lost = lost

    def load(self, store: Store) -> States:
        """Return what was saved of a store; nothing if nothing was saved or it cannot be read."""
        key = _key(store)
        try:
            saved = self._state.get(key)
        except StateUnavailableError as error:
            log.warning("what was pushed of %s cannot be read: %s", key.domain, error)
            self._lost()
            return {}
        known = understood(key, saved, partial(_states, store), None)
        if saved is not None and known is None:
            self._lost()
        return known or {}

    def save(self, stores: Mapping[Store, States]) -> None:
        """Replace what was saved of these stores, durably."""
        writes = [Write(_key(store), _document(states)) for store, states in stores.items()]
        try:
            self._state.put(writes)
        except StateUnavailableError as error:
            # After a restart, the increases since the last save are sent once more.
            log.warning("what was pushed cannot be saved: %s", error)
            self._lost()

    def close(self) -> None:
        """Close the state."""
        self._state.close()


def _key(store: Store) -> Key:
    org, domain, platform = store
    return Key(org, platform, domain, "", PUSHED)


def _states(store: Store, rows: Iterable[tuple[str, Iterable[str], float, int]]) -> States:
    return {
        (str(name), (*store, *map(str, labels))): (float(value), int(at))
        for name, labels, value, at in rows
    }


def _document(states: States) -> str:
    rows = [[name, labels[3:], value, at] for (name, labels), (value, at) in states.items()]
    return json.dumps(rows, separators=(",", ":"))
