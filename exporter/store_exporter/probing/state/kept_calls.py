"""The recent calls of watched stores in the state, so that a restart does not lose them.

They are masked before they are saved: the state contains no customer's data and no secret.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, get_type_hints

from ...calls.book import CallBook
from ...calls.call import Call
from ...stores.model import Store
from ...turns import together
from .documents import Documents
from .storage import CALLS, Key, StateUnavailableError, understood

log = logging.getLogger(__name__)

_KINDS = tuple(int | float if kind is float else kind for kind in get_type_hints(Call).values())
"""The types of the members of a call, as JSON has them."""
_SECONDS = 60.0
"""Seconds between two saves. A crash loses the calls since the last one; an end by a signal loses
none, unless the state is too slow."""
_END_SECONDS = 5.0
"""Seconds that the end of the process waits for the last save."""


class KeptCalls:
    """Saves and restores the recent calls of watched stores while it is switched on.

    Args:
        book: holds them.
        documents: where they are kept.
        sleep: waits for seconds.

    Attributes:
        on: whether to save and restore.
    """

    def __init__(
        self,
        book: CallBook,
        documents: Documents,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.on = False
        self._book = book
        self._documents = documents
        self._sleep = sleep
        self._stores: dict[tuple[str, str], Store] = {}
        self._unread: set[tuple[str, str]] = set()
        self._unsaved: set[tuple[str, str]] = set()
        # One after the other, so that scrapes, which need a thread as well, come in between.
        self._masking = asyncio.Lock()
        self._saving: asyncio.Task[None] | None = None

    def expect(self, stores: Iterable[Store]) -> None:
        """Save the calls of these stores from now on instead."""
        wanted = {(store.org, store.domain): store for store in stores}
        self._unread = (self._unread | (wanted.keys() - self._stores.keys())) & wanted.keys()
        self._stores = wanted
        if self._saving is None:
            self._saving = asyncio.create_task(self._save_forever())

    async def stop(self) -> None:
        """Save what is not saved yet, in bounded time, and end it."""
        if self._saving is None:
            return
        self._saving.cancel()
        with suppress(asyncio.CancelledError):
            await self._saving
        self._saving = None
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await self._save()

    async def _save_forever(self) -> None:
        while True:
            await self._sleep(_SECONDS)
            await self.restore()
            await self._save()

    async def restore(self) -> None:
        """Restore the saved calls of new stores; those that cannot be read now, a minute later."""
        if self.on:
            failed = await together(self._restore_store, list(self._unread))
            _log("the saved calls of %d stores cannot be read yet: %s", failed)

    async def _restore_store(self, key: tuple[str, str]) -> StateUnavailableError | None:
        if (store := self._stores.get(key)) is None:
            return None
        document = Key.of(store, CALLS)
        try:
            saved = await self._documents.read(document)
        except StateUnavailableError as error:
            return error
        if key in self._unread:
            self._unread.discard(key)
            # Those of a store that was not watched for a while are still there.
            known = set(map(self._book.shown, self._book.of(*key)))
            for call in understood(document, saved, _calls, list[Call]()):
                if call not in known:
                    self._book.add(call)
        return None

    async def _save(self) -> None:
        """Save what changed, of stores whose saved calls are known."""
        self._unsaved |= self._book.pop_changed()
        self._unsaved &= self._stores.keys() if self.on else set()
        failed = await together(self._save_store, sorted(self._unsaved - self._unread))
        _log("the calls of %d stores cannot be saved now: %s", failed)

    async def _save_store(self, key: tuple[str, str]) -> StateUnavailableError | None:
        if (store := self._stores.get(key)) is None:
            return None
        async with self._masking:
            text = await asyncio.to_thread(self._text, key)
        try:
            await self._documents.write(Key.of(store, CALLS), text)
        except StateUnavailableError as error:
            return error
        self._unsaved.discard(key)
        return None

    def _text(self, key: tuple[str, str]) -> str:
        """Write the calls of a store as JSON; masking them takes a millisecond for each."""
        calls = [*self._book.slowest(*key), *reversed(self._book.read(*key))]
        kept = [self._book.shown(call)._asdict() for call in calls]
        return json.dumps(kept, separators=(",", ":"))


def _log(message: str, failed: Iterable[StateUnavailableError | None]) -> None:
    """Log the failures of many stores, which have one cause, as one."""
    errors = [error for error in failed if error is not None]
    if errors:
        log.warning(message, len(errors), errors[0])


def _calls(saved: list[dict[str, Any]]) -> list[Call]:
    """Return saved calls; TypeError if one has unknown members, or values of other types."""
    calls = [Call(**entry) for entry in saved]
    for call in calls:
        for value, kind in zip(call, _KINDS, strict=True):
            if not isinstance(value, kind):
                raise TypeError(f"{value!r} is no {kind}")
    return calls
