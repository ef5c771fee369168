"""A file that is written in place is not taken for whole before it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from store_exporter.config import ConfigError
from store_exporter.config.load import Reading
from store_exporter.config.settling import LONGEST_SECONDS, QUIET_SECONDS, settled

NOW = 1_790_000_000


class Clock:
    """Seconds that pass while somebody waits; then something may be done to a file."""

    def __init__(self, path: Path, does: Callable[[Path, float], object]) -> None:
        self.seconds = 0.0
        self._path, self._does = path, does

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self._does(self._path, self.seconds)

    def settled(self) -> bool:
        def now() -> float:
            return NOW + self.seconds

        return settled(self._path, sleep=self.sleep, monotonic=lambda: self.seconds, now=now)


def append(path: Path, at: float, until: float) -> None:
    if at <= until:
        with path.open("a") as file:
            file.write("- another\n")
        os.utime(path, (NOW + at, NOW + at))


def remove(path: Path, _: float) -> None:
    path.unlink(missing_ok=True)


def replace(path: Path, at: float) -> None:
    """The same size and time, and another file."""
    if at <= 2:
        stat = path.stat()
        new = path.with_suffix(".new")
        new.write_bytes(path.read_bytes())
        os.utime(new, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
        new.rename(path)


@pytest.mark.parametrize(
    ("written", "does", "whole", "waits"),
    [
        (NOW - 60, lambda *_: None, True, 0),
        (NOW, lambda *_: None, True, QUIET_SECONDS),
        # Clocks of file servers may be ahead.
        (NOW + 3600, lambda *_: None, True, QUIET_SECONDS),
        (NOW, lambda path, at: append(path, at, 4), True, 4 + QUIET_SECONDS),
        (NOW, replace, True, 2 + QUIET_SECONDS),
        (NOW, lambda path, at: append(path, at, 60), False, LONGEST_SECONDS),
        (NOW, remove, True, QUIET_SECONDS),
    ],
    ids=["old", "new", "ahead", "appended", "replaced", "endless", "removed"],
)
def test_a_file_is_whole_when_it_has_not_changed_for_a_second(
    tmp_path: Path,
    written: float,
    does: Callable[[Path, float], object],
    whole: bool,
    waits: float,
) -> None:
    path = tmp_path / "store-exporter.yml"
    path.write_text("- one\n")
    os.utime(path, (written, written))
    clock = Clock(path, does)
    assert clock.settled() is whole
    assert clock.seconds == pytest.approx(waits, abs=0.2)


def test_a_file_that_is_not_there_is_left_to_whoever_reads_it(tmp_path: Path) -> None:
    assert Clock(tmp_path / "nowhere.yml", lambda *_: None).settled()


def test_a_file_that_never_comes_to_rest_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text("orgs: []\n")
    # The package has a function of the module's name.
    monkeypatch.setattr(sys.modules[Reading.__module__], "settled", lambda _: False)
    with pytest.raises(ConfigError, match="was still being written after 10 s; reload it"):
        Reading(file)()
