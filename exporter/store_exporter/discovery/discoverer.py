"""Asking sources of stores again and again, and keeping what they answered last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from ..config.entries import Discovery
from ..stores.model import Store
from .sources import SourceError, find

log = logging.getLogger(__name__)


class Discoverer:
    """Asks sources at their intervals and passes on what all of them found together.

    Args:
        found: gets the stores whenever a source gave an answer.
        failed: gets the source's org whenever one gave none.
        sleep: waits for seconds.
    """

    def __init__(
        self,
        found: Callable[[Sequence[Store]], object],
        failed: Callable[[str], object],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._found = found
        self._failed = failed
        self._sleep = sleep
        self._tasks: list[asyncio.Task[None]] = []
        self._sources: tuple[Discovery, ...] = ()
        self._answers: dict[int, list[Store]] = {}

    def replace(self, sources: Sequence[Discovery]) -> None:
        """Ask these sources from now on; answers of those that are still there stay."""
        answers = {
            number: self._answers[before]
            for number, source in enumerate(sources)
            for before, old in enumerate(self._sources)
            if old == source and before in self._answers
        }
        self._cancel()
        self._sources, self._answers = tuple(sources), answers
        self._pass_on()
        self._tasks = [
            asyncio.create_task(self._ask_again_and_again(number, source))
            for number, source in enumerate(sources)
        ]

    async def stop(self) -> None:
        """Ask no more."""
        tasks = self._cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _cancel(self) -> list[asyncio.Task[None]]:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        return tasks

    async def _ask_again_and_again(self, number: int, source: Discovery) -> None:
        org = source.template.org
        while True:
            try:
                self._answers[number] = await find(source)
            except SourceError as error:
                log.warning(
                    "no stores from discovery; those found before stay",
                    extra={"org": org, "problem": str(error)},
                )
                self._failed(org)
            else:
                self._pass_on()
            await self._sleep(source.refresh)

    def _pass_on(self) -> None:
        self._found([store for _, found in sorted(self._answers.items()) for store in found])
