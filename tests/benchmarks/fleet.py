"""How much of a processor it takes to watch many stores: `python tests/benchmarks/fleet.py`.

The scheduler, the runner, the platform's probes and the recorder are real; only the network is
replaced, by a sender that answers after a pause as a store would. What connections cost is
measured by `connections.py`.

It prints the processor time a second, the memory, the worst lag and how long `/metrics` takes.
"""

# ruff: noqa: T201 - its output is its purpose

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from pathlib import Path

from store_exporter.contract import Response
from store_exporter.metrics.catalogue import exporter, health
from store_exporter.metrics.exposition import render_text
from store_exporter.metrics.families import HistogramValue
from store_exporter.metrics.recorder import Recorder
from store_exporter.platforms import base
from store_exporter.probing.exchange import Exchange, Outgoing
from store_exporter.probing.runner import Runner
from store_exporter.probing.scheduler import Scheduler
from store_exporter.stores.model import Schedule, Secret, Store

RECORDING = "recordings/woocommerce-11.0.1/settings_general_currency.json"


class QuickNetwork:
    """Answers every request after a pause, with phases as a new TLS connection has them."""

    def __init__(self, pause: float) -> None:
        recording = json.loads((Path(__file__).parents[1] / RECORDING).read_text())
        self._headers = recording["response"]["headers"]
        self._body = json.dumps(recording["response"]["body"]).encode()
        self._pause = pause

    async def send(self, outgoing: Outgoing, exchange: Exchange) -> Response:
        await asyncio.sleep(self._pause)
        for phase in ("resolve", "connect", "tls", "processing", "transfer"):
            exchange.phases[phase] = self._pause / 5
        exchange.status = 200
        exchange.certificate_expiry = 2e9
        return Response(200, self._headers, self._body, outgoing.url, exchange.phases, 2e9)


def stores(count: int, interval: float, *, everything: bool) -> list[Store]:
    """Make stores that run the liveness probe alone, or everything."""
    platform = base.load("woocommerce")
    off = Schedule(60, 10, enabled=False)
    probes = {} if everything else dict.fromkeys(platform.probes, off)
    probes["liveness"] = Schedule(interval, 10.0)
    collectors = {} if everything else dict.fromkeys(platform.collectors, off)
    secrets = {"consumer_key": Secret("ck_benchmark"), "consumer_secret": Secret("cs_benchmark")}
    return [
        Store(
            f"org{number // 10}",
            f"shop{number}.example.com",
            "woocommerce",
            f"https://shop{number}.example.com",
            credentials=secrets,
            probes=probes,
            collectors=collectors,
        )
        for number in range(count)
    ]


async def measure(args: argparse.Namespace) -> None:
    """Watch the stores for a while and print what it took."""
    recorder = Recorder()
    runner = Runner(recorder, QuickNetwork(args.pause))
    scheduler = Scheduler(runner)
    fleet = stores(args.stores, args.interval, everything=args.everything)
    began = time.perf_counter()
    scheduler.start(fleet)
    print(f"taking {args.stores} stores took {time.perf_counter() - began:.2f} s")
    # The first round creates every series; after it comes what is repeated for ever.
    await asyncio.sleep(args.interval)
    processor, clock = time.process_time(), time.perf_counter()
    before = runs(recorder)
    await asyncio.sleep(args.seconds)
    share = (time.process_time() - processor) / (time.perf_counter() - clock)
    done = runs(recorder) - before
    began = time.perf_counter()
    size = sum(len(chunk) for chunk in render_text(recorder.families()))
    rendering = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"runs a second          {done / args.seconds:8.1f}")
    each = share / max(done, 1) * args.seconds * 1e6
    print(f"processor              {share:8.3f} cores, {each:.0f} µs a run")
    print(f"memory                 {memory:8.0f} MiB at most")
    print(f"/metrics               {rendering:8.3f} s for {size / 2**20:.1f} MiB")
    for row in lag(recorder):
        print(row)
    await scheduler.stop()


def runs(recorder: Recorder) -> int:
    """Return how many runs have started."""
    for family in recorder.families():
        if family.metric is exporter.SCHEDULER_LAG:
            return sum(sum(v.counts) for _, v in family.series if isinstance(v, HistogramValue))
    return 0


def lag(recorder: Recorder) -> list[str]:
    """Describe the lag, and what was left out or failed."""
    rows = []
    failures = 0.0
    for family in recorder.families():
        for labels, value in family.series:
            if family.metric is exporter.SCHEDULER_LAG and isinstance(value, HistogramValue):
                bounds = [f"{bound:g} s" for bound in family.metric.buckets] + ["more"]
                counts = ", ".join(
                    f"{count} within {bound}"
                    for bound, count in zip(bounds, value.counts, strict=True)
                    if count
                )
                rows.append(f"lag                    {counts}")
            elif family.metric is exporter.RUNS_SKIPPED:
                rows.append(f"left out               {value} for {labels[0]}")
            elif family.metric is health.PROBE_FAILURES and not isinstance(value, HistogramValue):
                failures += value
    return [*rows, f"failed probes          {failures:.0f}"]


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=int, default=10_000)
    parser.add_argument("--interval", type=float, default=60.0, help="seconds between probes")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to measure")
    parser.add_argument("--pause", type=float, default=0.05, help="seconds until an answer")
    parser.add_argument("--everything", action="store_true", help="all probes and collectors")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
