"""One event: what changed, when, and from what to what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..legible import legible
from ..metrics.catalogue.values import EventKind

__all__ = ["MAX_LINK", "MAX_TEXT", "Event", "EventKind", "plain"]

MAX_TEXT = 80
"""Most characters of a component, and of its value before and after."""
MAX_LINK = 500


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed at a store, or at all stores of an org.

    Attributes:
        time: Unix time in seconds: when it happened, or when it was noticed.
        org: the tenant.
        domain: the store's host name; empty for all stores of the org.
        platform: what runs the store; empty for all stores of the org.
        kind: what kind of thing changed.
        component: what changed: the name of a plugin, of an application.
        before: the earlier value; empty if the component is new or its value was not known.
        after: the new value; empty if the component is gone or its value was not reported.
        link: address of further information, or "".
        key: the sender's own key of the event, or ""; a key is recorded only once.
    """

    time: float
    org: str
    domain: str
    platform: str
    kind: EventKind
    component: str
    before: str = ""
    after: str = ""
    link: str = ""
    key: str = ""

    def document(self) -> dict[str, Any]:
        """Return the event as the HTTP API shows it."""
        return {
            "time": datetime.fromtimestamp(self.time, UTC).isoformat(timespec="seconds"),
            "domain": self.domain or None,
            "platform": self.platform or None,
            "kind": self.kind,
            "component": self.component or None,
            "before": self.before or None,
            "after": self.after or None,
            "link": self.link or None,
        }


def plain(text: str) -> str:
    """Return a text of a store as an event shows it: on one line, and cut."""
    line = legible(text[: 4 * MAX_TEXT])
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
