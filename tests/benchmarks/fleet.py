"""What it takes to watch many stores over real TLS, beside blackbox_exporter, all in one run.

The stores are `tls_store.py`, a process of its own on loopback; the exporter is `store-exporter
serve`, and the peer is blackbox_exporter with one processor. `probe_costs.py` compares probes.

It runs in the environment that has the server's extras, and prints what it measured as JSON:

    python -m tests.benchmarks.fleet EFFORT
"""

from __future__ import annotations

import json
import math
import resource
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from . import apart, probe_costs
from . import effort as efforts
from .effort import Effort
from .result import Result, Spread
from .serve import DOMAIN
from .sides import PROTOBUF, TEXT, Exporter, exporter, tls_store

_SETTLED = 2.0
"""Seconds after which the exporter takes a file for written."""
_FORGOTTEN = 3.0
"""Seconds after a reload in which half of the stores are forgotten."""
_BETWEEN_PAGES = 1.0
"""Seconds, so that what waited while one page was made is not counted among the next one's."""


def measure(effort: Effort) -> list[Result]:
    """Return the figures, or nothing where the server's extras are not installed."""
    needed = "aiohttp, pydantic, trustme, yaml"
    found = apart.run(__name__, needed, json.dumps(asdict(effort)), file=apart.LINUX)
    return [] if found is None else _results(found, effort)


def _results(found: dict[str, Any], effort: Effort) -> list[Result]:
    is_full = effort.stores == efforts.FULL.stores
    what = f"{effort.stores:,} stores every {effort.interval} s"

    def only_full(target: float) -> float | None:
        return target if is_full else None

    # By what a probe that ran has cost, or a schedule that is late would look cheap.
    cores = found["probe"] * effort.stores / effort.interval
    rows = [
        Result(f"{what}: processor", "cores", cores, target=0.25),
        Result(f"{what}: the same for each probe", "µs", found["probe"] * 1e6),
        Result(f"{what}: memory", "MB", found["memory"], target=only_full(300)),
        Result(f"{what}: scheduler lag, p99", "s", found["lag"], target=0.05),
        Result(f"{what}: the same of the first runs", "s", found["lag_at_start"]),
    ]
    for name, times in found["pages"].items():
        middle = median(times)
        target = only_full(0.3) if "gzip" in name else None
        rows.append(
            Result(f"{what}: /metrics, {name}", "s", middle, target=target, spread=Spread.of(times))
        )
    rows += [
        Result(f"{what}: latest other answer meanwhile", "s", found["worst"], target=0.05),
        Result(f"{what}: other answers meanwhile, median", "s", found["usual"]),
        Result(f"{what}: failed probes", "probes", found["failures"], target=0),
    ]
    for name, reload in found["reloads"].items():
        how = f"{what}: reload, {name}"
        rows += [
            Result(how, "s", reload["took"], target=only_full(0.5)),
            Result(f"{how}: latest other answer", "s", reload["worst"], target=only_full(0.05)),
        ]
    return [*rows, *probe_costs.rows(found)]


def main() -> None:
    effort = Effort(**json.loads(sys.argv[1]))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _certificates(place)
        found = {**probe_costs.measured(place, effort), **_fleet(place, effort)}
    sys.stdout.write(json.dumps(found))


