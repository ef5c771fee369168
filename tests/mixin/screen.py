"""How wide things are on a screen, as Grafana 12.2 lays them out.

Text widths are the advance widths of the typeface that Grafana brings (Inter, at 14 px); the rest
is read off its source and its pictures.
"""

from __future__ import annotations

SCREENS = (1366, 1600, 1920)
"""Widths of screens in use; the menu is docked at all of them."""
PHONE = 390
"""Here panels stand below each other, and there is no menu beside them."""

_MENU, _MARGIN, _GAP, _COLUMNS = 300, 16, 8, 24
_PADDING, _SCROLL_BAR = 8, 10
CELL_PADDING, CELL_BORDER = 6, 2
SORT_ICON, HEADING_REST = 26, 8
"""Pixels of the mark of sorting, and of what a heading keeps free at its end."""
TITLE_REST = 80
"""What a panel's header needs beside its title: paddings, the icon of the description, the menu."""
ROW, ROW_GAP = 30, 8
"""Pixels of one unit of a panel's height, and between two."""
HEADER, LEGEND_ROW, LEGEND_SHARE = 40, 23, 0.35

LEGEND_FIGURE, LEGEND_MARK = 62, 40
"""Pixels of a figure in a legend, and of what stands before a name and at the ends."""

# Advance widths of the characters from space to ~, in thousandths of the size.
_MEDIUM = (
    "267 304 494 639 646 993 653 313 369 369 521 667 303 462 303 370 646 415 616 627 "
    "656 618 630 571 629 630 303 315 667 667 667 527 982 709 657 733 722 603 589 748 "
    "745 272 575 688 565 913 756 767 642 769 648 646 653 740 709 1003 701 696 641 369 "
    "370 369 477 463 337 568 618 577 618 587 379 620 602 252 252 559 252 888 602 604 "
    "618 618 387 539 340 602 575 829 557 575 559 440 346 440 667 "
)
_WIDTHS = dict(zip(map(chr, range(32, 127)), map(int, _MEDIUM.split()), strict=True))


def text(content: str, size: float = 14) -> float:
    """Pixels of a text, in the medium weight of headings, which is the wider one."""
    return sum(_WIDTHS.get(character, 650) for character in content) * size / 1000


def panel(width: int, screen: int) -> float:
    """Pixels of a panel that spans so many of the 24 columns."""
    if screen == PHONE:
        return screen - 2 * _MARGIN
    room = screen - _MENU - 2 * _MARGIN
    column = (room - (_COLUMNS - 1) * _GAP) / _COLUMNS
    return width * column + (width - 1) * _GAP


def table(width: int, screen: int) -> float:
    """Pixels that the columns of a table have in such a panel."""
    return panel(width, screen) - 2 * _PADDING - 2 - _SCROLL_BAR


def legend_rows(height: int) -> int:
    """How many series the legend below a graph shows without scrolling, its heading aside."""
    inner = height * ROW + (height - 1) * ROW_GAP - HEADER
    return int(inner * LEGEND_SHARE // LEGEND_ROW) - 1
