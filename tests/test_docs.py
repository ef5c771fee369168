"""The documentation leads somewhere, and everything that a user can see is in it."""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from store_exporter.commands import COMMANDS, module_of
from store_exporter.metrics.catalogue import SECTIONS
from store_exporter.mixin import alerts

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^]\n]+\]\(([^)\s]+)\)")
_HTTP = ("http://", "https://", "mailto:")


def pages(repository: Path) -> list[Path]:
    """Every Markdown file that is committed, or will be."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listed, cwd=repository, capture_output=True, text=True, check=True)
    return [path for name in names.stdout.split("\n") if (path := repository / name).is_file()]


def anchors(page: Path) -> set[str]:
    """The places in a page that a link can name, as GitHub makes them of headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text()), re.MULTILINE):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        number = 0
        while (unique := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(unique)
    return found


def broken(page: Path) -> Iterator[str]:
    """The links of a page that lead to no file, or to no heading of it."""
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        if link.startswith(_HTTP):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            yield f"{link}: there is no such file"
        elif anchor and anchor not in anchors(target):
            yield f"{link}: there is no such heading"


def text_of(repository: Path) -> str:
    return "\n".join(page.read_text() for page in pages(repository))


def strings(module: Path) -> Iterator[str]:
    """The strings of a module."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_link_between_pages_leads_somewhere(repository: Path) -> None:
    found = {
        str(page.relative_to(repository)): problems
        for page in pages(repository)
        if (problems := list(broken(page)))
    }
    assert found == {}


def test_every_page_can_be_reached_from_the_readme(repository: Path) -> None:
    reached: set[Path] = set()
    waiting = [repository / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        links = _LINK.findall(_FENCE.sub("", page.read_text()))
        waiting += [
            (page.parent / link.partition("#")[0]).resolve()
            for link in links
            if not link.startswith(("#", *_HTTP))
        ]
    assert sorted(set(pages(repository)) - reached) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_flag_is_documented(command: str, repository: Path) -> None:
    text = text_of(repository)
    assert f"store-exporter {command}" in text
    parser = argparse.ArgumentParser(add_help=False)
    import_module(module_of(command)).add_arguments(parser)
    flags = [flag for action in parser._actions for flag in action.option_strings]
    missing = [flag for flag in flags if flag not in text]
    assert not missing, f"describe these in a page of docs: {missing}"


def test_every_command_and_flag_that_is_named_exists(repository: Path) -> None:
    known: dict[str, set[str]] = {}
    for command in COMMANDS:
        parser = argparse.ArgumentParser()
        parser.add_argument("--version")
        import_module(module_of(command)).add_arguments(parser)
        known[command] = {flag for action in parser._actions for flag in action.option_strings}
    for page in pages(repository):
        lines = re.sub(r"\\\n\s*", " ", page.read_text())
        for command, rest in re.findall(r"store-exporter ([a-z]+)((?: [^\n`|;#]*)?)", lines):
            if command not in known:
                continue
            for flag in re.findall(r"(?<!\S)--[a-z][a-z.-]*", rest):
                assert flag in known[command], f"{page.name}: {command} {flag}"


OTHERS_FLAGS = {"--enable-feature", "--namespace", "--unit"}
"""Flags of other programs that messages and runbooks name."""


def test_every_flag_that_a_message_names_exists(repository: Path) -> None:
    known = {"--help", "--version", *OTHERS_FLAGS}
    for command in COMMANDS:
        parser = argparse.ArgumentParser()
        import_module(module_of(command)).add_arguments(parser)
        known |= {flag for action in parser._actions for flag in action.option_strings}
    named = {
        f"{file.name}: {flag}"
        for file in (repository / "exporter/store_exporter").rglob("*.py")
        for text in strings(file)
        # In parentheses, or before a colon, it is a property of CSS.
        for flag in re.findall(r"(?<![\w(-])--[a-z][a-z.-]*[a-z](?![a-z.-]*:)", text)
        if flag not in known
    }
    assert not named, f"no command has these flags: {sorted(named)}"


def test_every_file_that_a_page_names_exists(repository: Path) -> None:
    folders = r"(?:exporter|tests|scripts|docs|deploy|grafana|prometheus|alerts)"
    named = set(re.findall(rf"`({folders}/[\w./-]+)`", text_of(repository)))
    assert len(named) > 100
    assert [name for name in sorted(named) if not (repository / name).exists()] == []


def test_every_extra_is_documented(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].keys() - {"all"}
    text = text_of(repository)
    assert [extra for extra in sorted(extras) if f"store-exporter[{extra}]" not in text] == []


# Of Prometheus and VictoriaMetrics, which have a folder of the same name.
OTHERS_PATHS = ("import", "metadata", "otlp", "query", "query_exemplars", "write")


def test_every_endpoint_is_documented_and_those_that_are_named_exist(repository: Path) -> None:
    package = repository / "exporter/store_exporter"
    paths = {
        text for text in strings(package / "server/app.py") if re.fullmatch(r"/[\w/{}-]*", text)
    }
    assert len(paths) > 10
    text = (repository / "docs" / "http-api.md").read_text()
    assert [path for path in paths if re.sub(r"{\w+}", "", path) not in text] == []
    texts = [text_of(repository), *(text for f in package.rglob("*.py") for text in strings(f))]
    named = set(re.findall(r"/api/v1/\w+", "\n".join(texts)))
    assert named - paths - {f"/api/v1/{name}" for name in OTHERS_PATHS} == set()


def test_every_metric_and_alert_is_documented(repository: Path) -> None:
    text = (repository / "docs" / "metrics.md").read_text()
    names = [metric.name for section in SECTIONS.values() for metric in section]
    assert [name for name in names if f"`{name}`" not in text] == []
    runbooks = (repository / "docs" / "runbooks" / "README.md").read_text()
    rules = [rule["alert"] for group in alerts.document()["groups"] for rule in group["rules"]]
    assert [name for name in rules if f"[{name}]({name}.md)" not in runbooks] == []
