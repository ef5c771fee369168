"""Which platforms there are: the folders here, and the entry points of installed distributions."""

from __future__ import annotations

import pkgutil
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

GROUP = "store_exporter.platforms"
"""The group of the entry points by which installed distributions add platforms."""

_SHARED = ("kit",)


@cache
def names() -> tuple[str, ...]:
    """Names of all platforms, sorted: the built-in ones and those that are installed."""
    return tuple(sorted(declared()))


@cache
def built_in() -> tuple[str, ...]:
    """Names of the platforms of this distribution, sorted."""
    folders = pkgutil.iter_modules([str(Path(__file__).parent)])
    return tuple(sorted(m.name for m in folders if m.ispkg and m.name not in _SHARED))


@cache
def declared() -> Mapping[str, tuple[EntryPoint, ...]]:
    """Return the entry points of each platform; `base.load` refuses a name that has several."""
    found: dict[str, tuple[EntryPoint, ...]] = defaultdict(tuple)
    own = (EntryPoint(n, f"{__package__}.{n}.platform:PLATFORM", GROUP) for n in built_in())
    for entry in (*own, *entry_points(group=GROUP)):
        found[entry.name] += (entry,)
    return dict(found)
