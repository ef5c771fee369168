"""What is uploaded to an index holds what people need, and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path

import pytest

import store_exporter
from store_exporter.mixin import files
from tests.packaging.uv import uv
from tests.test_extras import GONE

REPOSITORY_URL = "https://git.example/shops/store-exporter"


def build(target: str, project: Path, folder: Path, **environ: str) -> Path:
    """Build a distribution with the backend of this environment, so that nothing is fetched."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder],
        cwd=project,
        # The hook of the build would leave what was compiled of it in the unpacked sources.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def sdist(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    return build("sdist", repository, folder, REPOSITORY_URL=REPOSITORY_URL)


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
    # A link to a folder has become a copy of it.
    known = {path for path in tracked(repository) if not (repository / path).is_dir()}
    found = {
        str((repository / file.relative_to(source)).resolve().relative_to(repository))
        for file in source.rglob("*")
        if file.is_file()
    }
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


@pytest.fixture(scope="module")
def described(wheel: Path) -> Message:
    """What an index shows of the package."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name), policy=default)


def test_the_index_shows_who_made_it_and_where_it_is_worked_on(described: Message) -> None:
    urls = dict(str(each).split(", ") for each in described.get_all("Project-URL", []))
    assert urls.keys() == {"Source", "Documentation", "Changelog", "Issues"}
    assert all(url.startswith(REPOSITORY_URL) for url in urls.values())
    assert described["Author"]
    assert described["License-Expression"] == "Apache-2.0"
    assert "Programming Language :: Python :: 3.11" in described.get_all("Classifier", [])


def test_every_link_of_the_readme_works_on_the_index(repository: Path, described: Message) -> None:
    text = described.get_payload()
    assert isinstance(text, str)
    links = re.findall(r"(!?)\[[^\]]*\]\(([^)]+)\)", text)
    assert len(links) > 20
    for is_picture, link in links:
        if not link.startswith(REPOSITORY_URL):
            assert link.startswith("https://"), link
            continue
        kind, version, path = link.removeprefix(f"{REPOSITORY_URL}/").split("/", 2)
        assert (kind, version) == ("raw" if is_picture else "blob", f"v{described['Version']}")
        assert (repository / path.split("#")[0]).is_file(), link


CI = pytest.mark.skipif(
    os.environ.get("CI") != "true", reason="fetches programs from the index; set CI=true"
)


@CI
@pytest.mark.timeout(600)
def test_what_build_makes_is_accepted_by_the_index(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dist"
    run = ("tool", "run")
    build = ("--from", "build[uv]", "pyproject-build", "--installer", "uv", "--outdir", folder)
    uv(*run, *build, repository, folder=tmp_path)
    built = sorted(folder.iterdir())
    assert [file.suffix for file in built] == [".whl", ".gz"]
    uv(*run, "twine", "check", "--strict", *built, folder=tmp_path)
    uv(*run, "check-wheel-contents", built[0], folder=tmp_path)


@CI
@pytest.mark.timeout(600)
def test_the_bill_of_materials_of_a_release_names_every_locked_package(
    repository: Path, tmp_path: Path
) -> None:
    """Made by the command of docs/releasing.md."""
    page = (repository / "docs/releasing.md").read_text(encoding="utf-8").replace("\\\n", " ")
    (command,) = re.findall(r"cyclonedx-py (requirements .*)", page)
    file = tmp_path / "sbom.json"
    arguments = command.replace("dist/sbom.json", str(file)).split()
    uv("tool", "run", "--from", "cyclonedx-bom", "cyclonedx-py", *arguments, folder=repository)
    listed = {part["name"].lower() for part in json.loads(file.read_text())["components"]}
    lock = (repository / "scripts/requirements.txt").read_text(encoding="utf-8")
    assert listed == {name.lower() for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}


@CI
@pytest.mark.timeout(600)
def test_type_checkers_know_the_whole_public_api(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    uv("venv", environment, folder=tmp_path)
    python = environment / "bin" / "python"
    uv("pip", "install", "--python", python, f"{wheel}[all]", "pyright", folder=tmp_path)
    checker = [environment / "bin" / "pyright"]
    environ = {
        **os.environ,
        "VIRTUAL_ENV": str(environment),
        "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
    }
    # At its first run it fetches itself, for Node.
    for _ in range(2):
        began = subprocess.run(
            [*checker, "--version"], env=environ, capture_output=True, text=True, check=False
        )
        if not began.returncode:
            break
    if began.returncode:
        pytest.skip(f"pyright cannot be fetched: {began.stderr[-300:]}")
    done = subprocess.run(
        [*checker, "--outputjson", "--verifytypes", "store_exporter", "--ignoreexternal"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    symbols = json.loads(done.stdout)["typeCompleteness"]["symbols"]
    # Types of what these are made of count with them; modules below are not what users import.
    # Pyright takes names with underscores for private ones.
    public = {f"store_exporter.{name}" for name in store_exporter.__all__ if name[0] != "_"}
    known = {one["name"] for one in symbols if one["isTypeKnown"] and not one["isTypeAmbiguous"]}
    assert public & {one["name"] for one in symbols} == public
    assert public - known == set()
