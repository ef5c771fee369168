"""The long past of some stores as blocks, which promtool makes of OpenMetrics' text.

Remote write would have to send weeks hour by hour, because Prometheus takes nothing that is an hour
older than its newest sample. It would make blocks of them meanwhile, with memory that is measured
afterwards. promtool does it before Prometheus starts. It writes no native histograms, of which
rules read no more than the latest hour.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from store_exporter.mixin import promql
from tests.mixin import synthetic

from . import past
from .past import Family

BLOCK = 54 * past.HOUR
"""Seconds of a block, whose begin is a multiple of them. A Prometheus that keeps 90 days has blocks
of three times that and shorter ones of the latest days, which are as many."""
BEFORE, AFTER = 5 * 60, 30 * 60
"""Seconds around a moment of the past: how far Prometheus looks back, and how long a run takes."""
LEAST = 2 * past.HOUR
"""What is younger is in no block."""
READ = re.compile(rf"{past.SELECTOR.pattern}(?:\s*offset (\w+))?")

Span = tuple[float, float]
"""Seconds ago of its begin and of its end."""


def write(folder: Path, families: Sequence[Family], now: int, newest: int) -> int:
    """Write what rules read of these families and is older than `newest`; returns samples."""
    spans = read()
    chosen = [each for each in families if each.name in spans and not each.native]
    oldest = min((int(now - spans[each.name][0][0]) for each in chosen), default=newest)
    text, samples = folder / "past.om", 0
    for start in range(oldest // BLOCK * BLOCK, newest, BLOCK):
        block = range(start, min(start + BLOCK, newest))
        with text.open("wb") as file:
            written = sum(
                _write(file, each, _times(each, spans[each.name], block, now)) for each in chosen
            )
            file.write(b"# EOF\n")
        if written:
            synthetic.as_blocks(text, folder, promql.duration(BLOCK))
        samples += written
    text.unlink(missing_ok=True)
    return samples


def read() -> dict[str, list[Span]]:
    """Which times of each name rules read, if there are any but the latest hours."""
    found = defaultdict[str, set[Span]](set)
    for query in past.asked():
        for name, _, window, offset in (each.groups(default="") for each in READ.finditer(query)):
            until = promql.seconds(offset) if offset else 0
            length = re.match(r"\[(\w+)", window)
            since = until + (promql.seconds(length[1]) if length else 0)
            if since >= LEAST:
                found[name].add((since + BEFORE, max(0, until - AFTER)))
    return {name: [*_joined(spans)] for name, spans in found.items()}


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """The same times, the oldest first, none of which overlap."""
    first, *rest = sorted(spans, reverse=True)
    since, until = first
    for begin, end in rest:
        if begin < until:
            yield since, until
            since, until = begin, end
        until = min(until, end)
    yield since, until


def _times(family: Family, spans: Sequence[Span], block: range, now: int) -> list[int]:
    """The moments of a family's samples in a block."""
    return [
        at
        for since, until in spans
        for at in range(
            -(-max(int(now - since), block.start) // family.interval) * family.interval,
            min(int(now - until), block.stop),
            family.interval,
        )
    ]


def _write(file: BinaryIO, family: Family, times: list[int]) -> int:
    """Write a family's samples, and return how many these are."""
    if not times:
        return 0
    figures = itertools.islice(itertools.cycle(past.FIGURES), len(times))
    usual = tuple(past.grown(times) if family.grows else figures)
    tails: dict[tuple[float, ...], list[bytes]] = {}
    for labels in family.labels:
        well = past.steady(family.well, labels, times) if family.well else None
        found = usual if well is None else tuple(well)
        if found not in tails:
            pairs = zip(found, times, strict=True)
            tails[found] = [f" {value!r} {at}\n".encode() for value, at in pairs]
        text = ",".join(f'{label}="{value}"' for label, value in labels.items())
        series = f"{family.name}{{{text}}}".encode()
        # As fast as memory, where a line for each sample would take most of the time.
        file.write(series + series.join(tails[found]))
    return len(times) * len(family.labels)
