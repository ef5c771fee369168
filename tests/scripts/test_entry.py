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
    stub.bash("environment demo")
    python = stub.root / ".venv/bin/python"
    python.write_text(
        python.read_text(encoding="utf-8").replace(
            'echo "$*" >>asked', f'echo "$*" >>asked; case "$*" in *demo*) exec {sleep};; esac'
        ),
        encoding="utf-8",
    )
    with subprocess.Popen(
        # Tests in the background of a shell ignore the signal, and so would their children.
        ["/usr/bin/env", "--default-signal=INT", str(stub.root / "scripts/demo"), "--check"],
        cwd="/",
        env={"PATH": str(stub.path), "HOME": str(stub.root)},
        stdout=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout
        assert demo.stdout.readline() == "started\n"
        os.kill(demo.pid, signal.SIGINT)
        assert demo.wait(60) == -signal.SIGINT
    assert asked(stub)[-1] == "-m store_demo --check"


def test_the_demo_looks_for_its_servers_before_it_installs_anything(stub: Project) -> None:
    done = stub.script("demo")
    assert done.returncode == 1
    assert done.stderr.startswith("The demo runs simulated stores, ")
    assert done.stderr.endswith(
        "put them on PATH to have them used:\n"
        "  prometheus, version 3.0 or later\n  alertmanager, version 0.31 or later\n"
    )
    assert asked(stub) == []


def test_the_demo_installs_what_it_needs_and_no_more(stub: Project) -> None:
    with_servers(stub)
    assert stub.script("demo", "--check").returncode == 0
    install, run = asked(stub)
    assert install.endswith("-r scripts/requirements-demo.txt")
    assert run == "-m store_demo --check"
    again = stub.script("demo")
    assert (again.stderr, asked(stub)) == ("", ["-m store_demo"])


OPTIONAL = (
    "prom-label-proxy",
    "prometheus-otlp",
    "blackbox_exporter",
    "statsd_exporter",
    "shopify-schemas",
    "docker-compose",
    "libfaketime.so",
)


@pytest.mark.parametrize(
    ("arguments", "environment", "wanted"),
    [((), {}, False), (("--all",), {}, True), ((), {"CI": "true"}, True)],
    ids=["by default", "on request", "in CI"],
)
def test_what_takes_long_is_fetched_on_request_and_in_ci(
    stub: Project, arguments: tuple[str, ...], environment: dict[str, str], wanted: bool
) -> None:
    done = stub.run(str(stub.root / "scripts/test"), *arguments, **environment)
    assert done.returncode == 0, done.stderr
    assert [name in done.stderr for name in OPTIONAL] == [wanted] * len(OPTIONAL)
    assert "-m pytest -n 8 --dist loadgroup --no-loadscope-reorder --randomly-seed=1" in asked(stub)


@pytest.mark.parametrize("script", ["scripts/test", ".ci/run"])
def test_checks_and_tests_run_even_when_servers_are_missing(
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
    # The tests run beside the checks.
    assert [name for name in modules if name == "pytest"] == ["pytest"]
    others = [name for name in modules if name != "pytest"]
    assert others == ["pip", "pip", "ruff", "ruff", "mypy", "codespell_lib"]


def test_pytest_gets_the_arguments(stub: Project) -> None:
    stub.script("test", "tests/a folder", "-k", "one or two")
    lines = [line for line in asked(stub) if line.startswith("-m pytest")]
    given = "tests/a folder -k one or two"
    options = "-n 8 --dist loadgroup --no-loadscope-reorder --randomly-seed=1"
    assert lines == [f"-m pytest {options} {given}"]


@pytest.mark.parametrize("broken", ["mypy", "ruff", "pytest"])
def test_a_failed_check_or_test_fails_the_run_and_the_other_is_shown(
    stub: Project, broken: str
) -> None:
    stub.bash("environment")
    asked(stub)
    (stub.root / f"broken-{broken}").touch()
    done = stub.script("test")
    assert done.returncode == 1
    assert f"wrong, says {broken}" in done.stdout
    assert {"pytest", "ruff", "mypy"} <= {line.split()[1] for line in asked(stub)}


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


def test_the_locks_name_one_version_of_each_package(repository: Path) -> None:
    def versions(name: str) -> set[str]:
        text = (repository / "scripts" / name).read_text(encoding="utf-8")
        return set(re.findall(r"^[\w.-]+==[^ ;\\]+", text, flags=re.MULTILINE))

    demo, everything = versions("requirements-demo.txt"), versions("requirements.txt")
    assert f"{len(demo)} Python packages" in (repository / "README.md").read_text(encoding="utf-8")
    assert demo < everything < versions("requirements-dev.txt")
    assert versions("requirements-build.txt") < versions("requirements-dev.txt")
    assert not [name for name in demo if re.match("mypy|ruff|pytest|grpcio", name)]
