"""Markdown of the generated documentation: blocks, and sections inside pages that people write.

A page is blocks with a blank line between them. A section of a written page stands between two
comments, which name it:

    <!-- store-exporter generate: NAME -->

    (generated)

    <!-- end of NAME -->
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_SECTION = re.compile(
    r"(?P<start><!-- store-exporter generate: (?P<name>[a-z-]+) -->\n)"
    r".*?"
    r"(?P<end><!-- end of (?P=name) -->)",
    re.DOTALL,
)


def page(blocks: Iterable[str]) -> str:
    """Return blocks as one text, which ends with a line break; empty blocks are left out."""
    return "\n\n".join(block for block in blocks if block) + "\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; cells may have any text without line breaks in them."""
    head = tuple(head)
    return "\n".join((_row(head), "|---" * len(head) + "|", *map(_row, rows)))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def items(entries: Iterable[str]) -> str:
    """Return a list with dots."""
    return "\n".join(f"- {entry}" for entry in entries)


def steps(entries: Iterable[str]) -> str:
    """Return a numbered list."""
    return "\n".join(f"{number}. {entry}" for number, entry in enumerate(entries, 1))


def code(language: str, text: str) -> str:
    """Return fenced code."""
    return f"```{language}\n{text}\n```"


def renewed(text: str, sections: Mapping[str, str]) -> str:
    """Return a written page with the sections of now.

    Raises:
        ValueError: the page has not exactly these sections; the message names those that differ.
    """
    found = {match["name"] for match in _SECTION.finditer(text)}
    if differing := sorted(found ^ sections.keys()):
        names = ", ".join(differing)
        raise ValueError(f"sections {names}: missing in the page, or not generated any more")

    def section(match: re.Match[str]) -> str:
        return f"{match['start']}\n{sections[match['name']].rstrip()}\n\n{match['end']}"

    return _SECTION.sub(section, text)
