"""A damaged file is set aside, its loss is reported, and no figure of it is wrong."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_exporter import sqlite
from store_exporter.probing.state.sqlite_file import FILE_NAME
from store_exporter.probing.state.sqlite_state import (
    SAVES_NAME,
    SqliteState,
)
from store_exporter.probing.state.storage import (
    Saved,
    StorageEvents,
    Write,
)
from store_exporter.sqlite import KEPT_FILES
from tests.fakes.clock import START, Clock
from tests.probing.state.saving import KEY, KEYS, LOG, WHOLE, Open, fill, later


@pytest.mark.parametrize(
    "damage", ["garbage", "empty", "cut off", "in the middle", "an earlier version's"]
)
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    damage: str,
    state_folder: Path,
    opened: Open,
    lost: list[int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    state = opened()
    fill(state)
    state.close()
    path = state_folder / FILE_NAME
    whole = path.read_bytes()
    contents = {
        "garbage": b"this is no database at all" * 100,
        "empty": b"",
        "cut off": whole[: len(whole) // 2],
        "in the middle": whole[:4096] + os.urandom(len(whole) - 4096),
    }
    if damage in contents:
        path.write_bytes(contents[damage])
    else:
        database = sqlite3.connect(path, isolation_level=None)
        database.execute("DROP TABLE exporter_documents")
        database.execute("CREATE TABLE documents (domain TEXT, document TEXT)")
        database.execute("PRAGMA user_version = 1")
        database.close()
    state = opened()
    assert state.get(KEY) is None
    assert state.put([Write(KEY, '{"position":2}', 0)]) == [1]
    state.close()
    assert lost == [1]
    assert (state_folder / f"{FILE_NAME}.damaged-20261123T122413Z").exists()
    assert "is damaged" in caplog.text
    assert opened(now=later).get(KEY) == Saved('{"position":2}', 1)
    assert lost == [1]


def test_a_file_that_is_damaged_while_it_is_open_is_replaced_for_everybody(
    state_folder: Path, opened: Open, lost: list[int]
) -> None:
    one, other = opened(), opened()
    fill(one)
    one.run(lambda: one.execute("DROP TABLE exporter_documents"))
    assert one.put([Write(KEY, '"new"', 0)]) == [1]
    assert lost == [1]
    assert other.get(KEY) == Saved('"new"', 1), "the other process has moved to the new file"
    assert lost == [1], "and found nothing damaged a second time"


def test_a_file_that_is_taken_away_is_a_loss(
    state_folder: Path, opened: Open, lost: list[int]
) -> None:
    state = opened()
    fill(state)
    (state_folder / FILE_NAME).unlink()
    assert state.get(KEY) is None
    assert lost == [1]
    assert state.put([Write(KEY, "{}", 0)]) == [1]


def test_any_error_of_the_module_is_a_loss_and_stops_nothing(opened: Open, lost: list[int]) -> None:
    state = opened()
    fill(state)
    state._file.connection.close()  # every further call raises ProgrammingError, which has no code
    assert state.put([Write(KEY, '"new"', 0)]) == [1]
    assert state.get(KEY) == Saved('"new"', 1)
    assert lost == [1]


def test_a_page_that_the_disk_does_not_give_now_is_no_damage() -> None:
    text = "*** in database main ***\nPage 10: unable to get the page. error code="
    # As SQLite 3.40 says it where a read fails with EIO, and where it finds nonsense.
    assert not sqlite.is_damage(sqlite.finding(f"{text}8458"))
    assert sqlite.is_damage(sqlite.finding(f"{text}11"))
    assert sqlite.is_damage(sqlite.finding("row 3 missing from index"))


def test_few_damaged_files_are_kept(state_folder: Path, opened: Open, lost: list[int]) -> None:
    clock = Clock()
    for _ in range(KEPT_FILES + 2):
        state = opened(now=clock.now)
        state.close()
        (state_folder / FILE_NAME).write_bytes(b"")
        clock.advance(60)
    kept = sorted(path.name for path in state_folder.glob("*damaged*"))
    assert len(kept) == KEPT_FILES
    assert kept[-1] == f"{FILE_NAME}.damaged-20261123T122813Z"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file with documents in it."""
    folder = tmp_path_factory.mktemp("whole")
    state = SqliteState(folder, now=Clock().now)
    fill(state)
    state.close()
    return (folder / FILE_NAME).read_bytes()


