"""Rules: the processor time that a real Prometheus takes to evaluate each group.

Prometheus is given the latest minutes of what is scraped of some stores and a few minutes to come,
evaluates one group after the other, and records what comes out: what a group reads of another one
is what that one has just recorded. What is read of hours or days is there for as long; the same
hours of past weeks are not.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from store_exporter.mixin import alerts, promql
from store_exporter.mixin.model import Group, Record, as_document
from store_exporter.mixin.rules import recording, slo
from tests import servers
from tests.servers import Server, remote_write

from . import past

BEFORE, AHEAD = 15 * 60, 9 * 60
"""Seconds of what is scraped. Prometheus takes nothing that is ten minutes ahead."""
PAST = 30 * past.DAY
"""The longest window."""
RUNS = 3
"""Evaluations of each group that are measured."""
SPACE = 0.01
"""Seconds from one to the next for each store, of which an evaluation takes a third or less."""
NEVER = 3_650 * past.DAY
"""Prometheus evaluates a group at a moment of its interval that it chooses by the group's name."""
RULES = "rules.yml"
COUNTED = "prometheus_rule_evaluations_total"
CONFIG = f"rule_files: [{RULES}]"


def cost(stores: int, seconds: int, most: int, *, native: bool) -> list[tuple[Group, float]]:
    """Seconds of a processor that one evaluation of each group takes.

    Args:
        stores: how many there are.
        seconds: how long what is read of hours or days is there; `PAST` is all of it.
        most: groups of each kind.
        native: whether durations of operations are native histograms, or classic ones.
    """
    groups = [group for kind in kinds().values() for group in kind[:most]]
    # What Prometheus does all the while is not theirs.
    nothing = Group("nothing", [Record("nothing", "vector(0)")])
    with _scraped(stores, seconds, native=native) as (server, folder):
        found = [
            evaluated(server, folder, [*groups[:number], group], SPACE * stores)
            for number, group in [(0, nothing), *enumerate(groups)]
        ]
    idle, *rest = found
    return [(group, max(0.0, each - idle)) for group, each in zip(groups, rest, strict=True)]


def kinds() -> dict[str, list[Group]]:
    """All groups in the order in which they are evaluated.

    What one reads of the latest minutes, those before it have recorded.
    """
    # The objectives, which those of minutes read, are recorded by those of days.
    recorded = [*recording.groups(), *reversed(slo.groups())]
    return {"recording": recorded, "alerting": alerts.groups()}


@contextmanager
def _scraped(stores: int, seconds: int, *, native: bool) -> Iterator[tuple[Server, Path]]:
    with tempfile.TemporaryDirectory(prefix="bench-rules-") as name:
        folder = Path(name)
        (folder / RULES).write_text("groups: []", encoding="utf-8")
        with servers.prometheus(CONFIG, folder, "--storage.tsdb.retention.time=90d") as server:
            began = int(time.time()) // past.SCRAPE * past.SCRAPE
            lasting = [*past.well(past.of_rules(past.Watched(stores), native=native))]
            past.send(server, lasting, seconds, began - BEFORE)
            now = int(time.time()) // past.SCRAPE * past.SCRAPE
            times = range(began - BEFORE, now + AHEAD, past.SCRAPE)
            families = past.well(past.scraped(past.Watched(stores), native=native))
            remote_write.send(server, past.written(families, times))
            past.rest(server)
            yield server, folder


def evaluated(server: Server, folder: Path, groups: Sequence[Group], every: float) -> float:
    """Seconds that one evaluation of the last group takes.

    Those before it stay, though they are not evaluated, or what they recorded would end.
    """
    load(server, folder, groups, every)
    # The first evaluation makes the series, the next ones are like all that follow.
    while evaluations(server, groups[-1]) < 1:
        time.sleep(every / 2)
    return evaluation(server, groups[-1], every, RUNS)


def load(
    server: Server, folder: Path, groups: Sequence[Group], every: float, late: float = 0
) -> None:
    """Have the last group evaluated so often, as of so many seconds ago, and the others never."""
    *before, group = groups
    timed = [*(replace(each, interval=NEVER) for each in before), replace(group, interval=every)]
    document = as_document(timed)
    for each in document["groups"] if late else ():
        each["query_offset"] = promql.duration(late)
    # JSON is YAML, too, and quicker to write.
    (folder / RULES).write_text(json.dumps(document), encoding="utf-8")
    server.reload()


def evaluation(server: Server, group: Group, every: float, runs: int) -> float:
    """Seconds that one evaluation of a group takes, which is evaluated so often."""
    began, first, found = server.processor_seconds(), evaluations(server, group), 0.0
    while found < runs:
        time.sleep(runs * every)
        found = evaluations(server, group) - first
    return (server.processor_seconds() - began) / found


def evaluations(server: Server, group: Group) -> float:
    """How many there were; of one that is under way, the part that is done."""
    return of_group(server, COUNTED, group) / len(group.rules)


def of_group(server: Server, name: str, group: Group) -> float:
    """What Prometheus counts of a group under some name; 0 until it does."""
    text = server.get("/metrics").decode()
    found = re.search(rf"(?m)^{name}{{.*;{re.escape(group.name)}\"}} (\S+)", text)
    return float(found.group(1)) if found else 0.0
