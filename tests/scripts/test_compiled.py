"""What pytest compiled in one checkout is of use in another, where the content is the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = "def test_it() -> None:\n    found = 1\n    assert found == {}\n"


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """A checkout with two modules of tests that fail."""
    folder = tmp_path / "one"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(repository / "scripts/compiled.py", folder / "scripts")
    (folder / "tests").mkdir()
    for number in (2, 3):
        (folder / f"tests/test_{number}.py").write_text(MODULE.format(number), encoding="utf-8")
    return folder


def run(checkout: Path, *argv: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, *argv],
        cwd=checkout,
        env={key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.stdout


def test_what_was_compiled_of_the_same_content_is_taken_with_its_new_place(
    checkout: Path, tmp_path: Path
) -> None:
    pytest_ = ("-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "tests")
    run(checkout, *pytest_)
    other = shutil.copytree(checkout, tmp_path / "two", ignore=shutil.ignore_patterns("__pyc*"))
    run(checkout, "scripts/compiled.py", "keep", tmp_path / "kept")
    shutil.rmtree(checkout)
    (other / "tests/test_3.py").write_text(MODULE.format(4), encoding="utf-8")
    for file in (other / "tests").iterdir():
        os.utime(file, (1_000_000_000, 1_000_000_000))
    run(other, "scripts/compiled.py", "take", tmp_path / "kept")
    (taken,) = (other / "tests/__pycache__").iterdir()
    assert taken.name.startswith("test_2.")
    before = taken.stat()
    said = run(other, *pytest_)
    assert "assert 1 == 2" in said
    assert "assert 1 == 4" in said
    assert str(checkout) not in said
    assert f"{checkout}/".encode() not in taken.read_bytes()
    # pytest has read it, or it would have put its own in place.
    after = taken.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
