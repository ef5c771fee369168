"""Who owns a found domain is remembered, also where it could not be at first."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_exporter.discovery.owners_file import OwnersFile

OWNERS = {"a.example": "acme", "b.example": "zen", "c.example": "acme"}


def test_owners_are_known_after_a_restart(tmp_path: Path) -> None:
    file = OwnersFile(tmp_path / "state")
    assert file.known == {}
    file.keep(OWNERS)
    assert OwnersFile(tmp_path / "state").known == file.known == OWNERS
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["owners.json"]


def test_what_could_not_be_written_is_written_at_the_next_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "state"
    folder.write_text("in the way")
    file = OwnersFile(folder)
    caplog.clear()
    file.keep(OWNERS)
    assert file.known == OWNERS
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    folder.unlink()
    file.keep(dict(OWNERS))
    assert OwnersFile(folder).known == OWNERS


def test_the_same_owners_are_not_written_again(tmp_path: Path) -> None:
    file = OwnersFile(tmp_path)
    file.keep(OWNERS)
    (tmp_path / "owners.json").unlink()
    file.keep(dict(OWNERS))
    assert not list(tmp_path.iterdir())
