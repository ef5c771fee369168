"""A copy of the scripts in a folder of its own, with a PATH of what a test puts there."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

# What the scripts need of any Debian or Ubuntu, apt and Python excepted.
BASICS = (
    *("awk", "basename", "bash", "cat", "chmod", "cp", "dirname", "find", "flock", "grep", "head"),
    *(
        "ln",
        "mkdir",
        "mktemp",
        "mv",
        "readlink",
        "rm",
        "sed",
        "sh",
        "sha256sum",
        "sort",
        "tail",
        "tr",
        "uname",
    ),
)


# A Python whose `-m venv` makes a copy of itself and which writes down what else it is asked.
STUB = """
case "$*" in
-V) echo "Python ${STUB_VERSION:-3.99.0}" ;;
-c*) exit 0 ;;
"-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
*) echo "$*" >>asked; [ ! -e "broken-$2" ] || { echo "wrong, says $2"; exit 1; } ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Project:
    """The copied project.

    Attributes:
        root: its folder, with a space in its name.
        path: the only folder on PATH.
    """

    root: Path
    path: Path

    def program(self, name: str, script: str) -> Path:
        """Put a program on PATH."""
        file = self.path / name
        file.unlink(missing_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)
        return file

    def run(self, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command from the root directory."""
        return subprocess.run(
            argv,
            cwd="/",
            env={"PATH": str(self.path), "HOME": str(self.root), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def script(self, name: str, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts."""
        return self.run(str(self.root / "scripts" / name), *argv)

    def bash(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command with scripts/_env read."""
        return self.run("bash", "-c", f'. "{self.root}/scripts/_env"; {command}', **environment)


@pytest.fixture
def project(tmp_path: Path, repository: Path) -> Project:
    root, path = tmp_path / "a project", tmp_path / "bin"
    path.mkdir()
    root.mkdir()
    for name in BASICS:
        found = shutil.which(name, path=os.defpath)
        assert found, f"{name} is missing on this machine"
        (path / name).symlink_to(found)
    shutil.copytree(repository / "scripts", root / "scripts")
    shutil.copy(repository / "pyproject.toml", root)
    return Project(root, path)


@pytest.fixture
def stub(project: Project) -> Project:
    project.program("python3", STUB)
    return project


def asked(project: Project) -> list[str]:
    """What the environment's Python was asked since the last call."""
    file = project.root / "asked"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines
