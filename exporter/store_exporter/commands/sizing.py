"""`store-exporter sizing`: what a Prometheus needs for so many stores and operations."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from pathlib import Path

from .. import markdown
from ..metrics.catalogue import operations as catalogue
from ..mixin import policy, series
from ..mixin.model import Record
from ..mixin.objectives import DEFAULT
from ..mixin.rules import longterm, recording, slo
from ..platforms import base
from ..stores.model import Store
from . import CommandError
from .support import stores
from .support.store_series import MOST_LISTED, label_values, store_series, usual_store

SCRAPED_BYTES = 1.3
"""Bytes on disk of a sample of a counter or gauge, its part of the index included."""
HISTOGRAM_BYTES = 8.0
"""The same for a native histogram of an operation in use, which changes with each call."""
RECORDED_BYTES = 8.0
"""The same for a recorded sample: rates of operations that are called every few seconds have all
digits and took ten bytes; rates that do not change take one."""
HOURLY_BYTES = 3.0
"""The same for an hourly figure, which changes each hour."""
SERIES_BYTES = 4_000
"""Memory of a series: Prometheus 3.5 took 3.2 to 3.9 KB for each of 536,000, with all rules
evaluated and what it had mapped of files. After Go had cleaned up, 1.6 to 1.8 KB were in use."""
BASE_BYTES = 100e6
EVALUATION = 15
"""Seconds between evaluations of a group of rules without its own interval."""
_LABELS = ("probe", "phase", "payment_method", "result", "price", "stock", "state")
"""Labels of recorded series that have as many values as in the series of a store."""
HEAD_ROOM = 1.2
"""Prometheus deletes old data only when it makes blocks, and writes the new blocks first."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The stores that are watched.

    Attributes:
        operations: operations in use per store, summed over the processes that run them.
        errors: error types that each of these operations has had.
        native: whether native histograms are scraped, and no classic buckets.
        lists: whether carts and products are listed one by one.
        scrape: seconds between scrapes.
        days: the days for which all data is kept.
    """

    stores: int
    operations: int = 8
    errors: int = 2
    native: bool = True
    lists: bool = True
    scrape: float = 15
    days: int = 90
    store: Store = field(default_factory=usual_store)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the series: their number, samples per second, and bytes of one sample."""

    name: str
    series: int
    rate: float
    sample: float

    def disk(self, days: int) -> float:
        """Bytes on disk if data is kept for so many days."""
        return self.rate * days * policy.DAY * self.sample * HEAD_ROOM


def parts(fleet: Fleet) -> list[Part]:
    """Return the parts of the fleet's series."""
    used = fleet.stores * fleet.operations
    buckets = 0 if fleet.native else len(catalogue.LATENCY_BUCKETS) + 3
    each = store_series(fleet.store)
    watched = fleet.stores * (each.own + (0 if fleet.native else each.buckets))
    # Finished and running ones, failed ones by type, and classic buckets with their sum and count.
    plain = used * (2 + fleet.errors + buckets)
    histograms = used if fleet.native else 0
    listed = fleet.stores * each.listed if fleet.lists else 0
    found = [
        Part("stores", watched, watched / fleet.scrape, SCRAPED_BYTES),
        Part("their lists", listed, listed / fleet.scrape, SCRAPED_BYTES),
        Part("operations", plain, plain / fleet.scrape, SCRAPED_BYTES),
        Part("their histograms", histograms, histograms / fleet.scrape, HISTOGRAM_BYTES),
    ]
    counts = list(recorded(fleet))
    total = sum(count for _, count, _ in counts)
    # Not `sum`, which rounds differently before Python 3.12: the printed figures must be the same.
    rate = fsum(count / interval for _, count, interval in counts)
    return [*found, Part("recorded by rules", total, rate, RECORDED_BYTES)]


def recorded(fleet: Fleet) -> Iterator[tuple[str, int, float]]:
    """Yield each recording rule's name, how many series it makes, and its interval in seconds."""
    unscraped = series.STORE_BUCKETS if fleet.native else series.STORE_HISTOGRAM
    for group in [*recording.groups(), *slo.groups()]:
        for rule in group.rules:
            if isinstance(rule, Record) and not rule.name.endswith(unscraped.partition(":")[2]):
                count = fleet.stores * _of_a_store(rule, fleet)
                yield rule.name, count, group.interval or EVALUATION


