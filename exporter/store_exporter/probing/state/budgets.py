"""Saved request budgets: they outlive a store's removal, a reload and the process.

A budget is saved within a second of its change, together with all others that changed, and read
before the first request to a store. So a process that dies again and again sends no more requests
to a store than one that keeps running. A budget belongs to the store's address, not to its tenant:
a store that moves to another org has received the requests all the same.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from functools import partial

from ...stores.model import Store
from ..budget import Budget
from .documents import Documents
from .storage import BUDGET, Key, StateUnavailableError, StoreIdentity, understood

log = logging.getLogger(__name__)

SAVE_SECONDS = 1.0
"""Seconds between a change of a budget and its saving."""


class Budgets:
    """Saves the budgets of stores.

    Args:
        documents: where they are saved.
        now: Unix time.
    """

    def __init__(self, documents: Documents, *, now: Callable[[], float] = time.time) -> None:
        self._documents = documents
        self._now = now
        self._unsaved: dict[Key, Budget] = {}
        self._saving: asyncio.Task[None] | None = None

    async def restore(self, key: Key, budget: Budget) -> bool:
        """Restore a store's saved budget, if there is one.

        Args:
            key: the store's key from `key_of`.
            budget: the budget to restore.

        Returns:
            False if it cannot be read now; until then the budget only allows the liveness probe.
        """
        try:
            before = self._unsaved.get(key)
            if before is not None:
                budget.recall(before.remembered(self._now()), self._now())
            else:
                saved = await self._documents.read(key)
                understood(key, saved, partial(budget.recall, now=self._now()), None)
        except StateUnavailableError:
            budget.hold_to_reserve()
            return False
        return True

    def changed(self, key: Key, budget: Budget) -> None:
        """Save a store's budget soon."""
        self._unsaved[key] = budget
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save_soon())

    async def _save_soon(self) -> None:
        while self._unsaved:
            await asyncio.sleep(SAVE_SECONDS)
            await self.save()

    async def save(self) -> None:
        """Save the changed budgets. One that cannot be saved now is saved after its next change."""
        unsaved, self._unsaved = self._unsaved, {}
        now = self._now()
        writes = (
            self._documents.write(key, json.dumps(budget.remembered(now)))
            for key, budget in unsaved.items()
        )
        for outcome in await asyncio.gather(*writes, return_exceptions=True):
            if isinstance(outcome, Exception):
                # Runs report themselves that they cannot save.
                log.debug("budgets cannot be saved: %s", outcome)
                return

    async def close(self) -> None:
        """Save the changed budgets a last time."""
        if self._saving is not None:
            self._saving.cancel()
        await self.save()


def key_of(store: Store) -> Key:
    """Return the key under which a store's budget is saved."""
    identity = StoreIdentity.of(store)
    return Key("", "", identity.domain, identity.address, BUDGET)
