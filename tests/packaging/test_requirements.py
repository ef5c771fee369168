"""The bounds in pyproject.toml are true: what they let in works, the oldest and the newest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.uv import uv

# What shows that the whole program runs with other versions of what it stands on: every kind of
# thing that it does with them, and as little else as possible.
SMOKE = (
    "tests/commands/test_generate.py::test_everything_is_written_below_the_output_folder",
    "tests/commands/test_generate.py::test_no_committed_file_is_stale",
    "tests/commands/test_generate.py::test_routes_come_from_the_exporters_configuration",
    "tests/commands/test_probe.py",
    "tests/commands/test_run.py",
    *("tests/config/test_bad_files.py", "tests/config/test_dump.py", "tests/config/test_load.py"),
    *(
        "tests/config/test_proxy.py",
        "tests/config/test_secrets.py",
        "tests/config/model/test_values.py",
    ),
    "tests/metrics/otlp/test_masking.py",
    "tests/metrics/otlp/test_points.py",
    "tests/metrics/otlp/test_pusher.py",
    "tests/probing/test_bad_servers.py",
    "tests/server/test_app.py",
    "tests/server/process/test_listen.py",
)
# What these tests stand on themselves.
TOOLS = (
    *("graphql-core", "hypothesis", "jsonschema", "pytest", "pytest-asyncio", "pytest-timeout"),
    *("requests", "trustme"),
)
# Of a newer version a warning is no failure: it is told by whoever raises the lock.
OPTIONS = ("-q", "-p", "no:cacheprovider", "-o", "filterwarnings=default", "-o", "addopts=")

pytestmark = pytest.mark.skipif(
    os.environ.get("CI") != "true",
    reason="installs the oldest and the newest allowed versions of everything; set CI=true",
)


def newest_python() -> str:
    """The newest released Python on PATH, or that pyenv keeps beside it."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    kept = [str(file) for file in root.glob("versions/3.*/bin/python3")]
    named = [shutil.which(f"python3.{minor}") for minor in range(11, 16)]
    found: dict[tuple[int, ...], str] = {sys.version_info[:3]: sys.executable}
    for program in filter(None, [*kept, *named]):
        said = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stdout
        if version := re.fullmatch(r"Python (3)\.(\d+)\.(\d+)\s*", said):
            found[tuple(map(int, version.groups()))] = program
    return found[max(found)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("resolution", ["lowest-direct", "highest"])
def test_the_program_runs_with_whatever_versions_its_requirements_allow(
    repository: Path, tmp_path: Path, resolution: str
) -> None:
    environment = tmp_path / "environment"
    interpreter = newest_python() if resolution == "highest" else sys.executable
    uv("venv", "--python", interpreter, environment, folder=tmp_path)
    python = environment / "bin" / "python"
    install = ("pip", "install", "--python", python)
    uv(*install, "--resolution", resolution, f"{repository}[all]", folder=tmp_path)
    # The tests' own tools change nothing of what was chosen.
    chosen = uv("pip", "freeze", "--exclude-editable", "--python", python, folder=tmp_path)
    kept = tmp_path / "kept.txt"
    kept.write_text(
        "".join(
            f"{line}\n" for line in chosen.splitlines() if not line.startswith("store-exporter")
        )
    )
    uv(*install, "--constraint", kept, *TOOLS, folder=tmp_path)
    done = subprocess.run(
        [python, "-m", "pytest", *OPTIONS, "--import-mode=importlib", *SMOKE],
        cwd=repository,
        env={
            **os.environ,
            "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
            # The exporter is the installed one; the simulated stores are no part of it.
            "PYTHONPATH": str(simulators(repository, tmp_path)),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{chosen}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"


def simulators(repository: Path, folder: Path) -> Path:
    """A folder from which only the simulated stores can be imported."""
    path = folder / "path"
    path.mkdir()
    (path / "store_demo").symlink_to(repository / "exporter" / "store_demo")
    return path
