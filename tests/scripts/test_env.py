"""The virtual environment is made once, kept in step, and never trusted after an interruption."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripts.conftest import STUB, Project, asked

PIP = "-m pip install --progress-bar off --retries 2 --no-deps --no-compile --require-hashes -r "
INSTALLED = [
    f"{PIP}scripts/requirements-dev.txt",
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


def test_the_demo_is_content_with_an_environment_for_development(stub: Project) -> None:
    stub.bash("environment demo")
    assert asked(stub) == [f"{PIP}scripts/requirements-demo.txt"]
    assert "Making" not in stub.bash("environment").stderr
    assert asked(stub) == INSTALLED
    stub.bash("environment demo")
    assert asked(stub) == []


def test_an_interrupted_installation_is_started_afresh(stub: Project) -> None:
    (stub.root / "broken-pip").touch()
    assert stub.bash("environment").returncode != 0
    (stub.root / "broken-pip").unlink()
    again = stub.bash("environment")
    assert (again.returncode, "Making .venv" in again.stderr) == (0, True)


def test_an_installation_that_fails_once_is_begun_once_more(stub: Project) -> None:
    stub.program("python3", STUB.replace("exit 1; }", 'rm "broken-$2"; exit 1; }'))
    (stub.root / "broken-pip").touch()
    done = stub.bash("environment")
    assert (done.returncode, "wrong" in done.stderr) == (0, False)
    assert asked(stub) == [INSTALLED[0], *INSTALLED]


def test_an_environment_of_another_python_is_made_anew(stub: Project) -> None:
    stub.bash("environment")
    assert "Making" in stub.bash("environment", STUB_VERSION="3.99.1").stderr


def test_an_environment_that_was_moved_is_made_anew(stub: Project) -> None:
    stub.bash("environment")
    moved = Project(stub.root.rename(stub.root.with_name("moved")), stub.path)
    assert "Making" in moved.bash("environment").stderr


def checkouts(stub: Project) -> tuple[Project, Project]:
    """Two of them, in folders whose names pip writes in one way."""
    folders = [stub.root.with_name(name) for name in ("one", "two")]
    for folder in folders:
        shutil.copytree(stub.root, folder)
    one, two = (Project(folder, stub.path) for folder in folders)
    return one, two


def kept(one: Project, home: Path) -> None:
    """Make the environment of a checkout, with what names its place, and keep it."""
    assert one.bash("environment", HOME=str(home)).returncode == 0
    site = one.root / ".venv/lib/python3.99/site-packages"
    compiled = site / "plugin/__pycache__"
    information = site / "store_exporter-0.1.0.dist-info"
    compiled.mkdir(parents=True)
    information.mkdir()
    (one.root / ".mypy_cache").mkdir()
    for file, text in {
        one.root / ".venv/bin/tool": f"#!{one.root}/.venv/bin/python",
        one.root / ".venv/pyvenv.cfg": f"command = -m venv {one.root}/.venv",
        information / "direct_url.json": f'{{"url": "file://{one.root}"}}',
        site / "_editable_impl_store_exporter.pth": f"{one.root}/exporter",
        compiled / "plugin.cpython-399.pyc": "compiled",
        compiled / "plugin.cpython-399-pytest-9.1.pyc": f"compiled {site}",
        one.root / ".mypy_cache/cache.db": "what mypy knows",
    }.items():
        file.write_text(text, encoding="utf-8")
    assert one.bash("keep", HOME=str(home)).stderr == ""
    asked(one)


def test_a_fresh_checkout_takes_the_environment_that_another_kept(
    stub: Project, tmp_path: Path
) -> None:
    one, two = checkouts(stub)
    kept(one, tmp_path)
    before = {file: file.read_bytes() for file in one.root.rglob("*") if file.is_file()}
    took = two.bash("environment", HOME=str(tmp_path))
    assert (took.returncode, took.stderr) == (
        0,
        f"Taking .venv from {tmp_path}/.cache/store-exporter\n",
    )
    assert asked(two) == []
    environment = [file for file in (two.root / ".venv").rglob("*") if file.is_file()]
    naming = [file.name for file in environment if str(two.root).encode() in file.read_bytes()]
    assert sorted(naming) == [
        *("_editable_impl_store_exporter.pth", "direct_url.json", "pyvenv.cfg", "stamp-dev", "tool")
    ]
    assert not [file for file in environment if str(one.root).encode() in file.read_bytes()]
    assert (two.root / ".mypy_cache/cache.db").read_text() == "what mypy knows"
    assert [file.name for file in environment if file.suffix == ".pyc"] == [
        "plugin.cpython-399.pyc"
    ]
    # It is whole, and what it changes is its own.
    assert two.bash("environment", HOME=str(tmp_path)).stderr == ""
    assert {file: file.read_bytes() for file in before} == before


@pytest.mark.parametrize("other", ["lock", "Python", "a place with a space in its name"])
def test_what_was_kept_of_another_lock_python_or_name_is_not_taken(
    stub: Project, tmp_path: Path, other: str
) -> None:
    one, two = checkouts(stub)
    kept(one, tmp_path)
    if other == "lock":
        with (two.root / "scripts/requirements-dev.txt").open("a", encoding="utf-8") as lock:
            lock.write("# changed\n")
    checkout = stub if other.startswith("a place") else two
    version = "3.99.1" if other == "Python" else "3.99.0"
    made = checkout.bash("environment", HOME=str(tmp_path), STUB_VERSION=version)
    assert (made.returncode, "Making .venv" in made.stderr) == (0, True)
    assert asked(checkout) == INSTALLED
    # What mypy knows of code, it compares with the code.
    assert (checkout.root / ".mypy_cache/cache.db").is_file()


def test_a_checkout_that_no_other_can_take_from_keeps_nothing_and_leaves_what_was_kept(
    stub: Project, tmp_path: Path
) -> None:
    one, two = checkouts(stub)
    kept(one, tmp_path)
    # Its place has a space in its name.
    done = stub.bash("environment && mkdir -p .mypy_cache && keep", HOME=str(tmp_path))
    assert done.returncode == 0
    took = two.bash("environment", HOME=str(tmp_path))
    assert took.stderr == f"Taking .venv from {tmp_path}/.cache/store-exporter\n"


@pytest.mark.parametrize("gone", ["venv", "venv/bin"])
def test_what_was_kept_and_is_damaged_is_made_anew(
    stub: Project, tmp_path: Path, gone: str
) -> None:
    one, two = checkouts(stub)
    kept(one, tmp_path)
    shutil.rmtree(tmp_path / ".cache/store-exporter/kept" / gone)
    made = two.bash("environment", HOME=str(tmp_path))
    assert (made.returncode, "Making .venv" in made.stderr) == (0, True)
    assert asked(two) == INSTALLED


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


PIP_SAYS = """\
WARNING: Retrying (Retry(total=1, connect=None, read=None, redirect=None, status=None)) after \
connection broken by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object \
at 0x7f3e996c9b10>: Failed to establish a new connection: [Errno -3] Temporary failure in name \
resolution')': /simple/aiohttp/
ERROR: Could not find a version that satisfies the requirement aiohttp==3.14.5
"""
FAILING_PIP = f"cat <<'END'\n{PIP_SAYS}END\nexit 1\n"
APT_SAYS = """\
W: Failed to fetch http://mirror.example/dists/testing/InRelease  Could not resolve 'mirror.example'
W: Some index files failed to download. They have been ignored, or old ones used instead.
"""


@pytest.mark.parametrize(
    ("log", "why"),
    [
        (PIP_SAYS, "Temporary failure in name resolution"),
        (APT_SAYS, "Could not resolve 'mirror.example'"),
    ],
    ids=["pip", "apt"],
)
def test_a_missing_network_is_reported_in_one_sentence(
    project: Project, log: str, why: str
) -> None:
    (project.root / "log").write_text(log * 2, encoding="utf-8")
    done = project.bash("no_network log 'the packages'")
    assert done.stderr == f"There is no network to fetch the packages from ({why}).\n"


def test_pip_without_a_network_says_that_and_nothing_else(stub: Project) -> None:
    stub.bash("environment")
    python = stub.root / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\n[ "$*" = -V ] && echo Python 3.99.0 && exit\n{FAILING_PIP}')
    (stub.root / "pyproject.toml").write_text("changed", encoding="utf-8")
    done = stub.bash("environment demo")
    assert done.returncode == 1
    _, sentence = done.stderr.splitlines()
    assert sentence.startswith("There is no network to fetch the Python packages from (")


def on_terminal(project: Project, command: str) -> str:
    """What a command of scripts/_env shows on a terminal of 40 columns."""
    for name in ("sleep", "fold", "stty"):
        (project.path / name).symlink_to(shutil.which(name) or name)
    ours, its = pty.openpty()
    subprocess.run(["stty", "cols", "40"], stdin=its, check=True)
    with subprocess.Popen(
        ["bash", "-c", f'. "{project.root}/scripts/_env"; {command}'],
        env={"PATH": str(project.path), "HOME": str(project.root)},
        stderr=its,
        stdin=its,
    ) as child:
        os.close(its)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        assert child.wait() == 0
    os.close(ours)
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # its other side was closed
        return b""


def test_a_terminal_shows_one_line_that_moves_and_is_never_too_long(project: Project) -> None:
    work = "for n in 1 2 3; do echo package-$n-with-a-name-that-is-long; sleep 1; done"
    shown = on_terminal(project, f"with_progress Installing log bash -c '{work}'")
    *moving, last = shown.split("\r\033[K")[1:]
    assert re.fullmatch(r"Installing: \d s\r?\n", last)
    assert len(set(moving)) >= 3
    assert max(map(len, moving)) <= 39
    assert any("package-2" in line for line in moving)


def test_a_sentence_is_broken_between_words_where_the_terminal_ends(project: Project) -> None:
    shown = on_terminal(project, "say " + "'three words here ' " * 6)
    assert max(map(len, shown.splitlines())) <= 40
    assert set(shown.split()) == {"three", "words", "here"}
