"""Recent calls in the state: read in whatever form they are, and saved however slow it is."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from store_exporter.calls.book import CallBook
from store_exporter.calls.call import Call
from store_exporter.metrics.catalogue.values import StateErrorReason
from store_exporter.probing.state import kept_calls
from store_exporter.probing.state.documents import MemoryDocuments
from store_exporter.probing.state.kept_calls import KeptCalls
from store_exporter.probing.state.storage import CALLS, Key, StateUnavailableError
from store_exporter.stores.model import Store

SHOP = Store("acme", "shop.example", "woocommerce", "https://shop.example")
CALL = '{"time": 1, "org": "acme", "domain": "shop.example", "platform": "woocommerce", '
WRONG = CALL.replace("1", '"yesterday"') + '"kind": "probe", "operation": "tls", "duration": 1}'


@pytest.mark.parametrize(
    "document",
    ["{", "3", '{"a": 1}', "[null]", f'[{CALL}"more": 1}}]', f"[{WRONG}]", "[" * 100_000],
)
async def test_calls_in_an_unknown_form_are_ignored_and_the_log_says_so(
    document: str, caplog: pytest.LogCaptureFixture
) -> None:
    book, documents = CallBook(), MemoryDocuments()
    await documents.write(Key.of(SHOP, CALLS), document)
    kept = KeptCalls(book, documents)
    kept.on = True
    kept.expect([SHOP])
    await kept.restore()
    await kept.stop()
    assert book.of("acme", "shop.example") == set()
    assert "the saved calls of shop.example cannot be understood" in caplog.text


class Together(MemoryDocuments):
    """Writes once a hundred documents are to be written."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = asyncio.Semaphore(0)
        self._count = 0

    async def write(self, key: Key, document: str, revision: int | None = None) -> int:
        self._count += 1
        if self._count == 100:
            for _ in range(100):
                self._waiting.release()
        await self._waiting.acquire()
        return await super().write(key, document, revision)


def failing(book: CallBook, domain: str = SHOP.domain) -> Call:
    """Have a probe of a store fail."""
    call = Call(time.time(), "acme", domain, "woocommerce", "probe", "tls", 0.1, "timeout", "late")
    book.add(call)
    return call


async def test_calls_of_many_stores_share_the_wait_for_the_disk() -> None:
    stores = [replace(SHOP, domain=f"s{number}.example") for number in range(100)]
    documents, book = Together(), CallBook()
    kept = KeptCalls(book, documents)
    kept.on = True
    kept.expect(stores)
    await kept.restore()
    calls = [failing(book, store.domain) for store in stores]
    async with asyncio.timeout(60):
        await kept.stop()
    after = CallBook()
    restored = KeptCalls(after, documents)
    restored.on = True
    restored.expect(stores)
    await restored.restore()
    await restored.stop()
    assert set(after.read("acme")) == set(calls)


class Away(MemoryDocuments):
    """Cannot be written to, or never responds."""

    responds = True

    async def write(self, *_: Any) -> int:
        if not self.responds:
            await asyncio.Event().wait()
        raise StateUnavailableError(StateErrorReason.UNAVAILABLE, "the disk does not respond")


async def test_calls_that_could_not_be_saved_are_saved_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    turns, documents, book = asyncio.Queue[None](), Away(), CallBook()

    async def turn(_: float) -> None:
        await turns.get()

    kept = KeptCalls(book, documents, sleep=turn)
    kept.on = True
    kept.expect([SHOP])
    await kept.restore()
    call = failing(book)
    turns.put_nowait(None)
    while "the calls of 1 stores cannot be saved now" not in caplog.text:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    monkeypatch.setattr(documents, "write", partial(MemoryDocuments.write, documents))
    await kept.stop()
    assert call.message in str(vars(documents))


async def test_a_state_that_never_responds_does_not_delay_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_calls, "_END_SECONDS", 0.1)
    documents, book = Away(), CallBook()
    documents.responds = False
    kept = KeptCalls(book, documents)
    kept.on = True
    kept.expect([SHOP])
    await kept.restore()
    failing(book)
    async with asyncio.timeout(60):
        await kept.stop()
