"""A real PostgreSQL, reached by a socket in a folder of its own; it refuses to be run by root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.servers.process import MISSING, StartError, tool

USER, PASSWORD = "exporter", "wrong-horse-battery"


class Postgresql:
    """A server that can be stopped, killed and started again; its data stays.

    Attributes:
        url: of a database on it, without the password.
        password: the user's.
    """

    password = PASSWORD

    def __init__(self, folder: Path, flags: Sequence[str]) -> None:
        self._folder = folder
        self._flags = flags
        self._databases = 0
        self._child: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql://{USER}@/postgres?host={folder}"

    def initialise(self) -> None:
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        _own(secret)
        argv = ["--no-sync", "-A", "scram-sha-256", "-U", USER, f"--pwfile={secret}"]
        done = subprocess.run(
            [_program("initdb"), "-D", str(self._folder / "data"), "--locale=C.UTF-8", *argv],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._folder,
            **_nobody(),
        )
        if done.returncode:
            raise StartError(f"initdb ended with {done.returncode}: {done.stderr}")

    def start(self) -> None:
        options = [
            f"-cunix_socket_directories={self._folder}",
            *("-clisten_addresses=", "-cfsync=off", "-cmax_connections=40"),
            *("-cshared_buffers=16MB", "-cautovacuum=off", *self._flags),
        ]
        with (self._folder / "log").open("ab") as log:
            self._child = subprocess.Popen(
                [_program("postgres"), "-D", str(self._folder / "data"), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                **_nobody(),
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError as error:
                if self._child.poll() is not None or time.monotonic() > deadline:
                    said = (self._folder / "log").read_text(errors="replace")[-1500:]
                    raise StartError(f"PostgreSQL was not ready ({error}):\n{said}") from error
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End it at once, connections included."""
        if self._child is not None:
            self._child.send_signal(signal.SIGINT)
            try:
                self._child.wait(20)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None

    def database(self) -> str:
        """The address of a new database, without the password."""
        self._databases += 1
        name = f"test{self._databases}"
        self.query(f"CREATE DATABASE {name}")
        return self.url.replace("/postgres?", f"/{name}?")

    def connect(self, url: str = "") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(url or self.url, password=PASSWORD, autocommit=True)

    def query(self, statement: str, *, url: str = "") -> list[tuple[object, ...]]:
        """What a statement returns; nothing for one that returns nothing."""
        with self.connect(url) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def postgresql(*flags: str) -> Iterator[Postgresql]:
    """Run a PostgreSQL with one user, who owns it.

    Raises:
        StartError: it did not start.
    """
    _program("initdb")
    # Not below pytest's folder, which nobody else may enter, and whose names are too long.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        _own(folder)
        server = Postgresql(folder, flags)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    """Its own path, for the folder of the checkout may be open to its owner alone."""
    found = str(Path(tool(name)).resolve())
    try:
        subprocess.run([found, "--version"], cwd="/", check=True, capture_output=True, **_nobody())
    except PermissionError:
        pytest.skip(f"{MISSING}{name} (the user nobody may not run it, and it refuses root)")
    return found


def _nobody() -> dict[str, Any]:
    """Arguments of a subprocess by which it is not root's."""
    if os.getuid():
        return {}
    found = pwd.getpwnam("nobody")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _own(path: Path) -> None:
    if not os.getuid():
        found = pwd.getpwnam("nobody")
        os.chown(path, found.pw_uid, found.pw_gid)
