"""A Prometheus with what is scraped of a fleet, what rules record of it, and the past of both."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store_exporter.metrics.catalogue import operations
from store_exporter.mixin import policy
from store_exporter.mixin.model import Group, Record, as_document
from tests import servers
from tests.servers import Server, remote_write

from . import blocks, exporters, past, rules
from .effort import Effort
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
RESULTS = "prometheus_rule_group_last_evaluation_samples"
MISSED = "prometheus_rule_group_iterations_missed_total"
READ = "prometheus_engine_query_samples_total"
FLAGS = (
    "--storage.tsdb.retention.time=90d",
    f"--storage.tsdb.max-block-duration={blocks.BLOCK // past.HOUR}h",
    "--web.enable-admin-api",
)


@dataclass
class Found:
    """What was measured.

    Attributes:
        series: by part of the fleet, as `sizing` divides them.
        resident: bytes of memory, again and again.
        own: those of them at the end that are not mapped from files.
        live: bytes in use after Go has cleaned up.
        peak: bytes of memory at most, while a block is written.
        scraping: processors that scraping takes.
        working: processors that scraping takes, and all rules.
        groups: name, kind, seconds between evaluations, and of a processor for one of them.
        largest: the group with the rule of which Prometheus holds most samples at once; how many.
        failed: evaluations of rules.
        missed: evaluations of groups, because the one before had not ended.
        active: alerts, pending or firing.
    """

    series: Counter[str] = field(default_factory=Counter)
    resident: list[int] = field(default_factory=list)
    own: int = 0
    live: float = 0
    peak: int = 0
    scraping: float = 0
    working: float = 0
    groups: list[dict[str, Any]] = field(default_factory=list)
    largest: tuple[str, float] = ("", 0)
    failed: float = 0
    missed: float = 0
    active: float = 0


def measured(stores: int, effort: Effort) -> Found:
    """Measure a fleet of so many stores."""
    shares = [
        Watched(min(SHARE, stores - first), first, f"exporter-{first // SHARE}:10847")
        for first in range(0, stores, SHARE)
    ]
    found = Found()
    with tempfile.TemporaryDirectory(prefix="bench-scale-") as name:
        folder = Path(name)
        _say("blocks of the past")
        now = _now()
        lasting = blocks.read()
        chosen = [each for each in _all(shares) if each.name in lasting]
        samples = blocks.write(folder, chosen, now, now - HEAD)
        del chosen
        (folder / rules.RULES).write_text("groups: []", encoding="utf-8")
        with servers.prometheus(rules.CONFIG, folder, *FLAGS, patience=PATIENCE) as server:
            _say(f"the latest hours, after {samples:,} samples in blocks")
            until = _now()
            _send(server, shares, until)
        # Of each sample that came at once with others it keeps eight bytes until it ends.
        with servers.prometheus(rules.CONFIG, folder, *FLAGS, patience=PATIENCE) as server:
            past.rest(server)
            _say(f"each group, with {_figure(server, 'prometheus_tsdb_head_series'):,.0f} series")
            groups = [
                (kind, group)
                for kind, of_kind in rules.kinds().items()
                for group in of_kind[: effort.groups]
            ]
            found.groups = [*_each(server, folder, groups, until, effort.live / 60)]
            _say("the samples of each rule")
            found.largest = largest(server, [group for _, group in groups], until - AGO + LATER)
            _say("all of it")
            pages = [exporters.Page(_scraped(share)) for share in shares]
            with exporters.served(pages) as address:
                rules.load(server, folder, [group for _, group in groups], rules.NEVER)
                _configure(server, folder, shares, address, effort.scrape)
                _run(server, folder, [group for _, group in groups], effort, found)
    return found


def _say(what: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what} …\n")


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
        seconds, samples = _evaluation(server, group, every, max(RUNS, int(window / every)))
        if not kind:
            idle = seconds
            continue
        row = {
            "kind": kind,
            "name": group.name,
            "interval": group.interval or past.SCRAPE,
            "seconds": max(0.0, seconds - idle),
            "lasts": lasts,
            "samples": samples,
            "results": rules.of_group(server, RESULTS, group),
        }
        if os.environ.get("BENCH_VERBOSE"):
            sys.stderr.write(f"{json.dumps(row)}\n")
            firing = "count by (alertname) (ALERTS)"
            found = server.query(firing, time=f"{time.time() - late}") if row["results"] else []
            sys.stderr.write(f"{found if kind == 'alerting' else ''}\n")
        yield row
        before.append(group)


def _evaluation(server: Server, group: Group, every: float, runs: int) -> tuple[float, float]:
    """Seconds of a processor, and samples read, of one evaluation of a group; of so many."""
    began, first = server.processor_seconds(), rules.evaluations(server, group)
    samples, found = _figure(server, READ), 0.0
    time.sleep((runs - 1) * every)
    while found < runs:
        time.sleep(every / 4)
        found = rules.evaluations(server, group) - first
    seconds = server.processor_seconds() - began
    return seconds / found, (_figure(server, READ) - samples) / found


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


def _configure(
    server: Server, folder: Path, shares: Sequence[Watched], address: str, every: float
) -> None:
    """Have the pages scraped."""
    targets = [
        {
            "targets": [address],
            "labels": {"__metrics_path__": f"/{number}", "instance": share.instance},
        }
        for number, share in enumerate(shares)
    ]
    scraped = f"{every:g}s"
    document = {
        "global": {"scrape_interval": scraped, "scrape_timeout": scraped},
        "rule_files": [rules.RULES],
        "scrape_configs": [{"job_name": policy.EXPORTER_JOB, "static_configs": targets}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(document), encoding="utf-8")
    server.reload()


def _run(
    server: Server, folder: Path, groups: Sequence[Group], effort: Effort, found: Found
) -> None:
    """Scrape for a while, then evaluate the rules as well, then write a block."""
    time.sleep(4 * effort.scrape)  # the first scrapes make what the next ones find
    began, since = server.processor_seconds(), time.monotonic()
    time.sleep(8 * effort.scrape)
    found.scraping = (server.processor_seconds() - began) / (time.monotonic() - since)
    missed = _figure(server, MISSED)  # while each group was evaluated as often as it could be
    document = as_document(groups)
    (folder / rules.RULES).write_text(json.dumps(document), encoding="utf-8")
    server.reload()
    began, since = server.processor_seconds(), time.monotonic()
    while (elapsed := time.monotonic() - since) < effort.live:
        time.sleep(effort.live / 100)
        found.resident.append(_memory(server, "VmRSS"))
    found.working = (server.processor_seconds() - began) / elapsed
    found.own = _memory(server, "RssAnon")
    found.series = _series(server)
    found.failed = _figure(server, "prometheus_rule_evaluation_failures_total")
    found.missed = _figure(server, MISSED) - missed
    found.active = sum(count for _, count in server.query("count(ALERTS)"))
    if os.environ.get("BENCH_VERBOSE"):
        for name in (LASTS, RESULTS):
            lines = re.findall(rf"(?m)^{name}.*;(.*)", server.get("/metrics").decode())
            sys.stderr.write("\n".join([name, *lines, ""]))
        sys.stderr.write(f"{server.query('count by (alertname, alertstate) (ALERTS)')}\n")
        sys.stderr.write(f"{server.query('max(scrape_duration_seconds) or min(up)')}\n")
    server.get("/debug/pprof/heap", gc="1")
    found.live = _figure(server, "go_memstats_heap_alloc_bytes")
    found.peak = _peak(server)


def _peak(server: Server) -> int:
    """Bytes of memory at most while a block of the latest hours is written."""
    Path(f"/proc/{server.pid}/clear_refs").write_text("5", encoding="utf-8")
    began = server.processor_seconds()
    request = urllib.request.Request(f"{server.url}/api/v1/admin/tsdb/snapshot", method="POST")
    urllib.request.urlopen(request, timeout=1_800).close()
    _say(f"a block took {server.processor_seconds() - began:.1f} s")
    return _memory(server, "VmHWM")


def _memory(server: Server, kind: str) -> int:
    """Bytes of a kind of memory, as Linux counts them."""
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
    return int(re.findall(rf"(?m)^{kind}:\s+(\d+)", status)[0]) * 1024


def _series(server: Server) -> Counter[str]:
    """Series in memory, by part of the fleet."""
    status = server.json("/api/v1/status/tsdb", limit="10000")["data"]
    found = Counter[str]()
    for each in status["seriesCountByMetricName"]:
        found[_part(each["name"])] += each["value"]
    return found


def _part(name: str) -> str:
    if ":" in name:
        return "recorded by rules"
    if name.startswith("store_listed"):
        return "their lists"
    if name == operations.OPERATION_DURATION.name:
        return "their histograms"
    if name.startswith("store_operation"):
        return "operations"
    return "stores" if name.startswith("store_") else "alerts and scrapes"


def _figure(server: Server, name: str) -> float:
    """The sum of what Prometheus shows of itself under a name."""
    text = server.get("/metrics").decode()
    return sum(map(float, re.findall(rf"(?m)^{name}(?:{{.*}})? (\S+)", text)))
