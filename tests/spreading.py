"""How tests are spread over workers: as by `--dist loadgroup`, in a third of the controller's time.

Each test that ends would have it look through all that the worker has run, and each that is given
out through the names of all tests; and each test would be told of by six messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, SupportsIndex

import pytest
from xdist.scheduler import LoadGroupScheduling


class _Names(list[str]):
    """The names of a worker's tests, and where each stands."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(names)
        self._places = {name: place for place, name in enumerate(self)}

    def index(self, name: str, *_: SupportsIndex) -> int:
        return self._places[name]


class Scheduling(LoadGroupScheduling):  # type: ignore[misc]
    """A scheduler that keeps of a worker's work only what is not finished.

    After a worker crashed near the end, that of pytest-xdist 3.8 waits for ever: the one in its
    place has one test, and waits for the next.
    """

    def add_node_collection(self, node: Any, collection: Sequence[str]) -> None:
        """Note what a worker has found."""
        super().add_node_collection(node, collection)
        if node in self.registered_collections:
            self.registered_collections[node] = _Names(collection)

    def mark_test_complete(self, node: Any, item_index: int, *_: float) -> None:
        """Note that a worker has run a test, and give it another."""
        name = self.registered_collections[node][item_index]
        scope = self._split_scope(name)
        unit = self.assigned_work[node][scope]
        unit[name] = True
        if all(unit.values()):
            del self.assigned_work[node][scope]
        self._reschedule(node)

    def remove_node(self, node: Any) -> str | None:
        """Forget a worker; give out what one that crashed left, and return what it crashed with."""
        units = self.assigned_work.pop(node)
        left: list[tuple[dict[str, bool], str]] = [
            (unit, name) for unit in units.values() for name in unit if not unit[name]
        ]
        if not left:
            return None
        unit, crashed = left[0]
        unit[crashed] = True  # so it does not crash another
        self.workqueue.update(
            {scope: unit for scope, unit in units.items() if not all(unit.values())}
        )
        for other in self.nodes:
            self._reschedule(other)
        return crashed

    def schedule(self) -> None:
        """Give out tests, twice to a worker that is new: it runs one when it knows the next."""
        super().schedule()
        for node in self.nodes:
            self._reschedule(node)


def report_less(config: pytest.Config) -> None:
    """Have a worker tell nothing of a test's start, and of set-up and tear-down only what fails.

    An option that shows more of a test than whether it passed leaves all as it is.
    """
    asked = config.option
    if asked.durations or asked.xmlpath or asked.verbose > 0 or {*asked.reportchars} & {"A", "P"}:
        return
    # It has no name, and its class none that can be imported.
    (worker,) = (one for one in config.pluginmanager.get_plugins() if hasattr(one, "sendevent"))
    send = worker.sendevent

    def send_event(name: str, **given: Any) -> None:
        report = given.get("data", {})
        passed = report.get("outcome") == "passed" and report["when"] != "call"
        if name not in ("logstart", "logfinish") and not (name == "testreport" and passed):
            send(name, **given)

    worker.sendevent = send_event
