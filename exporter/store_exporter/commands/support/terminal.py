"""The width of the terminal, and sentences wrapped to it."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator

_LEAST_ROOM = 30
_INDENTED = 6


def width() -> int | None:
    """Return the columns of the terminal that is printed to; None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def wrapped(before: str, sentence: str, columns: int | None) -> Iterator[str]:
    """Yield a sentence after a prefix, wrapped to the width, with a hanging indent.

    Args:
        before: begins the first line; the others are indented as far.
        sentence: is broken between its words; addresses stay whole, so that they can be copied.
        columns: where lines end; None for one line.
    """
    if columns is None:
        yield f"{before}{sentence}"
        return
    # Beside long names there is little room: the sentence then begins in a line of its own.
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
