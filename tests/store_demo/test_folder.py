"""What a demo leaves of itself and of earlier ones."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store_demo.folder import running_folder

KILLED = """
import os, signal
from store_demo.folder import running_folder
with running_folder() as folder:
    (folder / "data").mkdir()
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_demo_removes_its_own_folder_and_those_of_killed_ones_only(temporary: Path) -> None:
    others = [temporary / "store-exporter-demo-of-somebody-else", temporary / "elsewhere"]
    for other in others:
        other.mkdir()
    (others[1] / "running.lock").touch()
    link = temporary / "store-exporter-demo-link"
    link.symlink_to(others[1])
    # It starts with both packages on its path, as this process has them.
    argv = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{KILLED}"]
    killed = subprocess.run(
        argv, env={"TMPDIR": str(temporary)}, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    left = Path(killed.stdout.strip())
    assert left.is_dir()
    with running_folder() as first:
        assert not left.exists()
        with running_folder() as second:
            assert first.is_dir()
        assert not second.exists()
    assert not first.exists()
    assert sorted(temporary.iterdir()) == sorted([*others, link])
    assert (others[1] / "running.lock").exists()
