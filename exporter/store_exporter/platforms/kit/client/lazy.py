"""Members of a package that are imported at first use."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from importlib import import_module
from typing import Any


def lazy_members(package: str, module: str, names: Collection[str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package for the named members, which its `module` has.

    Clients need httpx, which takes longer to import than all the rest of a platform, and which the
    commands that list operations, settings or probes do not use.
    """

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        member = getattr(import_module(f"{package}.{module}"), name)
        setattr(sys.modules[package], name, member)
        return member

    return get