def _of_a_store(rule: Record, fleet: Fleet) -> int:
    """The number of series that a rule makes of one store, from the labels in its name.

    Sums over all orgs are few series, and are left out. Each store counts as an org.
    """
    level = rule.name.partition(":")[0]
    if not level.startswith("org"):
        return 0
    values = label_values(fleet.store)
    # An error type has one fault, and most types that an operation has share the same fault.
    several: Mapping[str, int] = {
        "operation": fleet.operations,
        "error_type": fleet.errors,
        "le": len(catalogue.LATENCY_BUCKETS) + 1,
        "slo": len(DEFAULT),
        **{label: values[label] for label in _LABELS},
    }
    count = 1
    for label, number in several.items():
        if f"_{label}" in level and label not in rule.labels:
            count *= number
    return count


def table(fleet: Fleet) -> str:
    """Return the sizes as a table for people."""
    found = parts(fleet)
    lines = [f"{'':18}{'series':>12}{'samples/s':>12}{'disk':>12}"]
    lines += [_row(p.name, p.series, p.rate, p.disk(fleet.days)) for p in found]
    every = sum(part.series for part in found)
    disk = fsum(part.disk(fleet.days) for part in found)
    lines.append(_row("in all", every, fsum(part.rate for part in found), disk))
    return "\n".join(
        [
            *lines,
            "",
            f"memory: {memory(every) / 1e9:.1f} GB, and as much free for the page cache",
            f"two years of the hourly series alone: {_hours(fleet).disk(730) / 1e9:.1f} GB",
        ]
    )


def memory(count: int) -> float:
    """Bytes of memory for so many series."""
    return BASE_BYTES + count * SERIES_BYTES


def _row(name: str, count: int, rate: float, disk: float) -> str:
    return f"{name:18}{count:>12,}{rate:>12,.0f}{disk / 1e9:>9,.1f} GB"


def _hours(fleet: Fleet) -> Part:
    """The part that a Prometheus stores if it keeps only hourly figures."""
    kept = (longterm.HOURLY_CALLS, longterm.HOURLY_ERRORS, longterm.HOURLY_SECONDS)
    count = sum(number for name, number, _ in recorded(fleet) if name in kept)
    return Part("hours", count, count / policy.HOUR, HOURLY_BYTES)


def documentation() -> str:
    """The series of a store, and the sizes for a usual fleet, as Markdown."""
    store = usual_store()
    title, each = base.load(store.platform).title, store_series(store)
    series = (
        f"A {title} store with every collector has about {each.own} series, {each.buckets} more "
        f"with classic buckets, and up to {each.listed} of lists by name ({MOST_LISTED} with "
        "several currencies), unless `lists: false` disables these."
    )
    totals = (
        "`store-exporter sizing` computes the totals, here for 1,000 stores with eight operations:"
    )
    printed = f"$ store-exporter sizing --stores 1000\n{table(Fleet(stores=1000))}"
    return markdown.page((series, totals, markdown.code("console", printed)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    usual = Fleet(stores=1)
    add = parser.add_argument
    counted = parser.add_mutually_exclusive_group(required=True)
    counted.add_argument("--stores", type=_number, metavar="N", help="stores that are watched")
    counted.add_argument(
        "--config.file",
        dest="config_file",
        type=Path,
        metavar="FILE",
        help="a configuration whose stores are counted instead, with those that discovery finds; "
        "all are counted like the one with the most series",
    )
    for flag, metavar, default, meaning in (
        ("--operations", "N", usual.operations, "operations in use per store, in all processes"),
        ("--errors", "N", usual.errors, "error types that occur in each operation"),
        ("--scrape-interval", "SECONDS", int(usual.scrape), "seconds between scrapes"),
        ("--days", "N", usual.days, "days for which Prometheus keeps all data"),
    ):
        help_ = f"{meaning} (default: %(default)s)"
        add(flag, type=_number, default=default, metavar=metavar, help=help_)
    add(
        "--classic-buckets",
        action="store_true",
        help="classic buckets are scraped, not native histograms",
    )
    add(
        "--without-lists",
        action="store_true",
        help="carts and products are not listed one by one (lists: false)",
    )


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000_000:
        raise argparse.ArgumentTypeError(f"not a whole number from 1 to 10,000,000: {text}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Print the sizes."""
    watched: Sequence[Store] = ()
    if args.config_file:
        watched = asyncio.run(stores.stores_of(stores.read_sources(args)))
    if args.config_file and not watched:
        raise CommandError(f"{args.config_file} has no stores; --stores supplies a number")
    usual = max(watched, key=lambda store: sum(store_series(store)), default=usual_store())
    fleet = Fleet(
        stores=args.stores or len(watched),
        operations=args.operations,
        errors=args.errors,
        native=not args.classic_buckets,
        lists=not args.without_lists,
        scrape=args.scrape_interval,
        days=args.days,
        store=usual,
    )
    print(table(fleet))
    return 0
