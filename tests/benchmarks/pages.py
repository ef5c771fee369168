"""The page of a fleet: what one scrape costs that finds a quarter of the stores probed anew.

The figures are recorded by what the runner records them with. Processor time counts, so that it
says the same on a machine that others use. It runs in the environment that has the server's extras:

    python -m tests.benchmarks.pages STORES RUNS
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median

from . import apart
from .effort import Effort
from .result import Result, Spread

PHASES = ("resolve", "connect", "tls", "processing", "transfer")


def measure(effort: Effort) -> list[Result]:
    """Return the figures, or nothing where the server's extras are not installed."""
    numbers = str(effort.page), str(max(3, effort.runs))
    found = apart.run(__name__, "aiohttp, pydantic, yaml", *numbers)
    if found is None:
        return []
    what = f"/metrics of {effort.page:,} stores"
    is_whole = effort.page >= 10_000
    rows = [
        Result(
            f"{what}, {name}: processor",
            "s",
            median(seconds),
            target=0.3 if is_whole else None,
            spread=Spread.of(seconds),
        )
        for name, seconds in found["seconds"].items()
    ]
    rows += [Result(f"{what}, {name}", "MB", size / 1e6) for name, size in found["bytes"].items()]
    return [*rows, Result(f"recording a probe among {effort.page:,} stores", "µs", found["probe"])]


def main(stores: int, runs: int) -> None:
    from store_exporter.metrics.recorder import Recorder
    from store_exporter.metrics.scrapers import Scraper
    from store_exporter.server.metrics import Scrape

    from .sides import PROTOBUF, TEXT

    recorder = Recorder()
    fleet = _Fleet(recorder, stores)
    for number in range(stores):
        fleet.probe(number)
    scrape = Scrape(recorder)
    began = time.process_time()
    for number in range(stores):
        fleet.probe(number)
    found: dict[str, object] = {"probe": (time.process_time() - began) / stores * 1e6}
    seconds: dict[str, list[float]] = {}
    sizes: dict[str, int] = {}
    for name, accept, classic in (("text, gzip", TEXT, True), ("protobuf, gzip", PROTOBUF, False)):
        scraper = Scraper(name, timeout=10.0, classic=classic)
        # The first scrapes meet all series as births.
        for run in range(runs + 2):
            for number in range(run % 4, stores, 4):
                fleet.probe(number)
            began = time.process_time()
            rendered, look = scrape.show(accept, "gzip", scraper)
            if run > 1:
                seconds.setdefault(name, []).append(time.process_time() - began)
            sizes[name] = sum(map(len, rendered.chunks))
            look.complete()
    sys.stdout.write(json.dumps({**found, "seconds": seconds, "bytes": sizes}))


class _Fleet:
    """Stores whose liveness is probed, with figures that change as real ones do."""

    def __init__(self, recorder: object, stores: int) -> None:
        from random import Random

        from store_exporter.metrics.recorder import Recorder
        from store_exporter.platforms import base
        from store_exporter.probing.jobs import Job
        from store_exporter.probing.results.recording import Recording
        from store_exporter.stores.model import Schedule, Store

        assert isinstance(recorder, Recorder)
        liveness = base.load("woocommerce").probes["liveness"]
        self._recording = Recording(recorder)
        self._random = Random(1)
        self._jobs = [
            Job(
                Store(
                    f"org{number // 10}",
                    f"shop{number}.example.test",
                    "woocommerce",
                    f"https://shop{number}.example.test",
                ),
                liveness,
                Schedule(60.0, 10.0),
            )
            for number in range(stores)
        ]

    def probe(self, number: int) -> None:
        from store_exporter.contract import Report
        from store_exporter.metrics.catalogue.values import HealthState
        from store_exporter.probing.access import Access, Journal
        from store_exporter.probing.results.health import Standing
        from store_exporter.probing.results.outcomes import result_of

        job, random = self._jobs[number], self._random
        journal = Journal(
            requests=1,
            status=200,
            phases={phase: random.expovariate(10) for phase in PHASES},
            certificate_expiry=1.9e9,
        )
        report = Report()
        access = Access(job.store)
        redact, took = access.redactor(job.store), random.expovariate(5)
        result = result_of(job, report, journal, redact, time=time.time(), duration=took)
        standing = Standing(job, result, until=0.0, last_success=result.time, failing=None)
        self._recording.record(standing, report, journal, redact)
        self._recording.store(job, HealthState.HEALTHY, access)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
