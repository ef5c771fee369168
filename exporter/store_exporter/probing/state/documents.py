"""Documents for the event loop, which never waits for a disk or a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from .storage import Key, Saved, StateUnavailableError, Storage, Write

T = TypeVar("T")

_BATCH = 256


class Documents(Protocol):
    """Where documents are kept."""

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
    """Documents in a `Storage`, read and written in one thread beside the event loop.

    Documents that come while another one is written go into one transaction together, so that the
    disk waits for are shared.

    Args:
        state: where they are kept; closed with this.
    """

    def __init__(self, state: Storage) -> None:
        self._state = state
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._pending: list[tuple[Write, asyncio.Future[int]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def read(self, key: Key) -> Saved | None:
        """Return a document, or None when there is none.

        Raises:
            StateUnavailableError: it cannot be read now.
        """
        return await self._in_thread(lambda: self._state.get(key))

    async def write(self, key: Key, document: str, revision: int | None = None) -> int:
        """Replace a document, durably, before returning its new revision.

        Raises:
            StateUnavailableError: it cannot be saved now, or another process saved it meanwhile.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._pending.append((Write(key, document, revision), done))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        return await done

    async def _flush(self) -> None:
        while self._pending:
            batch, self._pending = self._pending[:_BATCH], self._pending[_BATCH:]
            outcomes = await self._put([write for write, _ in batch])
            for (_, done), outcome in zip(batch, outcomes, strict=True):
                if done.done():
                    continue
                if isinstance(outcome, int):
                    done.set_result(outcome)
                else:
                    done.set_exception(outcome)

    async def _put(self, writes: list[Write]) -> list[int | Exception]:
        try:
            revisions = await self._in_thread(lambda: self._state.put(writes))
        except Exception as error:  # noqa: BLE001 - raised where each document is waited for
            return [error] * len(writes)
        return [
            _conflict(write) if revision is None else revision
            for write, revision in zip(writes, revisions, strict=True)
        ]

    async def close(self) -> None:
        """Write what is pending and close the state."""
        if self._flushing is not None:
            await self._flushing
        await self._in_thread(self._state.close)
        self._thread.shutdown(wait=False)


def _conflict(write: Write) -> StateUnavailableError:
    message = (
        f"another process saved {write.key.collector} of {write.key.domain} meanwhile; only one "
        "should watch it"
    )
    return StateUnavailableError("conflict", message)
