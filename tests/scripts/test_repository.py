"""What the repository promises to those who contribute is what its scripts do."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

# Licences under which a distribution with the Apache licence may be used and passed on. The LGPL
# asks that its library stays one that can be replaced, as an installed package can.
_FREE = re.compile(r"Apache|MIT|BSD|PSF|Python Software Foundation|MPL.2\.0|ISC|LGPL")


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_ci_runs_one_script_on_every_python_that_is_supported(repository: Path) -> None:
    job = read(repository / ".github/workflows/ci.yml")["jobs"]["test"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    pythons = job["strategy"]["matrix"]["python"]
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={pythons[0]}"
    env = (repository / "scripts/_env").read_text(encoding="utf-8")
    assert all(f"python{version}" in env for version in pythons)


def test_ci_runs_actions_that_nobody_can_replace_and_leaves_them_no_token(repository: Path) -> None:
    text = (repository / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    used = re.findall(r"uses: *(.*)", text)
    assert used
    # A tag can be moved to other code; the comment is what Dependabot renews with the commit.
    wrong = [one for one in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+(\.\d+){2}", one)]
    assert wrong == []
    document = yaml.safe_load(text)
    assert document["permissions"] == {"contents": "read"}
    (checkout,) = (
        step
        for step in document["jobs"]["test"]["steps"]
        if step.get("uses", "").startswith("actions/checkout@")
    )
    assert checkout["with"]["persist-credentials"] is False


def test_a_commit_is_checked_by_scripts_lint_and_nothing_else(repository: Path) -> None:
    (repo,) = read(repository / ".pre-commit-config.yaml")["repos"]
    assert [hook["entry"] for hook in repo["hooks"]] == ["scripts/lint"]


def test_updates_are_proposed_for_folders_that_have_something_to_update(repository: Path) -> None:
    files = {
        "pip": "requirements*.txt",
        "github-actions": ".github/workflows/*.yml",
        "docker": "Dockerfile",
        "docker-compose": "docker-compose.yml",
    }
    updates = read(repository / ".github/dependabot.yml")["updates"]
    assert {update["package-ecosystem"] for update in updates} == set(files)
    for update in updates:
        folder = repository / update["directory"].lstrip("/")
        assert list(folder.glob(files[update["package-ecosystem"]])), update


def _locked(repository: Path) -> list[str]:
    text = (repository / "scripts/requirements.txt").read_text(encoding="utf-8")
    return re.findall(r"^([\w.-]+)==", text, flags=re.MULTILINE)


def test_every_dependency_may_be_passed_on(repository: Path) -> None:
    refused = {}
    for name in _locked(repository):
        try:
            about = metadata(name)
        except PackageNotFoundError:  # for another Python or system
            continue
        said = [about[key] for key in ("License-Expression", "License") if key in about]
        said += [line for line in about.get_all("Classifier") or () if line.startswith("License")]
        licence = " ".join(text for text in said if text)
        if not _FREE.search(licence) or re.search(r"\bA?GPL", licence):
            refused[name] = licence[:100]
    assert refused == {}


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md"])
def test_no_address_is_given_that_is_nobodys(repository: Path, page: str) -> None:
    text = (repository / page).read_text(encoding="utf-8")
    assert not re.findall(r"\S+@\S+\.\w+", text)
    assert not re.search(r"TODO|INSERT|FIXME", text)