def _fleet(place: Path, effort: Effort) -> dict[str, Any]:
    """Watch all stores for a while, scraped every 15 s as our `prometheus.yml` has it."""
    with ExitStack() as stack:
        port = stack.enter_context(tls_store(place, "keep"))
        config = place / "fleet.yml"
        config.write_text(_config(place, port, effort.stores, effort.interval))
        ours = stack.enter_context(exporter(config))
        time.sleep(effort.interval)
        ours.wait_for_runs(effort.stores)
        at_start, runs = ours.lag(), ours.runs()
        before, began = ours.processor(), time.perf_counter()
        while (elapsed := time.perf_counter() - began) < effort.interval:
            time.sleep(min(15.0, effort.interval - elapsed))
            ours.page(PROTOBUF)
        spent, memory = ours.processor() - before, ours.memory() / 1e6
        lag, runs = ours.lag(), ours.runs() - runs
        failures = ours.failures()
        answers: list[float] = []
        pages = _pages(ours, effort.windows, answers)
        half = _config(place, port, effort.stores // 2, effort.interval)
        return {
            "probe": spent / runs,
            "memory": memory,
            "lag": _percentile({le: count - at_start[le] for le, count in lag.items()}),
            "lag_at_start": _percentile(at_start),
            "pages": pages,
            "worst": max(answers),
            "usual": median(answers),
            "reloads": {
                "unchanged": _reload(ours),
                "half of the stores removed": _reload(ours, config, half),
            },
            "failures": failures,
        }


def _pages(ours: Exporter, windows: int, answers: list[float]) -> dict[str, list[float]]:
    """Return the seconds of scrapes, and add those of other answers meanwhile to `answers`."""
    pages: dict[str, list[float]] = {}
    for _ in range(windows):
        for name, accept in (("text, gzip", TEXT), ("protobuf, gzip", PROTOBUF)):
            time.sleep(_BETWEEN_PAGES)
            with ours.asked_all_the_while(answers):
                began = time.perf_counter()
                ours.page(accept)
                pages.setdefault(name, []).append(time.perf_counter() - began)
    return pages


def _reload(ours: Exporter, config: Path | None = None, text: str = "") -> dict[str, float]:
    """Reload, after writing another configuration if there is one; returns seconds.

    Other answers are measured for longer, because stores that left are forgotten after it.
    """
    if config is not None:
        config.write_text(text)
        time.sleep(_SETTLED)
    answers: list[float] = []
    with ours.asked_all_the_while(answers):
        began = time.perf_counter()
        ours.get("/-/reload", method="POST")
        took = time.perf_counter() - began
        time.sleep(_FORGOTTEN)
    return {"took": took, "worst": max(answers)}


def _percentile(counts: dict[float, float]) -> float:
    """Return the 99th percentile by cumulative buckets, as PromQL's `histogram_quantile` does."""
    rank = 0.99 * counts[math.inf]
    lower = below = 0.0
    for le, count in counts.items():
        if count >= rank:
            return (
                lower if le == math.inf else lower + (le - lower) * (rank - below) / (count - below)
            )
        lower, below = le, count
    raise ValueError("a histogram without its last bucket")


def _certificates(place: Path) -> None:
    import trustme

    issuer = trustme.CA()
    issued = issuer.issue_cert("*" + DOMAIN, key_type=trustme.KeyType.ECDSA)
    issued.private_key_and_cert_chain_pem.write_to_path(place / "store.pem")
    issuer.cert_pem.write_to_path(place / "ca.pem")


def _config(place: Path, port: int, stores: int, interval: int) -> str:
    """Return the configuration of stores of which liveness alone is watched; ten to an org."""
    from store_exporter.platforms import base

    platform = base.load("woocommerce")
    document: dict[str, Any] = {
        "state_directory": f"{place / 'state'}",
        "defaults": {
            "ca_file": f"{place / 'ca.pem'}",
            "requests_per_hour": 100_000,
            "probes": _only("liveness", platform.probes, interval),
            "collectors": _only("", platform.collectors, interval),
        },
        "orgs": [{"org": f"org{number}"} for number in range(-(-stores // 10))],
        "stores": [
            {
                "org": f"org{number // 10}",
                "domain": f"shop{number}{DOMAIN}",
                "platform": "woocommerce",
                "url": f"https://shop{number}{DOMAIN}:{port}",
                "credentials": {
                    "consumer_key": "env:BENCH_KEY",
                    "consumer_secret": "env:BENCH_SECRET",
                },
            }
            for number in range(stores)
        ],
    }
    return json.dumps(document)  # which is YAML, too


def _only(name: str, checks: Any, interval: int) -> dict[str, Any]:
    return {
        one: {"interval": f"{interval}s"} if one == name else {"enabled": False} for one in checks
    }


if __name__ == "__main__":
    main()
