"""Each platform's page tells the truth about what is asked, how often and with which options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from store_exporter.config.model import values
from store_exporter.contract import Collector, Probe
from store_exporter.platforms import base
from store_exporter.platforms.base import Platform

LISTED = (
    "README.md",
    "docs/probing.md",
    "pyproject.toml",
    "deploy/helm/store-exporter/Chart.yaml",
    ".github/ISSUE_TEMPLATE/bug.yml",
)
"""Files by which somebody finds out which platforms there are."""


@pytest.fixture(params=base.built_in())
def platform(request: pytest.FixtureRequest) -> Platform:
    return base.load(request.param)


@pytest.fixture
def page(platform: Platform, repository: Path) -> str:
    file = repository / "docs" / f"{platform.name}.md"
    assert file.exists(), f"write {file}, with the tables of docs/woocommerce.md"
    return file.read_text(encoding="utf-8")


def test_it_is_named_wherever_platforms_are_listed(platform: Platform, repository: Path) -> None:
    texts = {name: (repository / name).read_text(encoding="utf-8") for name in LISTED}
    missing = [name for name, text in texts.items() if platform.title not in text]
    assert not missing, f"name {platform.title} in {', '.join(missing)}"


def checks_of(platform: Platform) -> dict[str, Probe | Collector]:
    return {
        **{f"probe `{name}`": check for name, check in platform.probes.items()},
        **{f"collector `{name}`": check for name, check in platform.collectors.items()},
    }


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table whose first column has that heading."""
    _, head, rest = page.partition(f"| {heading} |")
    assert head, f"the page has no table whose first column is {heading!r}; docs/woocommerce.md has"
    table = rest.split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_what_every_probe_and_collector_reads_is_said(platform: Platform, page: str) -> None:
    assert [row[0] for row in rows(page, "probe or collector")] == list(checks_of(platform))


def test_every_description_is_a_sentence(platform: Platform) -> None:
    for check in checks_of(platform).values():
        assert check.description[0].isupper()
        assert check.description.endswith(".")
        assert check.timeout < check.interval


def test_every_option_is_listed_with_its_default(platform: Platform, page: str) -> None:
    found: dict[tuple[str, str], str] = {}
    for names, default, _ in rows(page, "option"):
        for check, option in re.findall(r"`(\w+)` `(\w+)`", names):
            found[check, option] = default.strip("`")
    expected = {
        (name, option): default
        for checks in (platform.probes, platform.collectors)
        for name, check in checks.items()
        for option, default in check.options.items()
    }
    assert found.keys() == expected.keys()
    for key, default in expected.items():
        shown = found[key]
        if isinstance(default, float):
            assert values.duration(shown) == default
        else:
            assert shown == str(default).lower()


def test_every_probe_is_listed_with_what_its_failure_means(platform: Platform, page: str) -> None:
    found = {row[0].strip("`"): row[3] for row in rows(page, "probe")}
    expected = {n: "yes" if p.critical else "no" for n, p in platform.probes.items()}
    assert found == expected


def test_every_setting_is_listed(platform: Platform, page: str) -> None:
    found = {row[0].strip("`"): row[1].strip("`") for row in rows(page, "setting")}
    assert found == {
        s.name: "required" if s.required else str(s.default).lower() for s in platform.settings
    }


def test_the_quick_start_shows_the_platforms_that_init_offers(repository: Path) -> None:
    question = f"Platform ({', '.join(sorted(base.built_in()))}): "
    assert question in (repository / "docs/quick-start.md").read_text(encoding="utf-8")
