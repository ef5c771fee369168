"""Documents for the event loop, which must never wait for a disk or a database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, Protocol, TypeVar

from ...metrics.catalogue.values import StateErrorReason
from .sql_state import SqlState
from .storage import Key, Saved, StateUnavailableError, Write

ItemT = TypeVar("ItemT")
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


class _Batches(Generic[ItemT, T]):
    """Work on items in batches: what arrives during one batch is in the next.

    `work` returns the result of each item, or the exception to raise where it is waited for.
    """

    def __init__(self, work: Callable[[list[ItemT]], Awaitable[Sequence[T | Exception]]]) -> None:
        self._work = work
        self._waiting: list[tuple[ItemT, asyncio.Future[T]]] = []
        self._task: asyncio.Task[None] | None = None

    async def result(self, item: ItemT) -> T:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await done

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            outcomes = await self._work([item for item, _ in batch])
            for (_, done), outcome in zip(batch, outcomes, strict=True):
                if done.done():  # nobody waits any more
                    continue
                if isinstance(outcome, Exception):
                    done.set_exception(outcome)
                else:
                    done.set_result(outcome)

    async def end(self) -> None:
        if self._task is not None:
            await self._task


class StoredDocuments:
    """Documents in a database, read and written in one thread beside the event loop.

    Documents that are written together share the wait for the disk, and ten thousand new stores
    that are read together do not wake the thread ten thousand times. The database is closed
    together with this object.
    """

    def __init__(self, state: SqlState) -> None:
        self._state = state
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._reads = _Batches(self._get_all)
        self._writes = _Batches(self._put_all)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def read(self, key: Key) -> Saved | None:
        """Return a document, or None when there is none.

        Raises:
            StateUnavailableError: it cannot be read now.
        """
        return await self._reads.result(key)

    async def _get_all(self, keys: list[Key]) -> list[Saved | Exception | None]:
        return await self._in_thread(lambda: [self._get(key) for key in keys])

    def _get(self, key: Key) -> Saved | Exception | None:
        try:
            return self._state.get(key)
        except Exception as error:  # noqa: BLE001 - raised where the caller waits for the document
            return error

    async def write(self, key: Key, document: str, revision: int | None = None) -> int:
        """Replace a document, durably; a conflict if another process has saved it meanwhile.

        Raises:
            StateUnavailableError: it cannot be saved now, or another process has saved it
                meanwhile.
        """
        return await self._writes.result(Write(key, document, revision))

    async def _put_all(self, writes: list[Write]) -> list[int | Exception]:
        try:
            revisions = await self._in_thread(partial(self._state.put, writes))
        except Exception as error:  # noqa: BLE001 - raised where each caller waits for its document
            return [error] * len(writes)
        return [
            _conflict(write) if revision is None else revision
            for write, revision in zip(writes, revisions, strict=True)
        ]

    async def close(self) -> None:
        """Read and write what is pending and close the state."""
        await self._reads.end()
        await self._writes.end()
        await self._in_thread(self._state.close)
        self._thread.shutdown(wait=False)


def _conflict(write: Write) -> StateUnavailableError:
    message = (
        f"another process saved {write.key.collector} of {write.key.domain} meanwhile; only one "
        "should watch it"
    )
    return StateUnavailableError(StateErrorReason.CONFLICT, message)
