"""A platform is one folder: nothing else in the product names it."""

from __future__ import annotations

import subprocess
from pathlib import Path

NAME = "shopify"
OWN = ("exporter/store_exporter/platforms/shopify/", "exporter/store_demo/stores/shopify/")
PRODUCT = ("exporter", "grafana", "prometheus", "alerts", "scripts")
PRODUCT_FILES = ("docker-compose.yml", "Dockerfile", "pyproject.toml")
REASONS = {
    "exporter/store_exporter/operations/bound.py": "an example of a label's value",
    "exporter/store_exporter/operations/track.py": "an example of a label's value",
    "pyproject.toml": "what the distribution is about, and a lint exception of its own folder",
    "scripts/tools": "fetches the schemas for its tests",
}


def test_no_file_outside_its_folders_needs_to_know_that_shopify_exists(repository: Path) -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(
        [*listed, *PRODUCT, *PRODUCT_FILES],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    naming = {
        name
        for name in names
        if not name.startswith(OWN)
        and (repository / name).is_file()
        and NAME in (repository / name).read_text(encoding="utf-8", errors="replace").lower()
    }
    assert naming == set(REASONS)
