"""docs/benchmarks.md: what a run measured, with its date and machine."""

from __future__ import annotations

import os
import platform
import re
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from .result import Result, ratio_text, shown_number

_TITLES = {
    "calls": "A measured call",
    "forms": "Other forms of use",
    "histograms": "Many label sets",
    "imports": "Start",
    "pages": "The page of a fleet",
    "fleet": "A fleet of stores",
    "ingest": "Reported calls",
}
_INTRODUCTION = """# Benchmarks

Who reads this: whoever wants to know what the exporter costs, or doubts a figure elsewhere.

`scripts/bench` wrote this page. It measures this project beside its peers in the same run, on the
same work, and takes under two minutes with `--quick`. **Compare ratios, not times**: times are of
one machine and moment. Where a peer is shown, the ratio is ours to the peer's, and smaller is
better; a spread is that of the ratios, or without a peer of the figures, between the windows of the
run. Processor time is that of the processes, whatever else the machine did.

Stores are a process of its own that speaks TLS on loopback; the exporter is `store-exporter serve`,
and blackbox_exporter has one processor and looks at the same stores meanwhile.
"""


def page(sections: Mapping[str, Sequence[Result]]) -> str:
    """Return the page of what each section measured."""
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    parts = [_INTRODUCTION, f"Measured on {day}: {machine()}.\n"]
    for name, results in sections.items():
        if results:
            rows = "\n".join(map(_row, results))
            parts.append(
                f"## {_TITLES[name]}\n\n"
                "| | ours | peer | ratio | spread | goal | |\n|---|---|---|---|---|---|---|\n"
                f"{rows}\n"
            )
    return "\n".join(parts)


def machine() -> str:
    """Describe the machine, without its name."""
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    processor = found.group(1).strip() if found else platform.machine()
    load = os.getloadavg()[0]
    tls = " ".join(ssl.OPENSSL_VERSION.split()[:2])
    return (
        f"{os.cpu_count()} processors ({processor}), {platform.system()}, "
        f"Python {platform.python_version()}, {tls}, "
        f"load {load:.0f} at the end"
    )


def _row(result: Result) -> str:
    unit = result.unit
    peer = "" if result.peer is None else f"{shown_number(result.peer)} {unit}"
    spread = ""
    if result.spread is not None:
        least, greatest = result.spread.least, result.spread.greatest
        spread = f"{shown_number(least)} to {shown_number(greatest)}"
    goal = ""
    if result.target is not None:
        of_ratio = result.peer is not None
        goal = f"≤ {result.target:.2g}" if of_ratio else f"≤ {result.target:g} {unit}"
    verdict = {True: "met", False: "**missed**", None: ""}[result.met]
    cells = (
        result.name,
        f"{shown_number(result.ours)} {unit}",
        peer,
        ratio_text(result),
        spread,
        goal,
        verdict,
    )
    return "| " + " | ".join(cells) + " |"
