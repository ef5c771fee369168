"""The garbage collector looks at what has come since it looked last, and seldom at everything."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import mmap
import platform
import struct
import sys
import weakref
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET

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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others have no malloc_trim")
async def test_free_memory_between_what_is_in_use_is_returned_to_the_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "SECONDS", 0.01)
    monkeypatch.setattr(garbage, "TRIMS", 1)

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE

    used = [(bytes(16_384), bytes(2048)) for _ in range(2000)]
    kept = [small for _, small in used]
    # The C library returns at once what is free at the end of its memory, if nothing is behind it.
    before = resident()
    del used
    with rare_collections():
        async with asyncio.timeout(30.0):
            while resident() > before - 15_000_000:  # noqa: ASYNC110 - memory has no event
                await asyncio.sleep(0.01)
    assert len(kept) == 2000


@pytest.mark.parametrize("end", ["close", "abort", "lost"])
async def test_a_connection_that_has_ended_is_freed_without_a_collection(end: str) -> None:
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    ended = asyncio.Event()

    class Client(asyncio.BufferedProtocol):
        def get_buffer(self, _: int) -> bytearray:
            return bytearray(1)

        def connection_lost(self, _: Exception | None) -> None:
            ended.set()

    with rare_collections(), without_pauses():
        server = await asyncio.start_server(
            lambda _, writer: accepted.put_nowait(writer), "127.0.0.1", 0
        )
        async with server:
            address = server.sockets[0].getsockname()
            transport, _ = await asyncio.get_running_loop().create_connection(Client, *address)
            other = await accepted.get()
            if end == "lost":
                # A reset, as its linger time is nothing.
                linger = struct.pack("ii", 1, 0)
                other.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, linger)
                other.transport.abort()
            else:
                getattr(transport, end)()
            seen = weakref.ref(transport)
            del transport
            async with asyncio.timeout(30.0):
                await ended.wait()
            await asyncio.sleep(0)
            assert seen() is None
            other.close()


async def test_afterwards_all_is_as_it_was() -> None:
    before = gc.get_threshold(), len(gc.callbacks)
    with rare_collections():
        assert gc.get_threshold() == garbage.THRESHOLDS
    assert (gc.get_threshold(), len(gc.callbacks)) == before
    assert gc.get_freeze_count() == 0


async def test_a_python_that_was_built_without_libffi_collects_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "_ctypes", None)
    monkeypatch.delitem(sys.modules, "ctypes", raising=False)
    spec = importlib.util.find_spec(garbage.__name__)
    assert spec is not None
    assert spec.loader is not None
    anew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anew)
    monkeypatch.setattr(anew, "SECONDS", 0.0)
    monkeypatch.setattr(anew, "TRIMS", 1)

    def looks() -> int:
        return sum(each["collections"] for each in gc.get_stats())

    before = looks()
    with anew.rare_collections():
        async with asyncio.timeout(30.0):
            while looks() < before + 3:  # noqa: ASYNC110 - the collector has no event
                await asyncio.sleep(0)
