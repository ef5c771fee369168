"""What is uploaded to an index holds what people need, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from store_exporter.mixin import files
from tests.test_extras import GONE


def build(target: str, project: Path, folder: Path) -> Path:
    """Build a distribution with the backend of this environment, so that nothing is fetched."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def sdist(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", repository, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def source(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    folder = tmp_path_factory.mktemp("source")
    shutil.unpack_archive(sdist, folder)
    (project,) = folder.iterdir()
    return project


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that an index's user gets, who may build it of the source distribution."""
    return build("wheel", source, tmp_path_factory.mktemp("wheel"))


def tracked(repository: Path) -> set[str]:
    """The files that git knows."""
    done = subprocess.run(
        ["git", "ls-files"], cwd=repository, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return set(done.stdout.splitlines())


def test_the_source_distribution_has_tests_and_documentation_and_nothing_stray(
    repository: Path, source: Path
) -> None:
    found = {str(file.relative_to(source)) for file in source.rglob("*") if file.is_file()}
    known = tracked(repository)
    assert found - known == {"PKG-INFO"}
    left_out = {path.split("/")[0] for path in known - found}
    assert left_out <= {".ci", ".dockerignore", ".github", ".pre-commit-config.yaml"}


def test_the_wheel_has_the_package_the_dashboards_and_nothing_else(
    repository: Path, wheel: Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = {
        path.removeprefix("exporter/")
        for path in tracked(repository)
        if path.startswith("exporter/store_exporter/")
    }
    boards = {Path(path).name for path in files.boards()}
    assert found == package | {f"store_exporter/mixin/dashboards/built/{n}" for n in boards}


def test_the_wheel_writes_all_dashboards_without_their_sdk(wheel: Path, tmp_path: Path) -> None:
    installed, written = tmp_path / "installed", tmp_path / "written"
    shutil.unpack_archive(wheel, installed, format="zip")
    code = GONE.format(name="grafana_foundation_sdk") + (
        f"from store_exporter import cli\nsys.exit(cli.main(['generate', '--output={written}']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for path, text in files.boards().items():
        assert (written / path).read_text(encoding="utf-8") == text
