"""A real Prometheus of a whole fleet: its series, its memory, and what each group of rules takes.

Unlike `rules.py` it extrapolates nothing. It is no part of a usual run, because it takes a quarter
of an hour for 1,000 stores, and for 10,000 over an hour, 14 GB of memory and 30 GB of disk:

- promtool makes blocks of what rules read of the past (`blocks.py`), all but the latest two hours;
- these are sent, as far as rules read them, and with them the latest minutes of all that is
  scraped;
- each group is evaluated by itself, as of the end of that (`rules.py`);
- the pages of exporters (`exporters.py`) are scraped every 15 seconds, and all groups are evaluated
  when they are due; then the latest hours are written as a block.

It runs in the environment that has the exporter and the tests:

    python -m tests.benchmarks.scale STORES EFFORT
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from . import apart
from .effort import Effort
from .result import Result, Spread

if TYPE_CHECKING:
    from .fleet_running import Found

SHOWN = 5
"""Groups that are shown by themselves, the dearest ones."""
EVERY = 15
"""Seconds for which costs are told."""
GOAL = 0.5
"""Seconds of these that recording rules may take for 1,000 stores."""


def measure(stores: int, effort: Effort) -> list[Result]:
    """Return the figures, or nothing where Prometheus or the exporter's extras are missing."""
    numbers = f"{min(stores, effort.most)}", json.dumps(asdict(effort))
    found = apart.run(__name__, "pytest, yaml", *numbers, file=apart.PROMETHEUS)
    return [
        Result(**{**row, "spread": Spread(**row["spread"]) if row["spread"] else None})
        for row in found or ()
    ]


def main(stores: int, effort: Effort) -> None:
    from . import fleet_prometheus

    found = fleet_prometheus.measured(stores, effort)
    json.dump([asdict(row) for row in _rows(stores, found)], sys.stdout)


def _rows(stores: int, found: Found) -> Iterator[Result]:
    from store_exporter.commands import sizing

    from .past import ERRORS, OPERATIONS

    fleet = sizing.Fleet(stores, len(OPERATIONS), len(ERRORS))
    computed = sizing.parts(fleet)
    for part in computed:
        yield Result(_against(f"series: {part.name}"), "", found.series[part.name], part.series)
    every = sum(part.series for part in computed)
    yield Result(_against("series in all"), "", sum(found.series.values()), every)
    memory = sizing.memory(every) / 1e9
    yield Result(
        _against("memory, with what it has mapped of files"),
        "GB",
        found.resident[-1] / 1e9,
        memory,
        spread=Spread(min(found.resident) / 1e9, max(found.resident) / 1e9),
    )
    yield Result(_against("memory without that"), "GB", found.own / 1e9, memory)
    used = "memory in use, just after Go has cleaned up"
    yield Result(used, "GB", found.live / 1e9)
    yield Result(f"{used}, a series", "KB", found.live / 1e3 / sum(found.series.values()))
    peak = _against("memory at most, while a block of the latest hours is written")
    yield Result(peak, "GB", found.peak / 1e9, memory)
    yield Result("scraping every 15 s: processor", "cores", found.scraping)
    yield Result("scraping, and all rules when they are due: processor", "cores", found.working)
    for kind in ("recording", "alerting"):
        chosen = [each for each in found.groups if each["kind"] == kind]
        total = sum(map(_share, chosen))
        goal = GOAL * stores / 1_000 if kind == "recording" and stores >= 1_000 else None
        row = f"all {kind} rules of {stores:,} stores, each {EVERY} s"
        yield Result(row, "s", total, target=goal)
        for each in sorted(chosen, key=_share, reverse=True)[:SHOWN]:
            yield Result(f"{row}: {each['name']}", "s", _share(each))
    for each in sorted(found.groups, key=_part, reverse=True)[:SHOWN]:
        row = f"one evaluation of {each['name']}, every {each['interval']:g} s"
        yield Result(row, "s", each["seconds"])
    name, number = found.largest
    row = f"samples held at once, of 50 million: a rule of {name}"
    yield Result(row, "million", number / 1e6)
    yield Result("evaluations that failed", "", found.failed)
    yield Result("evaluations that were left out", "", found.missed)
    yield Result("active alerts", "", found.active)


def _against(name: str) -> str:
    return f"{name}, against `sizing`"


def _share(group: dict[str, Any]) -> float:
    """Seconds that a group takes of each 15."""
    return float(group["seconds"] * EVERY / group["interval"])


def _part(group: dict[str, Any]) -> float:
    """The part of its interval that a group takes."""
    return float(group["seconds"] / group["interval"])


if __name__ == "__main__":
    main(int(sys.argv[1]), Effort(**json.loads(sys.argv[2])))
