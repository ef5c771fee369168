"""What collectors save survives restarts, crashes and damage, and is never counted twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from store_exporter.contract import Collector, Report, Run
from store_exporter.errors import StoreError
from store_exporter.metrics.catalogue import business
from store_exporter.metrics.families import Sample
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Plan, Request, once
from store_exporter.probing import cursor as cursors
from store_exporter.probing.cursor import FileDocuments, MemoryDocuments, RunCursor
from store_exporter.probing.documents import FILE_NAME, KEPT_SECONDS, DocumentFile, StateError
from store_exporter.probing.jobs import Job
from store_exporter.probing.runner import Runner
from store_exporter.stores.model import Schedule, Store
from tests.fakes.clock import Clock
from tests.probing.test_http import always

KEY = ("shop.example.com", "orders")
STORE = Store("acme", "shop.example.com", "woocommerce", "https://shop.example.com")


@pytest.fixture
async def documents(state_folder: Path) -> AsyncIterator[FileDocuments]:
    made = FileDocuments(DocumentFile(state_folder))
    yield made
    await made.close()


def reopened(folder: Path, **options: Any) -> dict[tuple[str, str], str | None]:
    file = DocumentFile(folder, **options)
    try:
        return {KEY: file.get(KEY)}
    finally:
        file.close()


async def test_a_document_is_there_after_a_restart(state_folder: Path) -> None:
    documents = FileDocuments(DocumentFile(state_folder))
    assert await documents.read(KEY) is None
    await documents.write(KEY, '{"position":1}')
    await documents.write(KEY, '{"position":2}')
    await documents.close()
    assert reopened(state_folder) == {KEY: '{"position":2}'}


def test_nobody_else_reads_the_state_whatever_the_folder_allows(state_folder: Path) -> None:
    state_folder.mkdir()
    state_folder.chmod(0o755)
    # As earlier versions left it.
    (state_folder / FILE_NAME).touch(mode=0o644)
    file = DocumentFile(state_folder)
    file.put([(KEY, "{}")])
    modes = {path.name: path.stat().st_mode & 0o777 for path in state_folder.iterdir()}
    file.close()
    assert modes == dict.fromkeys([FILE_NAME, f"{FILE_NAME}-wal"], 0o600)


async def test_many_documents_at_once_are_all_saved(documents: FileDocuments) -> None:
    keys = [(f"shop{n}.example.com", "orders") for n in range(1000)]
    await asyncio.gather(*(documents.write(key, f'"{key[0]}"') for key in keys))
    found = await asyncio.gather(*map(documents.read, keys))
    assert found == [f'"{key[0]}"' for key in keys]


async def test_a_write_that_fails_fails_for_everybody_whose_document_was_in_it(
    documents: FileDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(documents._file, "put", full)
    outcomes = await asyncio.gather(
        documents.write(KEY, "{}"), documents.write(("a", "b"), "{}"), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [sqlite3.OperationalError] * 2
    monkeypatch.undo()
    await documents.write(KEY, '{"again":1}')
    assert await documents.read(KEY) == '{"again":1}'


def test_two_processes_do_not_share_a_file(state_folder: Path) -> None:
    first = DocumentFile(state_folder)
    with pytest.raises(StateError, match="in use by another process"):
        DocumentFile(state_folder)
    code = (
        "import sys, pathlib; from store_exporter.probing.documents import DocumentFile\n"
        "DocumentFile(pathlib.Path(sys.argv[1]))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, str(state_folder)], capture_output=True, text=True, check=False
    )
    assert "in use by another process" in other.stderr
    first.close()
    DocumentFile(state_folder).close()


CRASH = """
import sys, pathlib
from store_exporter.probing.documents import DocumentFile
file = DocumentFile(pathlib.Path(sys.argv[1]))
number = 0
while True:
    number += 1
    document = '{"counter": %d, "position": %d, "ballast": "%s"}' % (number, number, "x" * 20000)
    file.put([(("shop.example.com", "orders"), document)])
    print(number, flush=True)
