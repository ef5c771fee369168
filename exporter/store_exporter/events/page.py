"""The facts that are known about one store, and the events of its changes. No I/O."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .event import Event, EventKind, plain

Facts = Mapping[EventKind, Mapping[str, str]]
"""The current facts of a store: the value of each component, by kind. A kind is always complete:
a component that is missing from it is gone."""

MAX_EVENTS = 200
"""Most events that are remembered of a store, and of an org."""
AGE_SECONDS = 90 * 86_400.0
"""Age at which an event is forgotten."""
MAX_COMPONENTS = 200
"""Most components of one kind; no shop has so many plugins."""
_DAY = 86_400.0
_MOST_A_DAY = 50
"""Most changes of a store that are recorded in a day, in case its responses vary at random."""
_MOST_OF_ONE = 4
"""The same for one component: two servers behind one name, each with its own certificate, would be
a change at every look."""


@dataclass(slots=True)
class Page:
    """The events of one store, or those of all stores of an org.

    Attributes:
        facts: the latest known facts of the store.
        events: the oldest first.
    """

    facts: dict[EventKind, dict[str, str]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def knows(self, facts: Facts) -> bool:
        """Whether all of these facts are known already."""
        return all(self.facts.get(kind) == found for kind, found in facts.items())

    def notice(self, store: tuple[str, str, str], facts: Facts, now: float) -> list[Event]:
        """Record the facts of a store, and return its changes as events.

        The facts of a kind that is seen for the first time are no change.

        Args:
            store: its org, domain and platform.
            facts: of some kinds, as `tidy` returns them.
            now: Unix time in seconds.
        """
        lately = [
            one for one in self.events if one.time > now - _DAY and one.kind != EventKind.DEPLOY
        ]
        left = _MOST_A_DAY - len(lately)
        recorded = Counter((one.kind, one.component) for one in lately)
        noticed: list[Event] = []
        for kind, found in facts.items():
            for component, before, after in _changes(self.facts.get(kind), found):
                if len(noticed) < left and recorded[kind, component] < _MOST_OF_ONE:
                    noticed.append(Event(now, *store, kind, component, before, after))
            self.facts[kind] = dict(found)
        self._keep(noticed, now)
        return noticed

    def find(self, key: str) -> Event | None:
        """Return the event with this key of its sender, or None."""
        return next((one for one in self.events if key and one.key == key), None)

    def add(self, event: Event, now: float) -> Event:
        """Remember a reported event and return it, with the earlier value of its component.

        That value is `after` of the component's last event.
        """
        same = (event.kind, event.component)
        earlier = [
            one
            for one in self.events
            if (one.kind, one.component) == same and one.time <= event.time
        ]
        if earlier:
            event = replace(event, before=earlier[-1].after)
        self._keep([event], now)
        return event

    def _keep(self, events: list[Event], now: float) -> None:
        found = sorted([*self.events, *events], key=lambda one: one.time)
        self.events = [one for one in found if one.time > now - AGE_SECONDS][-MAX_EVENTS:]

    def document(self) -> str:
        """Return the page as JSON."""
        events = [asdict(event) for event in self.events]
        return json.dumps({"facts": self.facts, "events": events}, separators=(",", ":"))

    @classmethod
    def read(cls, saved: Mapping[str, Any]) -> Page:
        """Return the page of the JSON that `document` made, decoded.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: it is malformed.
        """
        facts = {
            EventKind(kind): {str(name): str(value) for name, value in found.items()}
            for kind, found in saved["facts"].items()
        }
        events = [
            Event(**{**entry, "kind": EventKind(entry["kind"]), "time": float(entry["time"])})
            for entry in saved["events"]
        ]
        return cls(facts, events)


def tidy(facts: Facts, redact: Callable[[str], str]) -> dict[EventKind, dict[str, str]]:
    """Return facts as a page keeps them: plain texts, and at most `MAX_COMPONENTS` of a kind.

    Args:
        facts: as a store's responses have them.
        redact: hides secrets.

    Raises:
        ValueError: a kind is unknown.
    """
    return {
        EventKind(kind): {
            plain(redact(name)): plain(redact(value))
            for name, value in sorted(found.items())[:MAX_COMPONENTS]
        }
        for kind, found in facts.items()
    }


def _changes(
    before: Mapping[str, str] | None, found: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield component, old value and new value of each change; nothing for the first facts."""
    if before is None:
        return
    for component in sorted(before.keys() | found.keys()):
        old, new = before.get(component, ""), found.get(component, "")
        if old != new:
            yield component, old, new
