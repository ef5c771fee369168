"""Whoever else uses the file or fills the disk, saving goes on or says why it does not."""

from __future__ import annotations

import fcntl
import os
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path
from resource import RLIMIT_FSIZE, prlimit

import pytest

from store_exporter.probing.state.sqlite_file import FILE_NAME
from store_exporter.probing.state.sqlite_state import (
    SAVES_NAME,
    SqliteState,
)
from store_exporter.probing.state.storage import (
    Saved,
    StateError,
    StateUnavailableError,
    Write,
)
from tests.probing.state.saving import KEY, LOG, WHOLE, Open, fill, later
from tests.servers import eventually


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
