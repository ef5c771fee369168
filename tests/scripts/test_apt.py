"""The private apt tree takes the machine's own sources, with another suite, all else as it was."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.scripts.conftest import Project

DEB822 = """\
# A comment of the machine's owner.
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Components: main
Suites: bookworm-security
"""

EMBEDDED_KEY_AND_SUITES_LAST = """\
Types: deb
URIs: https://mirror.example/ubuntu
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----
Suites: noble
"""

ONE_LINE = """\
# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by=/etc/own.gpg] https://mirror.example/debian bookworm main non-free
deb https://mirror.example/debian bookworm-updates main
deb-src https://mirror.example/debian bookworm main
deb https://other.example/apt nodistro main
deb	http://second.example/debian/	stable	main
"""

TABLE = {
    "a deb822 stanza keeps its address and key": (
        ("bookworm", "testing", "main"),
        ("sources.list.d/debian.sources", DEB822),
        """\
# A comment of the machine's owner.
URIs: http://mirror.example/debian
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
Types: deb
Suites: testing
Components: main

""",
    ),
    "an embedded key is kept whole": (
        ("noble", "devel", "main universe"),
        ("sources.list.d/ubuntu.sources", EMBEDDED_KEY_AND_SUITES_LAST),
        """\
URIs: https://mirror.example/ubuntu
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----
Types: deb
Suites: devel
Components: main universe

""",
    ),
    "one-line entries keep their options": (
        ("bookworm", "testing", "main"),
        ("sources.list", ONE_LINE),
        """\
deb [arch=amd64 signed-by=/etc/own.gpg] https://mirror.example/debian testing main
deb http://second.example/debian/ testing main
""",
    ),
    "sources of other makers are left out": (
        ("bookworm", "testing", "main"),
        ("sources.list.d/other.list", "deb https://other.example/apt bookworm-tools main\n"),
        "",
    ),
}


@pytest.mark.parametrize(("machine", "given", "wanted"), TABLE.values(), ids=TABLE.keys())
def test_sources(
    project: Project,
    tmp_path: Path,
    machine: tuple[str, str, str],
    given: tuple[str, str],
    wanted: str,
) -> None:
    release, suite, components = machine
    etc, out = tmp_path / "etc apt", tmp_path / "out"
    (etc / "sources.list.d").mkdir(parents=True)
    out.mkdir()
    (etc / given[0]).write_text(given[1], encoding="utf-8")
    done = project.bash(
        f"apt_release={release} apt_components='{components}'; apt_sources {suite} '{out}' '{etc}'"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "".join(file.read_text(encoding="utf-8") for file in out.iterdir()) == wanted


def test_without_apt_it_is_said(project: Project) -> None:
    done = project.bash("apt_unpack testing /nowhere prometheus")
    assert (done.returncode, done.stderr) == (1, "There is no apt here to fetch prometheus with.\n")


def without_network() -> list[str]:
    """The command that runs another without a network; skips the test where that is not allowed."""
    command = ["unshare", "--map-root-user", "--net"]
    if not shutil.which("apt-get") or subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("needs apt and the right to make a namespace")
    return command


def test_the_real_apt_without_a_network_is_reported_in_one_sentence_at_once(
    repository: Path, tmp_path: Path
) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [
            *(*without_network(), "bash", "-c"),
            f'. scripts/_env; apt_unpack "$apt_newest" "{tmp_path}" prometheus',
        ],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    _, sentence = done.stderr.splitlines()
    assert sentence.startswith("There is no network to fetch prometheus from (")
    assert list(tmp_path.iterdir()) == []
    assert time.monotonic() - began < 30
