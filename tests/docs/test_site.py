"""The documentation builds as a site, which has every page and fetches nothing elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.timeout(360)  # the site is built on a machine that may be busy


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """The site as version 1.2.3; a link that leads nowhere would have failed it."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, repository / "scripts/site.py", folder, "1.2.3"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "1.2.3"


def test_every_page_of_docs_and_of_the_root_is_on_it(site: Path, repository: Path) -> None:
    pages = [path.relative_to(repository / "docs") for path in (repository / "docs").rglob("*.md")]
    names = [path.parent if path.stem == "README" else path.with_suffix("") for path in pages]
    names += [Path(), Path("CHANGELOG"), Path("SECURITY"), Path("CONTRIBUTING")]
    assert [name for name in names if not (site / name / "index.html").is_file()] == []


def test_the_navigation_leads_to_every_page_but_single_runbooks(repository: Path) -> None:
    listed = set(re.findall(r"[\w/-]+\.md", _part(repository, "nav")))
    pages = {
        str(path.relative_to(repository / "docs")) for path in (repository / "docs").rglob("*.md")
    }
    single = {page for page in pages if re.match(r"runbooks/(Store|Watchdog)", page)}
    assert listed == (pages - single) | {
        "index.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    }


def test_a_numbered_list_goes_on_after_an_example_within_it(site: Path) -> None:
    page = (site / "woocommerce/index.html").read_text(encoding="utf-8")
    steps, *_ = re.findall(r"<ol>.*?</ol>", page, re.DOTALL)
    assert "Pretty permalinks" in steps
    assert "consumer_secret" in steps
    assert "Check it" in steps


def _part(repository: Path, key: str) -> str:
    """A key of mkdocs.yml, as text; one key of the file names a function of Python."""
    text = (repository / "mkdocs.yml").read_text(encoding="utf-8")
    text = re.sub(r"!!python\S* ", "", text)
    return json.dumps(yaml.safe_load(text)[key])


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = re.compile(
        r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(?:https?:)?//[^\">]*"
        r"|<link\b(?![^>]*rel=\"?canonical)[^>]*\bhref=\"?(?:https?:)?//[^\">]*"
    )
    for page in site.rglob("*.html"):
        assert fetched.findall(page.read_text(encoding="utf-8")) == [], page
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert re.findall(r"@import[^;]*//|url\([\"']?(?:https?:)?//[^)]*", text) == [], style


def test_it_can_be_searched(site: Path) -> None:
    found: Any = json.loads((site / "search.json").read_text(encoding="utf-8"))
    text = json.dumps(found)
    for word in ("StoreDown", "store_operation_errors_total", "requests_per_hour"):
        assert word in text


def test_versions_stand_beside_each_other(site: Path) -> None:
    versions = json.loads((site.parent / "versions.json").read_text(encoding="utf-8"))
    assert [entry["version"] for entry in versions] == ["1.2.3"]


def test_the_first_page_shows_its_pictures_and_leads_on(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    for picture in re.findall(r"<img[^>]*src=\"?([^\" >]+)", text):
        assert (site / picture).is_file(), picture
    assert re.search(r"href=\"?quick-start/", text)
