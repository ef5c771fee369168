"""The width of the terminal, and sentences wrapped to it."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator

_LEAST_ROOM = 30
_INDENTED = 6


def width() -> int | None:
    """Return the width of the terminal in columns; None if the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def say(before: str, sentence: str) -> None:
    """Print a sentence after a prefix, wrapped to the terminal; see `wrapped`."""
    print(*wrapped(before, sentence, width()), sep="\n")


def wrapped(before: str, sentence: str, columns: int | None) -> Iterator[str]:
    """Yield a sentence after a prefix, wrapped to the width, with a hanging indent.

    Args:
        before: the start of the first line; further lines are indented by its length.
        sentence: the text, broken between words; addresses are not broken, so they can be copied.
        columns: maximum length of a line; None for one line.
    """
    if columns is None:
        yield f"{before}{sentence}"
        return
    # Long names leave little room beside them. Then the sentence starts on the next line.
    if columns - len(before) < _LEAST_ROOM:
        if before.strip():
            yield before.rstrip()
        before = " " * _INDENTED
    lines = textwrap.wrap(
        sentence, columns - len(before), break_long_words=False, break_on_hyphens=False
    )
    for line in lines or [""]:
        yield f"{before}{line}".rstrip()
        before = " " * len(before)
