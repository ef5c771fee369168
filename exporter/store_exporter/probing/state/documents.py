"""Documents for the event loop, which must never wait for a disk or a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeVar

from .sql_state import SqlState
from .storage import Key, Saved, StateUnavailableError, Write

T = TypeVar("T")

_BATCH = 256


class Documents(Protocol):
    """A store of documents; `StateUnavailableError` if it cannot be used now."""

    async def read(self, key: Key) -> Saved | None:
        """Return a document, or None when there is none."""
        ...

    async def write(self, key: Key, document: str, revision: int | None = None) -> int:
        """Replace a document, durably, before returning its new revision; see `Write`."""
        ...


class MemoryDocuments:
    """Documents that are lost with the process: for single runs, and without a state directory."""

    def __init__(self) -> None:
        self._documents: dict[Key, Saved] = {}

    async def read(self, key: Key) -> Saved | None:
        """Return a document, or None when there is none."""
        return self._documents.get(key)

    async def write(self, key: Key, document: str, revision: int | None = None) -> int:
        """Replace a document."""
        new = 0 if revision is None else revision + 1
        self._documents[key] = Saved(document, new)
        return new


class StoredDocuments:
    """Documents in a database, read and written in one thread beside the event loop.

    Documents that arrive while another one is written share the next transaction, and so its wait
    for the disk. Documents that are requested while others are read are read together, so that ten
    thousand new stores do not wake the thread ten thousand times. The database is closed together
    with this object.
    """

    def __init__(self, state: SqlState) -> None:
        self._state = state
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._pending: list[tuple[Write, asyncio.Future[int]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._requested: list[tuple[Key, asyncio.Future[Saved | None]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def read(self, key: Key) -> Saved | None:
        """Return a document, or None when there is none."""
        done: asyncio.Future[Saved | None] = asyncio.get_running_loop().create_future()
        self._requested.append((key, done))
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return await done

    async def _read(self) -> None:
        while self._requested:
            batch, self._requested = self._requested[:_BATCH], self._requested[_BATCH:]
            keys = [key for key, _ in batch]
            outcomes = await self._in_thread(partial(self._get_all, keys))
            _settle((done for _, done in batch), outcomes)

    def _get_all(self, keys: Sequence[Key]) -> list[Saved | Exception | None]:
        return [self._get(key) for key in keys]

    def _get(self, key: Key) -> Saved | Exception | None:
        try:
            return self._state.get(key)
        except Exception as error:  # noqa: BLE001 - raised where the caller waits for the document
            return error

    async def write(self, key: Key, document: str, revision: int | None = None) -> int:
        """Replace a document, durably; a conflict if another process has saved it meanwhile."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._pending.append((Write(key, document, revision), done))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        return await done

    async def _flush(self) -> None:
        while self._pending:
            batch, self._pending = self._pending[:_BATCH], self._pending[_BATCH:]
            outcomes = await self._put([write for write, _ in batch])
            _settle((done for _, done in batch), outcomes)

    async def _put(self, writes: list[Write]) -> list[int | Exception]:
        try:
            revisions = await self._in_thread(lambda: self._state.put(writes))
        except Exception as error:  # noqa: BLE001 - raised where each caller waits for its document
            return [error] * len(writes)
        return [
            _conflict(write) if revision is None else revision
            for write, revision in zip(writes, revisions, strict=True)
        ]

    async def close(self) -> None:
        """Read and write what is pending and close the state."""
        for task in (self._reading, self._flushing):
            if task is not None:
                await task
        await self._in_thread(self._state.close)
        self._thread.shutdown(wait=False)


def _settle(waiting: Iterable[asyncio.Future[T]], outcomes: Sequence[T | Exception]) -> None:
    """Pass the results to all callers that still wait."""
    for done, outcome in zip(waiting, outcomes, strict=True):
        if done.done():
            continue
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)


def _conflict(write: Write) -> StateUnavailableError:
    message = (
        f"another process saved {write.key.collector} of {write.key.domain} meanwhile; only one "
        "should watch it"
    )
    return StateUnavailableError("conflict", message)
