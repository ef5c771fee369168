"""Pushes the recorder's state with the official OpenTelemetry exporter; see docs/otlp.md.

Needs the extra `otlp`. Importing this package imports nothing of OpenTelemetry.
"""

from __future__ import annotations

from .pusher import Pusher, start_otlp
from .settings import Settings

__all__ = ["Pusher", "Settings", "start_otlp"]
