"""The measuring that clients put around each operation; a placeholder until track exists."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext


def measured(
    operation: str, org: str, domain: str, platform: str
) -> AbstractContextManager[object]:
    """Measure one operation."""
    del operation, org, domain, platform
    return nullcontext()