@settings(max_examples=150)
@given(place=st.integers(0, 2**24), bit=st.integers(0, 7))
def test_one_flipped_bit_is_harmless_or_reported_and_never_other_figures(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    content = bytearray(whole)
    content[place % len(whole)] ^= 1 << bit
    folder = tmp_path_factory.getbasetemp() / "flipped"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / FILE_NAME).write_bytes(content)
    lost: list[int] = []
    state = SqliteState(
        folder, events=StorageEvents(lambda: lost.append(1)), now=lambda: START + 60
    )
    found = {key: state.get(key) for key in KEYS}
    for key, saved in found.items():
        assert saved in (None, WHOLE[key])
        assert saved is not None or lost
        assert state.put([Write(key, '"on"', saved.revision if saved else 0)]) != [None]
    state.close()


@pytest.mark.parametrize("place", [18, 19])
def test_a_header_that_forbids_writing_is_damage(
    whole: bytes, state_folder: Path, opened: Open, lost: list[int], place: int
) -> None:
    content = bytearray(whole)
    content[place] ^= 0x40
    state_folder.mkdir()
    (state_folder / FILE_NAME).write_bytes(content)
    assert opened().put([Write(KEY, '"on"', 0)]) == [1]
    assert lost


Files = dict[str, bytes]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """What a process leaves that is killed after it has saved something five times."""
    folder = tmp_path_factory.mktemp("killed")
    state = SqliteState(folder, now=Clock().now)
    for revision in range(5):
        state.put([Write(KEY, json.dumps(["version", revision + 1]), revision)])
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LOG[1]}
    state.close()
    return found


def left(folder: Path, files: Files) -> Path:
    """Make a folder with these files in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@settings(max_examples=100)
@given(place=st.integers(0, 2**24), bit=st.integers(0, 7))
def test_one_flipped_bit_of_the_log_of_a_killed_process_is_harmless_or_reported(
    killed: Files, tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    """SQLite ends the log where it is damaged, and takes what is before it for all there was."""
    content = bytearray(killed[LOG[0]])
    content[place % len(content)] ^= 1 << bit
    folder = left(
        tmp_path_factory.getbasetemp() / "flipped-log", {**killed, LOG[0]: bytes(content)}
    )
    lost: list[int] = []
    state = SqliteState(
        folder, events=StorageEvents(lambda: lost.append(1)), now=lambda: START + 60
    )
    saved = state.get(KEY)
    assert saved is None or saved.document == json.dumps(["version", saved.revision])
    assert lost or (saved is not None and saved.revision == 5)
    state.close()


def test_what_a_killed_process_saved_is_there_and_no_loss_is_reported(
    killed: Files, state_folder: Path, opened: Open, lost: list[int]
) -> None:
    left(state_folder, killed)
    assert opened().get(KEY) == Saved('["version", 5]', 5)
    assert lost == []


@pytest.mark.parametrize("gone", [LOG[0], FILE_NAME])
def test_a_file_that_is_removed_between_two_processes_is_reported_once(
    killed: Files, gone: str, state_folder: Path, opened: Open, lost: list[int]
) -> None:
    left(state_folder, {name: content for name, content in killed.items() if name != gone})
    assert opened().get(KEY) is None
    assert lost == [1]
    assert opened(now=later).put([Write(KEY, "{}", 0)]) == [1]
    assert lost == [1]


def test_a_number_of_saves_that_is_damaged_itself_shows_no_loss(
    killed: Files, state_folder: Path, opened: Open, lost: list[int]
) -> None:
    number = bytearray(killed[SAVES_NAME])
    number[0] ^= 8
    left(state_folder, {**killed, SAVES_NAME: bytes(number)})
    assert opened().get(KEY) == Saved('["version", 5]', 5)
    assert lost == []
