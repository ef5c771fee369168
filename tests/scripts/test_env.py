"""The virtual environment is made once, kept in step, and never trusted after an interruption."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.scripts.conftest import STUB, Project, asked

INSTALLED = [
    "-m pip install --require-hashes -r scripts/requirements-dev.txt",
    "-m pip install --quiet --no-deps --no-build-isolation --editable .",
]


def test_the_environment_is_made_and_the_second_time_left_alone(stub: Project) -> None:
    first = stub.bash("environment")
    assert first.returncode == 0, first.stderr
    assert "Making .venv with Python 3.99.0" in first.stderr
    assert asked(stub) == INSTALLED
    second = stub.bash("environment")
    assert (second.returncode, second.stderr, asked(stub)) == (0, "", [])


def test_a_changed_lock_is_installed_into_the_environment_at_hand(stub: Project) -> None:
    stub.bash("environment")
    asked(stub)
    with (stub.root / "scripts/requirements-dev.txt").open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    assert "Making" not in stub.bash("environment").stderr
    assert asked(stub) == INSTALLED


def test_an_interrupted_installation_is_started_afresh(stub: Project) -> None:
    (stub.root / "broken").touch()
    assert stub.bash("environment").returncode != 0
    (stub.root / "broken").unlink()
    again = stub.bash("environment")
    assert (again.returncode, "Making .venv" in again.stderr) == (0, True)


def test_an_environment_of_another_python_is_made_anew(stub: Project) -> None:
    stub.bash("environment")
    assert "Making" in stub.bash("environment", STUB_VERSION="3.99.1").stderr


def test_an_environment_that_was_moved_is_made_anew(stub: Project) -> None:
    stub.bash("environment")
    moved = Project(stub.root.rename(stub.root.with_name("moved")), stub.path)
    assert "Making" in moved.bash("environment").stderr


def test_the_newest_usable_python_is_found_under_its_own_name(project: Project) -> None:
    project.program("python3", "exit 1")
    project.program("python3.12", "exit 0")
    assert project.bash("find_python").stdout == "python3.12\n"


def test_without_a_usable_python_it_says_what_is_needed(project: Project) -> None:
    project.program("python3", "exit 1")
    done = project.bash("environment")
    assert done.returncode == 1
    assert "needs Python 3.11 or later" in done.stderr
    assert not (project.root / ".venv").exists()


def test_a_failing_pip_bootstrap_says_what_to_install(stub: Project) -> None:
    stub.program("python3", STUB.replace('"-m venv .venv")', '"-m venv .venv") exit 1 ;; -never)'))
    done = stub.bash("bootstrap_pip() { return 1; }; environment")
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr


@pytest.mark.skipif(
    not Path("/usr/share/python-wheels").is_dir() and not shutil.which("apt-get"),
    reason="pip's wheel comes from Debian's and Ubuntu's python3-pip-whl, and there is no apt here",
)
def test_a_python_without_ensurepip_gets_pip_from_the_distribution(project: Project) -> None:
    # Without --without-pip, such a Python fails.
    script = f"""[ "$*" = "-m venv .venv" ] && exit 1\nexec "{sys.executable}" "$@\""""
    project.program("python3", script)
    done = project.bash(
        "make_venv && .venv/bin/python -m pip --version",
        PATH=f"{project.path}:{os.environ['PATH']}",
    )
    assert done.returncode == 0, done.stderr
    assert re.match(rf"pip \S+ from {project.root}/.venv/", done.stdout)
