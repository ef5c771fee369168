"""Whatever becomes of the file, figures are right or their loss is told, and nothing stops."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from resource import RLIMIT_FSIZE, prlimit
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_exporter import sqlite
from store_exporter.probing.state.sqlite_file import FILE_NAME
from store_exporter.probing.state.sqlite_state import (
    REPORTED_SECONDS,
    SAVES_NAME,
    SqliteState,
)
from store_exporter.probing.state.storage import (
    Key,
    Saved,
    StateError,
    StateUnavailableError,
    StorageEvents,
    Write,
)
from store_exporter.sqlite import KEPT_FILES
from tests.fakes.clock import START, Clock
from tests.servers import eventually

KEYS = [
    Key("acme", "woocommerce", f"shop{n}.example.com", f"https://shop{n}.example.com", "orders")
    for n in range(6)
]
KEY = KEYS[0]
# Short ones share a page, and the last needs some pages of its own.
DOCUMENTS = {key: json.dumps([n, "x" * (20_000 if n == 5 else 300)]) for n, key in enumerate(KEYS)}
WHOLE = {key: Saved(document, 1) for key, document in DOCUMENTS.items()}
LOG = (f"{FILE_NAME}-wal", f"{FILE_NAME}-shm")
Open = Callable[..., SqliteState]


@pytest.fixture
def lost() -> list[int]:
    return []


@pytest.fixture
def opened(state_folder: Path, lost: list[int]) -> Iterator[Open]:
    made: list[SqliteState] = []

    def another(**options: Any) -> SqliteState:
        events = StorageEvents(lambda: lost.append(1))
        made.append(SqliteState(state_folder, **{"events": events, "now": Clock().now, **options}))
        return made[-1]

    yield another
    for state in made:
        state.close()


def later() -> float:
    """When a loss is no longer told."""
    return START + REPORTED_SECONDS + 1


def fill(state: SqliteState) -> None:
    state.put([Write(key, document, 0) for key, document in DOCUMENTS.items()])


def test_nobody_else_reads_the_state_whatever_the_folder_allows(
    state_folder: Path, opened: Open
) -> None:
    state_folder.mkdir()
    state_folder.chmod(0o755)
    opened().put([Write(KEY, "{}", 0)])
    modes = {path.name: path.stat().st_mode & 0o777 for path in state_folder.iterdir()}
    assert set(modes) == {FILE_NAME, *LOG, SAVES_NAME, "state.lock"}
    assert set(modes.values()) == {0o600}


def test_the_folder_is_nobody_elses_business(state_folder: Path, opened: Open) -> None:
    opened()
    assert state_folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    where = tmp_path / "file" / "state"
    advice = f"^{where} cannot be used: Not a directory; set state_directory to "
    with pytest.raises(StateError, match=advice):
        SqliteState(tmp_path / "file" / "state")


@pytest.mark.parametrize("kind", ["pipe", "link to a device", "folder"])
def test_what_is_no_file_is_neither_waited_for_nor_changed(state_folder: Path, kind: str) -> None:
    where = state_folder / FILE_NAME
    where.parent.mkdir(exist_ok=True)
    # A device of this test's own: the one of the system is everybody's.
    device, other = os.openpty()
    make = {
        "pipe": os.mkfifo,
        "link to a device": lambda path: path.symlink_to(os.ttyname(other)),
        "folder": Path.mkdir,
    }
    make[kind](where)
    before = where.stat().st_mode
    try:
        with pytest.raises(StateError, match="cannot be used: it is not a regular file"):
            SqliteState(state_folder)
        assert where.stat().st_mode == before
    finally:
        os.close(device)
        os.close(other)


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
    assert state._database is not None
    state._database.close()  # every further call raises ProgrammingError, which has no code
    assert state.put([Write(KEY, '"new"', 0)]) == [1]
    assert state.get(KEY) == Saved('"new"', 1)
    assert lost == [1]


def test_a_loss_is_reported_again_by_processes_that_start_within_the_hour(
    state_folder: Path, opened: Open, lost: list[int]
) -> None:
    """The process that met it may have been killed before anybody scraped it."""
    opened().close()
    (state_folder / FILE_NAME).write_bytes(b"")
    opened()
    assert lost == [1]
    opened()
    assert lost == [1, 1]
    opened(now=later)
    assert lost == [1, 1]


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


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (("PRAGMA user_version = 99", "CREATE TABLE more (x)"), "newer version"),
        (("PRAGMA application_id = 1", "CREATE TABLE more (x)"), "another program"),
    ],
)
def test_a_file_of_somebody_else_is_left_alone(
    statements: tuple[str, ...], message: str, state_folder: Path, opened: Open
) -> None:
    opened().close()
    database = sqlite3.connect(state_folder / FILE_NAME, isolation_level=None)
    for statement in statements:
        database.execute(statement)
    database.close()
    before = (state_folder / FILE_NAME).read_bytes()
    with pytest.raises(StateError, match=message):
        opened()
    assert (state_folder / FILE_NAME).read_bytes() == before


def test_who_waits_too_long_for_another_writer_says_so(
    opened: Open, state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store_exporter.probing.state.sqlite_file.BUSY_SECONDS", 0.1)
    state = opened()
    fill(state)
    other = sqlite3.connect(state_folder / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert state.get(KEY) == WHOLE[KEY], "who reads does not wait"
    with pytest.raises(StateUnavailableError, match="another process has locked it") as error:
        state.put([Write(KEY, '"new"', 1)])
    assert error.value.reason == "unavailable"
    other.close()
    assert state.put([Write(KEY, '"new"', 1)]) == [2]


STANDING_STILL = """
import sys
from pathlib import Path
from store_exporter.probing.state.sqlite_state import SqliteState

