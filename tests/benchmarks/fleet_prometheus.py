"""A Prometheus with what is scraped of a fleet, what rules record of it, and the past of both."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from store_exporter.mixin.model import Group, Record
from tests import servers
from tests.servers import Server, remote_write

from . import blocks, exporters, fleet_running, past, rules
from .effort import Effort
from .fleet_running import Found, figure, say
from .past import Family, Watched

SHARE = 1_000
"""Stores of each exporter."""
HEAD = 2 * past.HOUR
"""Seconds that are sent; what is older is in blocks."""
SCRAPED = 20 * 60
"""Seconds of all that is scraped."""
AGO = 8 * 60
"""Seconds before their end as of which groups are evaluated, which is the time that each has."""
LATER = 3 * 60
"""Seconds after that of which each rule is asked, when all have been recorded."""
BETWEEN = 2
"""Seconds by which each group is evaluated later than the one before, whose results it may read."""
LEAST = 0.5
"""Seconds between two evaluations."""
RUNS = 2
"""Evaluations of each group that are measured at least."""
PATIENCE = 900
"""Seconds in which Prometheus must have started."""
LASTS = "prometheus_rule_group_last_duration_seconds"
FLAGS = (
    "--storage.tsdb.retention.time=90d",
    f"--storage.tsdb.max-block-duration={blocks.BLOCK // past.HOUR}h",
    "--web.enable-admin-api",
)


def measured(stores: int, effort: Effort) -> Found:
    """Measure a fleet of so many stores."""
    shares = [
        Watched(min(SHARE, stores - first), first, f"exporter-{first // SHARE}:10847")
        for first in range(0, stores, SHARE)
    ]
    found = Found()
    with tempfile.TemporaryDirectory(prefix="bench-scale-") as name:
        folder = Path(name)
        say("blocks of the past")
        now = _now()
        lasting = blocks.read()
        chosen = [each for each in _all(shares) if each.name in lasting]
        samples = blocks.write(folder, chosen, now, now - HEAD)
        del chosen
        (folder / rules.RULES).write_text("groups: []", encoding="utf-8")
        with servers.prometheus(rules.CONFIG, folder, *FLAGS, patience=PATIENCE) as server:
            say(f"the latest hours, after {samples:,} samples in blocks")
            until = _now()
            _send(server, shares, until)
        # Of each sample that came at once with others it keeps eight bytes until it ends.
        with servers.prometheus(rules.CONFIG, folder, *FLAGS, patience=PATIENCE) as server:
            past.rest(server)
            say(f"each group, with {figure(server, 'prometheus_tsdb_head_series'):,.0f} series")
            groups = [
                (kind, group)
                for kind, of_kind in rules.kinds().items()
                for group in of_kind[: effort.groups]
            ]
            found.groups = [*_each(server, folder, groups, until, effort.live / 60)]
            say("the samples of each rule")
            found.largest = largest(server, [group for _, group in groups], until - AGO + LATER)
            say("all of it")
            pages = [exporters.Page(_scraped(share)) for share in shares]
            with exporters.served(pages) as address:
                rules.load(server, folder, [group for _, group in groups], rules.NEVER)
                fleet_running.configure(server, folder, shares, address, effort.scrape)
                fleet_running.run(server, folder, [group for _, group in groups], effort, found)
    return found


def _now() -> int:
    return int(time.time()) // past.SCRAPE * past.SCRAPE


def _all(shares: Sequence[Watched]) -> Iterator[Family]:
    """What is scraped and what is recorded."""
    for share in shares:
        yield from _scraped(share)
        yield from past.recorded(share, native=True)


def _scraped(share: Watched) -> Iterator[Family]:
    return past.well(past.scraped(share, native=True))


def _send(server: Server, shares: Sequence[Watched], until: int) -> None:
    """Hand over the latest hours, as long as rules read them."""
    begins = until - HEAD
    # Prometheus takes no sample that is more than an hour older than its newest.
    ends = [begins + past.HOUR, until - SCRAPED]
    for since, end in zip([begins, *ends], ends, strict=False):
        for share in shares:
            lasting = past.well(past.of_rules(share, native=True))
            remote_write.send(server, past.written(lasting, range(since, end), until - since))
    for share in shares:
        # Groups are evaluated as of then, and record what comes.
        made = (each for each in past.of_rules(share, native=True) if ":" in each.name)
        times = range(until - SCRAPED, until - AGO)
        remote_write.send(server, past.written(made, times))
        times = range(until - SCRAPED, until, past.SCRAPE)
        remote_write.send(server, past.written(_scraped(share), times))
    past.rest(server)


def _each(
    server: Server,
    folder: Path,
    groups: Sequence[tuple[str, Group]],
    until: int,
    seconds_each: float,
) -> Iterator[dict[str, Any]]:
    """What one evaluation of each group takes."""
    nothing = Group("nothing", [Record("nothing", "vector(0)")])
    idle, before = 0.0, list[Group]()
    for number, (kind, group) in enumerate([("", nothing), *groups]):
        late = time.time() - (until - AGO + BETWEEN * number)
        rules.load(server, folder, [*before, group], LEAST, late)
        while not (lasts := rules.of_group(server, LASTS, group)):
            time.sleep(LEAST / 5)
        every = max(LEAST, 1.5 * lasts)
        rules.load(server, folder, [*before, group], every, late)
        # Long enough that what Go cleans up, which is more than one takes, is divided among all.
        window = seconds_each if kind else 4 * seconds_each
        seconds = rules.evaluation(server, group, every, max(RUNS, int(window / every)))
        if not kind:
            idle = seconds
            continue
        yield {
            "kind": kind,
            "name": group.name,
            "interval": group.interval or past.SCRAPE,
            "seconds": max(0.0, seconds - idle),
        }
        before.append(group)


def largest(server: Server, groups: Sequence[Group], at: int) -> tuple[str, float]:
    """The group with the rule of which Prometheus holds most samples at once, and how many.

    It refuses queries that would hold more than 50 million, unless it is configured otherwise.
    """
    found = [
        (_held(server, rule.expression if isinstance(rule, Record) else rule.query, at), group.name)
        for group in groups
        for rule in group.rules
    ]
    number, name = max(found)
    return name, number


def _held(server: Server, expression: str, at: int) -> float:
    """How many samples Prometheus holds at most at once to answer a query."""
    answer = server.json("/api/v1/query", query=f"count({expression})", time=f"{at}", stats="all")
    return float(answer["data"]["stats"]["samples"]["peakSamples"])
