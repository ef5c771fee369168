"""Text in the words of others, on one line.

Control characters could steer a terminal or forge a line of a log, and characters that change the
direction of writing could hide a part of one. Other characters without a shape of their own stay,
although `str.isprintable` refuses them: Persian, Hindi and emoji need joiners, Japanese and French
have spaces of their own.
"""

from __future__ import annotations

import re

STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    r"\ud800-\udfff\ufeff]"
)
"""Control characters except tab and line feed, other line ends, characters that change the
direction of writing (Unicode's UAX 9), and lone surrogates. JSON can contain these and UTF-8
cannot, so a page with one of them could not be sent."""
_BEYOND_A_LINE = re.compile(rf"{STEERING.pattern}|[\t\n]")


def is_line(text: str) -> bool:
    """Whether a string is one line without control characters and changes of direction."""
    return not _BEYOND_A_LINE.search(text)


def line(text: str) -> str:
    """Return a string with spaces in place of what makes it more than a line."""
    return _BEYOND_A_LINE.sub(" ", text)


def legible(text: str) -> str:
    """Return a string on one line, with one space between words."""
    return " ".join(line(text).split())
