"""What `scripts/demo`, `scripts/test` and CI do once the environment is there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.scripts.conftest import Project, asked

SERVERS = {"prometheus": "3.5.3", "promtool": "3.5.3", "alertmanager": "0.33.1", "amtool": "0.33.1"}


def with_servers(project: Project) -> None:
    for name, version in SERVERS.items():
        project.program(name, f"echo '{name}, version {version}'")


def test_the_demo_becomes_the_demo_program_so_that_ctrl_c_reaches_it(stub: Project) -> None:
    with_servers(stub)
    sleep = stub.program("wait-for-a-signal", "echo started; exec sleep 60")
    (stub.path / "sleep").symlink_to("/bin/sleep")
    stub.bash("environment")
    python = stub.root / ".venv/bin/python"
    python.write_text(
        python.read_text(encoding="utf-8").replace(
            'echo "$*" >>asked', f'echo "$*" >>asked; case "$*" in *demo*) exec {sleep};; esac'
        ),
        encoding="utf-8",
    )
    with subprocess.Popen(
        [str(stub.root / "scripts/demo"), "--check"],
        cwd="/",
        env={"PATH": str(stub.path), "HOME": str(stub.root)},
        stdout=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout
        assert demo.stdout.readline() == "started\n"
        os.kill(demo.pid, signal.SIGINT)
        assert demo.wait(10) == -signal.SIGINT
    assert asked(stub)[-1] == "-m store_demo --check"


def test_the_demo_does_not_start_without_its_servers(stub: Project) -> None:
    done = stub.script("demo")
    assert done.returncode == 1
    assert "  prometheus, version 3.0 or later\n" in done.stderr
    assert done.stderr.endswith("cannot start without them.\n")
    assert "-m store_demo" not in asked(stub)


@pytest.mark.parametrize("script", ["scripts/test", ".ci/run"])
def test_tests_run_after_the_checks_even_when_servers_are_missing(
    stub: Project, repository: Path, script: str
) -> None:
    ci = stub.root / ".ci"
    ci.mkdir()
    (ci / "run").write_bytes((repository / ".ci/run").read_bytes())
    (ci / "run").chmod(0o755)
    done = stub.run(str(stub.root / script))
    assert done.returncode == 0, done.stderr
    assert "Tests that need these are skipped" in done.stderr
    modules = [re.sub(r"-m (\w+).*", r"\1", line) for line in asked(stub)]
    assert modules == ["pip", "pip", "ruff", "ruff", "mypy", "pytest"]


def test_pytest_gets_the_arguments(stub: Project) -> None:
    stub.script("test", "tests/a folder", "-k", "one or two")
    assert asked(stub)[-1] == "-m pytest -n 2 tests/a folder -k one or two"


def test_a_failed_check_fails_the_run(stub: Project) -> None:
    stub.bash("environment")
    (stub.root / "broken").touch()
    assert stub.script("test").returncode != 0


def test_every_requirement_is_locked_with_hashes_and_without_an_index(repository: Path) -> None:
    lock = (repository / "scripts/requirements-dev.txt").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index" not in lock
    entries = re.findall(r"^([\w.-]+)==\S+.*((?:\n    --hash=\S+.*)*)", lock, flags=re.MULTILINE)
    assert [name for name, hashes in entries if not hashes] == []
    locked = {name for name, _ in entries}
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *(entry for entry in project["dependency-groups"]["dev"] if isinstance(entry, str)),
        *project["dependency-groups"]["demo"],
        *(distribution("store-exporter").requires or []),
    ]
    names = {re.split(r"[^\w.-]", text)[0].lower().replace("_", "-") for text in wanted}
    assert names - locked - {"store-exporter"} == set()
