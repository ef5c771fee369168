"""Servers come from PATH when they are recent enough; what is missing is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scripts.conftest import Project, asked


def tools(project: Project) -> Path:
    return project.root / ".tools" / "bin"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("prometheus", "prometheus, version 3.0.0 (branch: HEAD, revision: 1)"),
        ("prometheus", "prometheus, version 3.14.1+ds1 (branch: debian/sid)"),
        ("amtool", "amtool, version 0.31.0 (branch: HEAD)"),
        ("docker-compose", "Docker Compose version v2.40.3"),
    ],
)
def test_a_recent_program_on_path_is_linked(project: Project, name: str, says: str) -> None:
    program = project.program(name, f"echo '{says}'")
    done = project.script("tools", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tools(project) / name).readlink() == program


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("prometheus", "echo 'prometheus, version 2.53.3 (branch: HEAD)'"),
        ("alertmanager", "echo 'alertmanager, version 0.30.1 (branch: HEAD)'"),
        ("promtool", "exit 1"),
    ],
)
def test_an_old_or_broken_program_is_not_used(project: Project, name: str, script: str) -> None:
    project.program(name, script)
    done = project.script("tools", name)
    assert done.returncode == 1
    assert f"put them on PATH to have them used:\n  {name}, version " in done.stderr
    assert not (tools(project) / name).exists()


def test_debians_name_of_alertmanager_is_known(project: Project) -> None:
    program = project.program("prometheus-alertmanager", "echo 'alertmanager, version 0.33.1'")
    assert project.script("tools", "alertmanager").returncode == 0
    assert (tools(project) / "alertmanager").readlink() == program


def test_a_program_that_went_away_is_looked_for_again(project: Project) -> None:
    project.program("amtool", "echo 'amtool, version 0.33.0'")
    assert project.script("tools", "amtool").returncode == 0
    (project.path / "amtool").unlink()
    assert project.script("tools", "amtool").returncode == 1


def test_a_changed_script_renews_what_is_requested_and_leaves_the_rest(project: Project) -> None:
    for name in ("amtool", "promtool"):
        project.program(name, f"echo '{name}, version 3.0.0'")
    assert project.script("tools", "amtool", "promtool").returncode == 0
    with (project.root / "scripts/tools").open("a", encoding="utf-8") as script:
        script.write("# changed\n")
    for name in ("amtool", "promtool"):
        project.program(name, f"echo '{name}, version 0.1.0'")
    assert project.script("tools", "amtool").returncode == 1
    assert not (tools(project) / "amtool").exists()
    assert (tools(project) / "promtool").exists()


def test_an_unknown_tool_is_refused_with_the_known_ones(project: Project) -> None:
    done = project.script("tools", "grafana")
    assert done.returncode == 1
    assert "knows no grafana; it knows: prometheus promtool alertmanager" in done.stderr


def test_schemas_that_cannot_be_fetched_say_what_is_needed(project: Project) -> None:
    done = project.script("tools", "shopify-schemas")
    assert done.returncode == 1
    assert "shopify-schemas, for which npm is needed" in done.stderr


def test_a_registry_that_fails_is_asked_twice_and_leaves_nothing_half_fetched(
    project: Project,
) -> None:
    project.program("npm", "echo npm >>asked; exit 1")
    assert project.script("tools", "shopify-schemas").returncode == 1
    assert asked(project) == ["npm", "npm"]
    assert not (tools(project) / "shopify-schemas").exists()
