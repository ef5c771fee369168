"""Measures this project beside its peers, in one run on the same work."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter

from . import calls, dashboards, fleet, forms, histograms, imports, ingest, pages, scale
from .effort import FULL, QUICK, TINY, Effort
from .page import page
from .result import Result, table, write_json

SECTIONS: dict[str, Callable[[Effort], list[Result]]] = {
    "calls": calls.measure,
    "forms": forms.measure,
    "histograms": histograms.measure,
    "imports": imports.measure,
    "pages": pages.measure,
    "fleet": fleet.measure,
    "ingest": ingest.measure,
    "dashboards": dashboards.measure,
}
APART: dict[str, Callable[[Effort], list[Result]]] = {
    "rules-1000": partial(scale.measure, 1_000),
    "rules-10000": partial(scale.measure, 10_000),
}
"""What takes long, and is measured only when it is named."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under two minutes; rougher figures")
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    parts = {**SECTIONS, **APART}
    help_ = f"a part of it; {' and '.join(APART)}, which take long, only so"
    parser.add_argument("--only", choices=parts, action="append", help=help_)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here, too")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    effort = TINY if arguments.tiny else QUICK if arguments.quick else FULL
    start = perf_counter()
    sections: dict[str, list[Result]] = {}
    for name in arguments.only or SECTIONS:
        sys.stderr.write(f"{name} …\n")
        sections[name] = parts[name](effort)
    results = [result for section in sections.values() for result in section]
    sys.stdout.write(table(results))
    missed = sum(result.met is False for result in results)
    targets = sum(result.met is not None for result in results)
    sys.stdout.write(
        f"\n{targets - missed} of {targets} targets met, in {perf_counter() - start:.0f} s on "
        f"{platform.python_implementation()} {platform.python_version()}. Compare ratios, not "
        "times: those are this machine's, of this moment.\n"
    )
    if arguments.write is not None:
        before = arguments.write.read_text() if arguments.write.exists() else ""
        arguments.write.write_text(page(sections, before))
    if arguments.json is not None:
        write_json(results, arguments.json)


if __name__ == "__main__":
    main()
