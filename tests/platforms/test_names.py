"""What is known of one platform stands in its folder: nothing else in the product knows it."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from store_exporter.net.marks import GENERIC, Marks
from store_exporter.platforms import base

PRODUCT = ("exporter", "grafana", "prometheus", "alerts", "scripts")
PRODUCT_FILES = ("docker-compose.yml", "Dockerfile", "pyproject.toml")
FOLDERS = ("exporter/store_exporter/platforms", "exporter/store_demo/stores")
REASONS = {
    "exporter/store_exporter/__init__.py": "an example of a label's value",
    "exporter/store_exporter/commands/import_.py": "the name of the table that it reads",
    "exporter/store_exporter/config/model/file.py": "the predecessor's addresses",
    "exporter/store_exporter/operations/bound.py": "examples of a label's value",
    "exporter/store_exporter/operations/track.py": "examples of a label's value",
    "exporter/store_exporter/server/app.py": "the predecessor's addresses",
    "pyproject.toml": "what the distribution is about, and a lint exception of a platform's folder",
    "scripts/tools": "fetches a platform's schemas for its tests",
}
# What no other API has: header names, parts of paths, and how credentials begin.
MARK = re.compile(r"(?i)x-(?!forwarded|requested|content)[a-z][a-z-]+|cart-token|/?wp-[a-z/.-]+")
PREFIX = re.compile(r"[a-z]{2,6}_")


def constants(file: Path) -> Iterator[str]:
    """The strings of a module."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def texts_of(marks: Marks) -> tuple[tuple[str, ...], ...]:
    """What marks say of answers, kind by kind."""
    blockers = tuple(text for text, _ in marks.blockers)
    return blockers, marks.maintenance, marks.login_pages, marks.login_paths


def marks(name: str, folder: Path) -> set[str]:
    """By what a platform is known, in lower case: taken from its own folder."""
    platform = base.load(name)
    found = {name, platform.title.lower()}
    for own, common in zip(texts_of(platform.marks), texts_of(GENERIC), strict=True):
        found |= set(own) - set(common)
    found |= {c.lower() for f in folder.rglob("*.py") for c in constants(f) if MARK.fullmatch(c)}
    return found | {c for c in constants(folder / "platform.py") if PREFIX.fullmatch(c)}


@pytest.fixture(scope="module")
def texts(repository: Path) -> dict[str, str]:
    """The product's files in lower case, by their names."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(
        [*listed, *PRODUCT, *PRODUCT_FILES],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return {
        name: (repository / name).read_text(encoding="utf-8", errors="replace").lower()
        for name in names
        if (repository / name).is_file()
    }


def known_in(text: str, known: set[str]) -> set[str]:
    """Which of the marks stand in a text, not inside of another word."""
    return {
        mark
        for mark in known
        # To look for a text is quicker than for an expression, and most texts have none of them.
        if mark in text and re.search(rf"(?<![a-z0-9_]){re.escape(mark)}", text)
    }


def test_nothing_outside_its_folders_knows_a_platform(
    repository: Path, texts: dict[str, str]
) -> None:
    found: dict[str, set[str]] = {}
    for name in base.built_in():
        own = tuple(
            f"exporter/{folder}/{name}/"
            for folder in ("store_exporter/platforms", "store_demo/stores")
        )
        known = marks(name, repository / own[0])
        for file, text in texts.items():
            if not file.startswith(own) and (hits := known_in(text, known)):
                found.setdefault(file, set()).update(hits)
    assert found.keys() == REASONS.keys(), found
    # The reasons are for names of platforms, not for what else a platform is known by.
    names = set(base.built_in())
    assert {file: hits - names for file, hits in found.items() if hits - names} == {}


def test_each_platform_is_known_by_more_than_its_name(repository: Path) -> None:
    for name, some in {
        "woocommerce": {"woocommerce", "ck_", "cs_", "x-wp-total", "cart-token", "/wp-json/"},
        "shopify": {"shopify", "shpat_", "shpss_", "x-shopify-access-token"},
    }.items():
        assert some <= marks(name, repository / f"exporter/store_exporter/platforms/{name}")
