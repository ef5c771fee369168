"""Collectors' memory: what a run saves is durable before anything that it counted is published.

A collector keeps its position and its counters in one document. During a run the document lives
in memory; when the run ends, also by a failure half-way, the runner makes the last saved one
durable and only then publishes figures. So a crash at any moment leaves a document whose counters
belong to its position, and Prometheus has never seen a count that the document does not know.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from .documents import DocumentFile, Key

MAX_BYTES = 64 * 1024 * 1024
"""The largest document; a collector that needs more has a leak."""
_BATCH = 256


class Documents(Protocol):
    """Where documents are kept."""

    async def read(self, key: Key) -> str | None:
        """Return a document as JSON, or None when there is none."""
        ...

    async def write(self, key: Key, document: str) -> None:
        """Replace a document, durably, before returning."""
        ...


class MemoryDocuments:
    """Documents that are lost with the process: for single runs, and without a state directory."""

    def __init__(self) -> None:
        self._documents: dict[Key, str] = {}

    async def read(self, key: Key) -> str | None:
        """Return a document as JSON, or None when there is none."""
        return self._documents.get(key)

    async def write(self, key: Key, document: str) -> None:
        """Replace a document."""
        self._documents[key] = document


class FileDocuments:
    """Documents in a file, read and written in one thread beside the event loop.

    Documents that come while another one is written go into one transaction together, so that the
    disk waits for are shared.

    Args:
        file: the file; closed with this.
    """

    def __init__(self, file: DocumentFile) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._pending: list[tuple[Key, str, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def read(self, key: Key) -> str | None:
        """Return a document as JSON, or None when there is none.

        Raises:
            sqlite3.Error: the file cannot be read.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._file.get, key)

    async def write(self, key: Key, document: str) -> None:
        """Replace a document, durably, before returning.

        Raises:
            sqlite3.Error: the file cannot be written.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((key, document, done))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._pending:
            batch, self._pending = self._pending[:_BATCH], self._pending[_BATCH:]
            documents = [(key, document) for key, document, _ in batch]
            failure: Exception | None = None
            try:
                await loop.run_in_executor(self._thread, self._file.put, documents)
            except Exception as error:  # noqa: BLE001 - raised where each document is waited for
                failure = error
            for _, _, done in batch:
                if done.done():
                    continue
                if failure is None:
                    done.set_result(None)
                else:
                    done.set_exception(failure)

    async def close(self) -> None:
        """Write what is pending and close the file."""
        if self._flushing is not None:
            await self._flushing
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._file.close)
        self._thread.shutdown(wait=False)


class RunCursor:
    """The `Cursor` of the contract for one run.

    Args:
        document: as it was saved last, as JSON; None when there is none.
    """

    def __init__(self, document: str | None = None) -> None:
        self._document = document
        self.changed: str | None = None
        """What is to be made durable; None when nothing was saved."""

    def load(self) -> dict[str, Any]:
        """Return the last saved document, empty at first."""
        if self._document is None:
            return {}
        document = json.loads(self._document)
        return document if isinstance(document, dict) else {}

    def save(self, document: Mapping[str, Any]) -> None:
        """Replace the document.

        Raises:
            TypeError: it has something in it that JSON has not.
            ValueError: it is too large, or has numbers in it that are not finite.
        """
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
        if len(text) > MAX_BYTES:
            raise ValueError(f"the document has {len(text)} characters, more than {MAX_BYTES}")
        self._document = self.changed = text
