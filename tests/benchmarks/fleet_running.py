"""What a Prometheus takes that scrapes a fleet and evaluates its rules, while it runs."""

from __future__ import annotations

import json
import re
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store_exporter.metrics.catalogue import operations
from store_exporter.mixin import policy
from store_exporter.mixin.model import Group, as_document
from tests.servers import Server

from . import rules
from .effort import Effort
from .past import Watched

MISSED = "prometheus_rule_group_iterations_missed_total"


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


def configure(
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
    scraped = f"{1_000 * every:.0f}ms"
    document = {
        "global": {"scrape_interval": scraped, "scrape_timeout": scraped},
        "rule_files": [rules.RULES],
        "scrape_configs": [{"job_name": policy.EXPORTER_JOB, "static_configs": targets}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(document), encoding="utf-8")
    server.reload()


def run(
    server: Server, folder: Path, groups: Sequence[Group], effort: Effort, found: Found
) -> None:
    """Scrape for a while, then evaluate the rules as well, then write a block."""
    time.sleep(4 * effort.scrape)  # the first scrapes make what the next ones find
    began, since = server.processor_seconds(), time.monotonic()
    time.sleep(8 * effort.scrape)
    found.scraping = (server.processor_seconds() - began) / (time.monotonic() - since)
    missed = figure(server, MISSED)  # while each group was evaluated as often as it could be
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
    found.failed = figure(server, "prometheus_rule_evaluation_failures_total")
    found.missed = figure(server, MISSED) - missed
    found.active = sum(count for _, count in server.query("count(ALERTS)"))
    server.get("/debug/pprof/heap", gc="1")
    found.live = figure(server, "go_memstats_heap_alloc_bytes")
    found.peak = _peak(server)


def _peak(server: Server) -> int:
    """Bytes of memory at most while a block of the latest hours is written."""
    Path(f"/proc/{server.pid}/clear_refs").write_text("5", encoding="utf-8")
    began = server.processor_seconds()
    request = urllib.request.Request(f"{server.url}/api/v1/admin/tsdb/snapshot", method="POST")
    urllib.request.urlopen(request, timeout=1_800).close()
    say(f"a block took {server.processor_seconds() - began:.1f} s")
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


def figure(server: Server, name: str) -> float:
    """The sum of what Prometheus shows of itself under a name."""
    text = server.get("/metrics").decode()
    return sum(map(float, re.findall(rf"(?m)^{name}(?:{{.*}})? (\S+)", text)))


def say(what: str) -> None:
    """Tell whoever waits what is done now."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what} …\n")
