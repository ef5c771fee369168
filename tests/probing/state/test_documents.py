"""Documents that many ask for at once, of whom some do not wait for the answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from store_exporter.probing.state.documents import StoredDocuments
from store_exporter.probing.state.sqlite_state import SqliteState
from store_exporter.probing.state.storage import Key, Saved

FIRST = Key("acme", "woocommerce", "a.example", "https://a.example", "orders")
SECOND = FIRST._replace(domain="b.example", address="https://b.example")


@pytest.mark.parametrize("writes", [False, True])
async def test_who_stops_waiting_holds_nobody_up(tmp_path: Path, writes: bool) -> None:
    documents = StoredDocuments(SqliteState(tmp_path))
    await documents.write(SECOND, '"before"', 0)
    asked = [
        asyncio.create_task(
            documents.write(key, '"after"', revision) if writes else documents.read(key)
        )
        for key, revision in ((FIRST, 0), (SECOND, 1))
    ]
    # Both wait for the thread, which is given both together.
    await asyncio.sleep(0)
    asked[0].cancel()
    async with asyncio.timeout(60):
        assert await asked[1] == (2 if writes else Saved('"before"', 1))
    with pytest.raises(asyncio.CancelledError):
        await asked[0]
    # What was asked for is done all the same, and the next is answered.
    assert await documents.read(FIRST) == (Saved('"after"', 1) if writes else None)
    await documents.close()
