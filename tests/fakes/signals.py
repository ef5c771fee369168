"""A signal that arrives in the middle of a call."""

from __future__ import annotations

import signal


def strike(*_: object, **__: object) -> None:
    """Raise SIGUSR1, whose handler runs before this returns."""
    signal.raise_signal(signal.SIGUSR1)
