"""Regular expressions that are compiled when they are first used, not when they are imported."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any


class _Late:
    """Stands for a pattern: takes its attributes from it, each at first use."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._source = pattern, flags

    def __getattr__(self, name: str) -> Any:
        # `re` keeps the compiled pattern for the next attribute.
        value = getattr(re.compile(*self._source), name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:
    late = re.compile
else:

    def late(pattern: str, flags: int = 0) -> _Late:
        """Return the pattern. It is for long ones that few responses need.

        Compiling those of pages that no shop made takes longer than most imports.
        """
        return _Late(pattern, flags)