"""


def test_a_kill_in_the_middle_leaves_the_last_or_the_next_document_whole(
    state_folder: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CRASH, str(state_folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(30):
            line = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        said = [line, *process.stdout.readlines()]
    promised = max(int(number) for number in said if number.strip())
    document = reopened(state_folder)[KEY]
    assert document is not None
    found = json.loads(document)
    assert found["counter"] == found["position"]
    assert found["counter"] in (promised, promised + 1), "what was promised is there"


@pytest.mark.parametrize("damage", ["garbage", "cut off", "in the middle"])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    damage: str, state_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = DocumentFile(state_folder)
    for number in range(200):
        file.put([((f"shop{number}.example.com", "orders"), json.dumps("x" * 2000))])
    file.put([(KEY, '{"position":1}')])
    file.close()
    path = state_folder / FILE_NAME
    whole = path.read_bytes()
    if damage == "garbage":
        path.write_bytes(b"this is no database at all" * 100)
    elif damage == "cut off":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        path.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))
    lost: list[int] = []
    file = DocumentFile(state_folder, lost=lambda: lost.append(1), now=lambda: 1_795_436_653.0)
    assert file.get(KEY) is None
    file.put([(KEY, '{"position":2}')])
    assert file.get(KEY) == '{"position":2}'
    file.close()
    assert lost == [1]
    assert (state_folder / f"{FILE_NAME}.damaged-20261123T122413Z").exists()
    assert "is damaged" in caplog.text
    assert reopened(state_folder) == {KEY: '{"position":2}'}


def test_a_damaged_document_is_dropped_alone(state_folder: Path) -> None:
    lost: list[int] = []
    file = DocumentFile(state_folder, lost=lambda: lost.append(1))
    file.put([(KEY, '{"position":'), (("other", "orders"), "{}")])
    assert file.get(KEY) is None
    assert file.get(("other", "orders")) == "{}"
    assert lost == [1]
    file.close()


def test_documents_of_stores_that_are_long_gone_are_dropped(state_folder: Path) -> None:
    clock = Clock()
    file = DocumentFile(state_folder, now=clock.now)
    file.put([(KEY, "{}")])
    file.close()
    clock.advance(KEPT_SECONDS - 1)
    assert reopened(state_folder, now=clock.now) == {KEY: "{}"}
    clock.advance(2)
    assert reopened(state_folder, now=clock.now) == {KEY: None}


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version = 99", "newer version"),
        ("PRAGMA application_id = 1", "another program"),
    ],
)
def test_a_file_of_somebody_else_is_left_alone(
    statement: str, message: str, state_folder: Path
) -> None:
    DocumentFile(state_folder).close()
    database = sqlite3.connect(state_folder / FILE_NAME, isolation_level=None)
    database.execute(statement)
    database.close()
    before = (state_folder / FILE_NAME).read_bytes()
    with pytest.raises(StateError, match=message):
        DocumentFile(state_folder)
    assert (state_folder / FILE_NAME).read_bytes() == before


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match=r"cannot use .*file"):
        DocumentFile(tmp_path / "file" / "state")


def test_the_folder_is_nobody_elses_business(state_folder: Path) -> None:
    DocumentFile(state_folder).close()
    assert state_folder.stat().st_mode & 0o077 == 0


def test_a_run_sees_what_it_saved_and_nothing_that_it_changed_later() -> None:
    cursor = RunCursor('{"position":1}')
    document = cursor.load()
    document["position"] = 2
    assert cursor.load() == {"position": 1}
    assert cursor.changed is None
    cursor.save(document)
    document["position"] = 3
    assert cursor.load() == {"position": 2}
    assert cursor.changed == '{"position":2}'


@pytest.mark.parametrize("document", ["[1]", "null", "7"])
def test_what_is_no_object_counts_as_nothing(document: str) -> None:
    assert RunCursor(document).load() == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_is_no_json_is_refused_and_the_last_document_stays(value: Any) -> None:
    cursor = RunCursor('{"position":1}')
    with pytest.raises((ValueError, TypeError)):
        cursor.save({"position": value})
    assert cursor.load() == {"position": 1}


def test_a_document_without_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "MAX_BYTES", 100)
    with pytest.raises(ValueError, match="more than 100"):
        RunCursor().save({"ballast": "x" * 100})


def counting(*, fail_after: int = 0, save: bool = True) -> Collector:
    """Count one more at each run, saved before it is reported."""

    def check(_: Any, run: Run) -> Plan[Report]:
        yield from ()
        document = run.cursor.load()
        count = document.get("count", 0) + 1
        if save:
            run.cursor.save({"count": count})
        if fail_after and count >= fail_after:
            raise StoreError("timeout", "half-way")
        return Report([Sample(business.ORDERS_PAID, count)])

    return Collector("orders", check, "", requests=0)


def published(recorder: Recorder) -> float | None:
    for family in recorder.families():
        if family.metric is business.ORDERS_PAID:
            for _, value in family.series:
                assert isinstance(value, float | int)
                return value
    return None


async def run(runner: Runner, collector: Collector) -> Any:
    return await runner.run(Job(STORE, collector, Schedule(60, 10)))


async def test_a_counter_goes_on_after_a_restart(state_folder: Path) -> None:
    for expected in (1, 2, 3):
        recorder = Recorder()
        documents = FileDocuments(DocumentFile(state_folder))
        await run(Runner(recorder, always(), documents=documents), counting())
        await documents.close()
        assert published(recorder) == expected


async def test_a_run_that_fails_half_way_keeps_what_it_saved() -> None:
    documents, recorder = MemoryDocuments(), Recorder()
    runner = Runner(recorder, always(), documents=documents)
    result = await run(runner, counting(fail_after=1))
    assert result.error_type == "timeout"
    assert published(recorder) is None
    await run(runner, counting())
    assert published(recorder) == 2


async def test_a_run_that_goes_on_for_long_is_kept_before_it_ends() -> None:
    """A process that dies again and again before a long first walk is over must get ahead."""
    clock = Clock()
    written: list[str] = []

    class Watching(MemoryDocuments):
        async def write(self, key: tuple[str, str], document: str) -> None:
            written.append(document)
            await super().write(key, document)

    def check(_: Any, run: Run) -> Plan[Report]:
        for count in range(1, 5):
            yield from once(Request("GET", f"{run.store.url}/"))
            run.cursor.save({"count": count})
            clock.advance(1.5)
        return Report()

    runner = Runner(Recorder(), always(), documents=Watching(), monotonic=clock.now)
    assert (await run(runner, Collector("orders", check, "", requests=0))).ok
    assert written == ['{"count":2}', '{"count":4}']


async def test_figures_are_not_published_before_their_document_is_durable() -> None:
    recorder = Recorder()
    seen: list[float | None] = []

    class Watching(MemoryDocuments):
        async def write(self, key: tuple[str, str], document: str) -> None:
            seen.append(published(recorder))
            await super().write(key, document)

    runner = Runner(recorder, always(), documents=Watching())
    await run(runner, counting())
    await run(runner, counting())
    assert seen == [None, 1]
    assert published(recorder) == 2


async def test_figures_whose_document_cannot_be_saved_are_not_published() -> None:
    class Full(MemoryDocuments):
        async def write(self, *_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

    recorder = Recorder()
    result = await run(Runner(recorder, always(), documents=Full()), counting())
    assert not result.ok
    assert "disk is full" in result.message
    assert published(recorder) is None


async def test_a_run_that_saves_nothing_writes_nothing() -> None:
    class Untouched(MemoryDocuments):
        async def write(self, *_: object) -> None:
            raise AssertionError("nothing was saved")

    recorder = Recorder()
    result = await run(Runner(recorder, always(), documents=Untouched()), counting(save=False))
    assert result.ok
