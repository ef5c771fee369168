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
    "dashboards": "Dashboards of a thousand stores",
    "rules-1000": "Prometheus with 1,000 stores",
    "rules-10000": "Prometheus with 10,000 stores",
}
_REASONS = {
    "form: store_context": "Making the block, setting and resetting a context variable, and "
    "a handle found by store and operation, before anything is measured.",
    "form: with track(…)": "Five arguments and a handle found by four labels, in each block. "
    "A `track` that is made once has neither.",
    "form: async with track(…)": "As `with track(…)`, and two coroutines; "
    "`floor` is what they take.",
    "form: generator": "Two clocks a step, and the end by an exception, which carries the result.",
    "call: labels in the call": "The application's function, and a handle found by store and "
    "operation.",
    "call: labels in the context": "A context variable, and a handle found by store and operation.",
    "call: 40,000 label sets in turn": "The peer takes twice as long as with one label set, ours "
    "three times: each call finds its lists and numbers out of the processor's caches, and 26 "
    "calls share a folding where 512 do elsewhere, for 0.2 µs. Larger batches would cost "
    "the memory that the rows of many label sets save.",
    "40,000 histograms: /metrics as": "The labels alone are more: each of three families repeats "
    "them, as the format demands. They compress to a seventh. Go's client library writes the same "
    "page in 20.0 MB.",
    "40,000 histograms: memory to keep them": "Of each, 0.75 KB are a dozen Python objects: the "
    "handle and its labels 240 bytes, the histogram and its buckets 260, tickets and durations 170 "
    "to 350, the rest numbers and tables. 0.2 KB are free, where durations waited to be counted; "
    "the next ones wait there.",
    "10,000 stores every 60 s: memory": "A connection of each store is kept, of which OpenSSL's "
    "part alone is measured as a `floor`: 260 of 300 MB. The rest of a store is in "
    "[What it costs](architecture/costs.md#what-a-store-takes-in-memory).",
    "10,000 stores every 60 s: reload": "The response comes when nothing is shown any more of the "
    "stores that go. Each of them is forgotten afterwards, a few in each turn of the event loop.",
    "10,000 stores every 60 s": "Why a probe takes several times as long among so many stores is "
    "in [What it costs](architecture/costs.md#what-a-probe-takes-among-thousands-of-stores).",
    "20,000 reported calls a second": "Undisturbed, the answer to 1,000 calls of 50 series takes "
    "2.5 to 3.1 ms: JSON takes 0.4, adding up the calls 0.6, counting the series 0.7, saving "
    "them 0.4, and HTTP and the hand-over to the thread that saves most of the rest. On a busy "
    "machine each of three waits for a processor adds milliseconds. Batches of 300, 500 and 700 "
    "calls had their answers in 2.9, 3.8 and 4.2 ms on the same host.",
    "Stores / Shop, a week": "Measured before rules recorded payments by method and prices for all "
    "stores together. Since then these two panels take less than 0.3 s, beside 5.7 and 5.4 s "
    "before, on the same busy machine.",
    "Stores / Operations, one operation, six hours": "The durations of one operation are read as "
    "they were scraped, because recording them of each store costs more in every minute than it "
    "saves whoever looks at all stores at once; see "
    "[Scaling](architecture/costs.md#what-dashboards-cost-prometheus).",
    "Stores / Errors, a week": "The 50 most frequent failures are found among those of each "
    "operation and type of each store, 16 series with 84 chunks and 168 samples each in a week; "
    "see [What it costs](architecture/costs.md#what-dashboards-cost-prometheus).",
    "recording rules": "Most of it is reading and recording 24,000 rates of errors and, with "
    "classic buckets, 104,000 rates of buckets; see "
    "[What it costs](architecture/costs.md#what-the-rules-cost-prometheus).",
    "all recording rules of 10,000 stores": "This Prometheus had a limit of memory of 14 GiB, so "
    "that Go cleaned up more often, and the machine did other work while each group was evaluated "
    "by itself. All rules together took 3.3 s of each 15 s afterwards; see "
    "[Scaling](scaling.md#measured).",
    "probe over a fresh": "aiohttp alone, measured as a `floor`, takes as much as "
    "blackbox_exporter's whole probe.",
    "probe over a kept": "aiohttp alone is the `floor`. The rest is spread over plan, limits, "
    "phases, result and series, and no function is a tenth of it; see "
    "[What it costs](architecture/costs.md).",
}
"""Why a goal is missed, by the beginning of a row's name."""

_INTRODUCTION = """# Benchmarks

Who reads this: anyone who wants to know what the exporter costs, or doubts a figure elsewhere.

`scripts/bench` wrote this page. It measures this project beside its peers in the same run, on the
same work, and takes under two minutes with `--quick`. **Compare ratios, not times**: times are of
one machine and moment. With a peer, the ratio is our figure divided by the peer's, so smaller is
better, and the spread is the range of the ratios in the windows of the run; without a peer, it is
the range of the figures. Processor time is the time of the measured processes only.

The stores run in a separate process, over TLS on loopback. The exporter is `store-exporter serve`.
blackbox_exporter has one processor and probes the same stores at the same time.
"""


def page(sections: Mapping[str, Sequence[Result]], before: str = "") -> str:
    """Return the page of what each section measured.

    Args:
        sections: results by the name of their part.
        before: the page as it was, of which parts that were not measured stay.
    """
    measured = f"Measured on {datetime.now(UTC):%Y-%m-%d}: {machine()}.\n"
    kept = dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n?)*)", before, re.MULTILINE))
    parts = [_INTRODUCTION]
    for name, title in _TITLES.items():
        if results := sections.get(name):
            rows = "\n".join(map(_row, results))
            parts.append(
                f"## {title}\n\n{measured}\n"
                "| | ours | peer | ratio | spread | goal | |\n|---|---|---|---|---|---|---|\n"
                f"{rows}\n{_why(results)}"
            )
        elif title in kept:
            parts.append(f"## {title}\n{kept[title].rstrip()}\n")
    return "\n".join(parts)


def _why(results: Sequence[Result]) -> str:
    """Return why goals are missed, as far as it is known."""
    missed = [result.name for result in results if result.met is False]
    lines = [
        f"- **{beginning} …** {reason}\n"
        for beginning, reason in _REASONS.items()
        if any(name.startswith(beginning) for name in missed)
    ]
    return "\nWhy goals are missed:\n\n" + "".join(lines) if lines else ""


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
