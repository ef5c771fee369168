"""The options of the collector that keeps an order book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..monitoring import options

DEFAULTS: Mapping[str, Any] = {
    "since": "now",
    "overlap": 300.0,
    "max_pages": 10,
    "remember": 10_000,
}
"""Their defaults; each platform adds its own `page_size`."""
_LONGEST_OVERLAP = 86_400


@dataclass(frozen=True, slots=True)
class BookOptions:
    """The collector's options, checked.

    Attributes:
        since: Unix time from which to count, None for now.
        overlap: seconds by which a pass begins before the end of the previous one.
        size: the most orders on a page.
        pages: the most pages that one run reads.
        remember: the most orders that the ledger remembers.
    """

    since: int | None
    overlap: int
    size: int
    pages: int
    remember: int

    @classmethod
    def of(cls, supplied: Mapping[str, Any], largest_page: int) -> BookOptions:
        """Read them, or raise invalid_request."""
        return cls(
            options.since(supplied),
            min(int(options.number(supplied, "overlap")), _LONGEST_OVERLAP),
            options.whole_number(supplied, "page_size", 1, largest_page),
            options.whole_number(supplied, "max_pages", 1, 1_000),
            options.whole_number(supplied, "remember", 100, 1_000_000),
        )
