"""The garbage collector looks at what has come since it looked last, and seldom at everything."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from store_exporter.server.process import garbage
from store_exporter.server.process.garbage import rare_collections
from store_exporter.server.process.large_work import without_pauses


class Node:
    """Something that can be in a cycle with itself."""

    def __init__(self) -> None:
        self.itself: Node | None = None


async def test_what_survived_a_look_is_not_looked_at_again() -> None:
    kept = [Node() for _ in range(1000)]
    with rare_collections():
        gc.collect()
        assert gc.get_freeze_count() > len(kept)
        # What is not frozen is what the collector looks at.
        assert sum(map(len, map(gc.get_objects, range(3)))) < len(kept)


@pytest.mark.parametrize("grown", [True, False])
async def test_new_garbage_is_found_and_old_one_at_a_look_at_everything_when_memory_has_grown(
    monkeypatch: pytest.MonkeyPatch, grown: bool
) -> None:
    monkeypatch.setattr(garbage, "SECONDS", 3600.0)
    monkeypatch.setattr(garbage, "COLLECTIONS", 2)
    monkeypatch.setattr(garbage, "GROWTH", 0.5 if grown else 1.5)
    old = Node()
    seen = weakref.ref(old)
    with rare_collections():
        gc.collect()
        new = Node()
        new.itself = new
        seen_new = weakref.ref(new)
        old.itself = old
        del new, old
        gc.collect()
        assert seen_new() is None
        assert seen() is not None
        for _ in range(3):
            gc.collect()
        assert (seen() is None) is grown


async def test_a_look_is_taken_by_the_clock_unless_many_objects_are_made_that_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "SECONDS", 0.01)

    def litter() -> asyncio.Event:
        node, gone = Node(), asyncio.Event()
        node.itself = node
        weakref.finalize(node, gone.set)
        return gone

    with rare_collections():
        with without_pauses():
            gone = litter()
            await asyncio.sleep(0.05)
            assert not gone.is_set()
        gone = litter()
        async with asyncio.timeout(30.0):
            await gone.wait()


async def test_afterwards_all_is_as_it_was() -> None:
    before = gc.get_threshold(), len(gc.callbacks)
    with rare_collections():
        assert gc.get_threshold() == garbage.THRESHOLDS
    assert (gc.get_threshold(), len(gc.callbacks)) == before
    assert gc.get_freeze_count() == 0
