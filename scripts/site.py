"""Builds the documentation as a site; scripts/site calls it.

README.md is the site's first page, and the changelog and the pages for contributors stand beside
the pages of docs, so that nothing is written twice. Links between them are turned to where they are
on the site. Links to code lead to the repository, whose address is in the environment variable
REPOSITORY_URL; without one they are words.

With a version the site goes into a folder of that name, and `versions.json` beside these folders
names them all, newest first, as the site's choice of versions reads it.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    **dict.fromkeys(("CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md")),
}
"""Pages of the repository's root, and their names on the site where these are others."""

_LINK = re.compile(r"(!?)\[([^]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
_CODE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"(?:[-*]|\d+\.) ")


def prepare(folder: Path) -> None:
    """Write what the site is built from into a folder: its configuration, and every page."""
    docs = folder / "docs"
    shutil.copytree(ROOT / "docs", docs, ignore=shutil.ignore_patterns("examples", "*.yml"))
    for name, page in PAGES.items():
        shutil.copy(ROOT / name, docs / (page or name))
    places = {page or name: name for name, page in PAGES.items()}
    pages = {str(path.relative_to(docs)) for path in docs.rglob("*") if path.is_file()}
    for page in sorted(pages):
        if page.endswith(".md"):
            text = (docs / page).read_text(encoding="utf-8")
            place = places.get(page, f"docs/{page}")
            turned = _turned(_indented(text), place, page, pages)
            (docs / page).write_text(turned, encoding="utf-8")
    configuration = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    if repository := _repository():
        configuration += f"repo_url: {repository}\n"
    (folder / "mkdocs.yml").write_text(configuration, encoding="utf-8")


def _repository() -> str:
    return os.environ.get("REPOSITORY_URL", "").rstrip("/")


def _turned(text: str, place: str, at: str, pages: set[str]) -> str:
    """Turn the links of a page, which is `place` in the repository and `at` on the site."""

    def turn(link: re.Match[str]) -> str:
        picture, words, path, anchor = link[1], link[2], link[3], link[4] or ""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(place), path))
        on_site = PAGES.get(target) or target.removeprefix("docs/")
        if on_site not in pages and (ROOT / target).exists():
            where = f"{_repository()}/blob/HEAD/{target}"
            return f"[{words}]({where})" if _repository() else words
        found = posixpath.relpath(on_site, posixpath.dirname(at) or ".")
        return f"{picture}[{words}]({found}{anchor})"

    parts, end = [], 0
    for code in _CODE.finditer(text):
        parts += [_LINK.sub(turn, text[end : code.start()]), code.group()]
        end = code.end()
    return "".join([*parts, _LINK.sub(turn, text[end:])])


def _indented(text: str) -> str:
    """Indent what belongs to an item of a list by four spaces, where Markdown needs two or three.

    The site's Python-Markdown would end the list before it, and begin to number again after it.
    """
    lines: list[str] = []
    offset, in_code = 0, False
    for line in text.split("\n"):
        in_code ^= line.startswith("```")
        if item := _ITEM.match("" if in_code else line):
            offset = item.end()
        elif line and not line.startswith(" " * offset):
            offset = 0
        lines.append(f"{' ' * (4 - offset)}{line}" if offset and line and not item else line)
    return "\n".join(lines)


def add_version(folder: Path, version: str) -> None:
    """Name a version in versions.json."""
    file = folder / "versions.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    others = [entry for entry in known if entry["version"] != version]
    entries = [{"version": version, "title": version, "aliases": []}, *others]
    file.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def main(folder: Path, version: str = "") -> int:
    """Build; a link that leads nowhere fails it.

    Args:
        folder: where the site goes.
        version: which it is, for a site that keeps those of before.
    """
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        done = subprocess.run(
            [sys.executable, "-m", "zensical", "build", "--strict"], cwd=name, check=False
        )
        if done.returncode:
            return done.returncode
        target = folder / version
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(Path(name) / "site", target)
    if version:
        add_version(folder, version)
    print(f"{target / 'index.html'} is its first page")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
