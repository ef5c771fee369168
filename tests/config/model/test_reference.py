from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from store_exporter.commands import serve
from store_exporter.config import load
from store_exporter.config.model.reference import costs, tables
from store_exporter.contract import Setting
from tests.config.example import EXAMPLE, PLATFORMS


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "configuration.md").read_text("utf-8")


def test_what_a_platform_takes_is_documented() -> None:
    documented = tables(PLATFORMS.values())
    for text in (
        "### Example (`platform: example`)",
        "| `key` | `env:` or `file:` | required | The API key. |",
        "| `legacy` | false | Whether the old API is used. |",
        "| `checkout` | 5m | 10s |  | Asks for a cart. |",
        "`pages: 5`, `overlap: 1m`, `drafts: true`, `statuses: [paid]`",
    ):
        assert text in documented


def test_a_key_is_required_where_every_platform_requires_it() -> None:
    shown = "| `credentials` | mapping | required |"
    assert shown in tables((EXAMPLE,))
    keyless = replace(EXAMPLE, name="keyless", credentials=())
    for platforms in ((EXAMPLE, keyless), (keyless, EXAMPLE)):
        assert shown not in tables(platforms)


def test_a_required_setting_says_so() -> None:
    branch = Setting("branch", "Name of the branch.", required=True)
    documented = tables((replace(EXAMPLE, settings=(branch,)),))
    assert "| `branch` | required | Name of the branch. |" in documented


def test_the_cost_of_a_store_is_computed_from_its_checks() -> None:
    rows = costs(EXAMPLE).splitlines()
    assert rows[2:] == [
        "| probe `liveness` | 1m | 1 | 60 |",
        "| probe `checkout` | 5m | 1 | 12 |",
        "| collector `orders` | 5m | 1 | 12 |",
        "| **all** |  |  | **84.0** |",
    ]


def test_every_flag_is_documented(page: str) -> None:
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    flags = {flag for action in parser._actions for flag in action.option_strings}
    documented = set(re.findall(r"^\| `(--[a-z.-]+)`", page, re.MULTILINE))
    assert documented - {"--version"} == flags - {"-h", "--help"}


def test_the_examples_are_valid(repository: Path, page: str, tmp_path: Path) -> None:
    example = repository / "docs" / "store-exporter.example.yml"
    config = load(example, resolve=False)
    assert (len(config.stores), len(config.orgs), len(config.discovery)) == (3, 2, 1)
    blocks = re.findall(
        r"```yaml\n(.*?)```", page.partition("<!-- store-exporter generate")[0], re.DOTALL
    )
    smallest = tmp_path / "smallest.yml"
    smallest.write_text(blocks[0])
    assert load(smallest, resolve=False).stores[0].org == "acme"
    assert all(isinstance(yaml.safe_load(block), dict) for block in blocks)
