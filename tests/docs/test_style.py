"""A small style: plain words, short sentences, headings like sentences."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

PAGES = sorted(
    path
    for folder in (ROOT, ROOT / "docs", ROOT / "docs/architecture")
    for path in folder.glob("*.md")
)
# What to write in place of words that say less than they take to read.
PLAIN = {
    r"utili[sz]e\w*": "use",
    r"leverag\w+": "use",
    r"simply|obviously|of course": "nothing",
    r"please(?! and)": "nothing",
    r"in order to": "to",
    r"e\.g\.": "such as",
    r"i\.e\.": "that is",
    r"etc\.": "and so on, or the whole list",
    r"via": "by, through, over",
    r"seamless\w*|robust\w*|powerful\w*|blazing\w*|cutting-edge": "a figure",
    r"functionalit\w+": "what it does",
    r"in terms of|with regard to|in the context of": "about, of",
    r"whitelist\w*|blacklist\w*": "allowed, refused",
    r"click here|this link": "what is behind the link",
}
# What proselint has to say beside that, except for
NOT_ASKED = {
    "typography": False,  # quotes and dots that are written as a keyboard has them
    "lexical_illusions": False,  # takes a heading and the line below it for a word said twice
    "misc.composition": False,  # what did not succeed need not have failed: it may be cancelled
}
LONGEST = 60
"""Words of a sentence; a longer one is two."""


def prose(page: Path) -> str:
    """A page without code, tables, addresses and comments."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`", "CODE", text)
    text = re.sub(r"^ *\|.*$", "", text, flags=re.MULTILINE)
    return re.sub(r"\]\([^)]*\)", "]", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_words_are_plain(page: Path) -> None:
    text = prose(page)
    found = {
        match.group(): f"write: {better}"
        for word, better in PLAIN.items()
        for match in re.finditer(rf"(?<![\w-])(?:{word})(?![\w-])", text, re.IGNORECASE)
    }
    assert found == {}
    assert "!" not in text.replace("![", "")
    twice = re.findall(r"\b(\w+)[ \n]\1\b", text, re.IGNORECASE)
    assert [word for word in twice if word not in ("CODE", "that", "had", "such")] == []


def test_proselint_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"checks": NOT_ASKED}))
    for page in [*PAGES, *(ROOT / "docs/runbooks").glob("*.md")]:
        (tmp_path / "-".join(page.relative_to(ROOT).parts)).write_text(prose(page), "utf-8")
    command = [sys.executable, "-m", "proselint", "check", "--config=config.json"]
    done = subprocess.run(
        [*command, *sorted(path.name for path in tmp_path.glob("*.md"))],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_sentences_end_before_their_beginning_is_forgotten(page: Path) -> None:
    paragraphs = re.split(r"\n\s*\n|\n *(?:[-*]|\d+\.) ", prose(page))
    sentences = [one for text in paragraphs for one in re.split(r"(?<=[.:;?])\s+", text)]
    assert [one for one in sentences if len(one.split()) > LONGEST] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_has_one_title_and_headings_go_down_step_by_step(page: Path) -> None:
    headings = re.findall(r"^(#+) (.+)$", prose(page), re.MULTILINE)
    levels = [len(marks) for marks, _ in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [text for _, text in headings if text.endswith((".", ":", "!"))] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_a_page_says_first_who_reads_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.match(r"# [^\n]+\n\nWho reads this: [a-zA-Z]", text)