state = SqliteState(Path(sys.argv[1]))

def work():
    state.execute("UPDATE exporter_documents SET revision = 99")
    print("stands still", flush=True)
    sys.stdin.readline()

state.run(work)
print(len(state.entries()), flush=True)
sys.stdin.readline()
"""
"""Stands still within a transaction until it is told to go on, and once more after it."""


def test_a_process_that_stands_still_while_it_saves_keeps_nobody_from_saving(
    opened: Open, state_folder: Path, monkeypatch: pytest.MonkeyPatch, lost: list[int]
) -> None:
    monkeypatch.setattr("store_exporter.probing.state.sqlite_file.BUSY_SECONDS", 0.1)
    monkeypatch.setattr("store_exporter.probing.state.sqlite_state.STUCK_SECONDS", 0.3)
    first, second = opened(), opened()
    fill(first)
    key = KEY._replace(collector="carts")
    argv = [sys.executable, "-c", STANDING_STILL, str(state_folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == b"stands still\n"
        with pytest.raises(StateUnavailableError, match="another process has locked it"):
            first.put([Write(key, '"new"', 0)])
        third = opened()
        eventually(lambda: saved(first, Write(key, '"new"', 0)))
        for state in (first, second, third):
            assert state.get(KEY) == WHOLE[KEY]
            assert state.get(key) == Saved('"new"', 1)
        assert second.put([Write(KEY, '"next"', 1)]) == [2]
        child.stdin.write(b"\n")
        child.stdin.flush()
        # What it had begun to save is lost, and it goes on with what the others have.
        assert child.stdout.readline() == b"7\n"
        assert third.get(KEY) == Saved('"next"', 2)
        child.stdin.write(b"\n")
    assert not lost


def saved(state: SqliteState, write: Write) -> bool:
    """Try to save a document."""
    try:
        return state.put([write]) == [1]
    except StateUnavailableError:
        return False


def test_who_opens_it_for_ever_keeps_nobody_waiting_for_ever(
    state_folder: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store_exporter.sqlite.OPENING_SECONDS", 0.1)
    state_folder.mkdir()
    stopped = os.open(state_folder, os.O_RDONLY)
    fcntl.flock(stopped, fcntl.LOCK_EX)
    with pytest.raises(StateError, match="another process has been opening it for too long"):
        opened()
    os.close(stopped)
    opened()


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


FILLING = """
import os, pathlib, sys
from store_exporter.probing.state.sqlite_state import SqliteState
from store_exporter.probing.state.storage import Key, StateUnavailableError, Write
folder = pathlib.Path(sys.argv[1])
lost = []
state = SqliteState(folder / "state")
key = Key("acme", "woocommerce", "shop.example.com", "https://shop.example.com", "orders")
assert state.put([Write(key, '"first"', 0)]) == [1]
ballast = folder / "ballast"
with ballast.open("wb", buffering=0) as file:
    try:
        while file.write(bytes(4096)):
            pass
    except OSError as error:
        print("errno", error.errno)
try:
    for revision in range(1, 200):
        state.put([Write(key, '"%s"' % ("x" * 20_000), revision)])
except StateUnavailableError as error:
    print(error.reason, error)
saved = state.get(key)
print("read", saved.revision == revision)
ballast.unlink()
print("again", state.put([Write(key, '"again"', saved.revision)]) == [saved.revision + 1])
state.close()
"""


def test_a_full_disk_reads_as_a_full_disk_and_is_gone_on_from(tmp_path: Path) -> None:
    """On a real file system of one megabyte, which a user namespace may mount."""
    script = tmp_path / "filling.py"
    script.write_text(FILLING)
    disk = tmp_path / "disk"
    disk.mkdir()
    filling = shlex.join([sys.executable, str(script), str(disk)])
    mount = f"mount -t tmpfs -o size=1m none {shlex.quote(str(disk))} && exec {filling}"
    try:
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("not to be had: unshare")
    if "Operation not permitted" in done.stderr or "permission denied" in done.stderr.lower():
        pytest.skip(f"no user namespace may mount here: {done.stderr.strip()}")
    assert done.stderr == ""
    said = done.stdout.splitlines()
    assert said[0] == "errno 28"
    assert said[1] == f"full the disk of {disk}/state/state.db is full"
    assert said[2:] == ["read True", "again True"]


def test_a_limit_of_the_size_of_files_reads_as_a_full_disk(
    state_folder: Path, opened: Open, lost: list[int]
) -> None:
    state = opened()
    fill(state)
    before = prlimit(0, RLIMIT_FSIZE)
    prlimit(0, RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(StateUnavailableError) as raised:
            state.put([Write(KEY, "{}", 1)])
    finally:
        prlimit(0, RLIMIT_FSIZE, before)
    assert raised.value.reason == "full"
    assert state.get(KEY) == WHOLE[KEY]
    assert lost == []


def test_a_folder_that_becomes_read_only_is_not_taken_for_damage(
    state_folder: Path, opened: Open, lost: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = opened()
    fill(state)
    error = sqlite3.OperationalError("attempt to write a readonly database")
    error.sqlite_errorcode = sqlite3.SQLITE_READONLY

    def refuse(_: Write) -> None:
        raise error

    monkeypatch.setattr(state, "_put", refuse)
    with pytest.raises(StateUnavailableError) as raised:
        state.put([Write(KEY, "{}", 1)])
    assert raised.value.reason == "unavailable"
    monkeypatch.undo()
    assert state.get(KEY) == WHOLE[KEY]
    assert lost == []
