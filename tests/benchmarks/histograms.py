"""40,000 label sets of operations: the memory they take, and how long they take to be exposed.

Both sides keep the same three families: a counter, a histogram and what is in progress.

Each side runs in a process of its own, which prints what it measured as JSON:

    python -m tests.benchmarks.histograms ours|peer NUMBER RUNS
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

from .effort import Effort
from .result import Result

OBSERVATIONS = 60

Render = Callable[[], list[bytes]]


def measure(effort: Effort) -> list[Result]:
    ours, peer = (_in_process(side, effort) for side in ("ours", "peer"))
    count = f"{effort.histograms:,} histograms"
    return [
        Result(
            f"{count}: text, a line, against generate_latest",
            "µs",
            ours["text"] / ours["text_lines"] * 1e6,
            peer["text"] / peer["text_lines"] * 1e6,
            1 / 25,
        ),
        Result(f"{count}: text, against generate_latest", "s", ours["text"], peer["text"]),
        Result(
            f"{count}: OpenMetrics, a line, against generate_latest",
            "µs",
            ours["openmetrics"] / ours["openmetrics_lines"] * 1e6,
            peer["openmetrics"] / peer["openmetrics_lines"] * 1e6,
        ),
        Result(f"{count}: native, protobuf", "s", ours["protobuf"], target=1.0),
        Result(f"{count}: native, protobuf", "MB", ours["protobuf_bytes"] / 1e6),
        Result(
            f"{count}: /metrics as our prometheus.yml asks for it, before gzip",
            "MB",
            ours["page_bytes"] / 1e6,
            target=12.0,
        ),
        Result(f"{count}: the labels in it alone", "MB", ours["labels_bytes"] / 1e6),
        Result(
            f"{count}: /metrics after gzip, as it travels",
            "MB",
            ours["travels_bytes"] / 1e6,
        ),
        Result(f"{count}: the same", "s", ours["travels"], target=1.0),
        Result(
            f"{count}: memory to keep and expose them as text, against prometheus_client",
            "MB",
            ours["peak"] / 1e6,
            peer["peak"] / 1e6,
            1 / 6,
        ),
        Result(
            f"{count}: memory to keep them, against prometheus_client",
            "MB",
            ours["memory"] / 1e6,
            peer["memory"] / 1e6,
            1 / 6,
        ),
    ]


def _in_process(side: str, effort: Effort) -> dict[str, float]:
    runs = effort.runs if side == "ours" else min(effort.runs, 2)
    arguments = [side, str(effort.histograms), str(runs)]
    done = subprocess.run(
        [sys.executable, "-m", __name__, *arguments], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def label_sets(number: int) -> Iterator[tuple[str, str, str, str]]:
    """Return label sets as of many shops that run the same 25 operations each."""
    from store_exporter.metrics.catalogue.operations import OPERATION_NAMES

    for index in range(number):
        shop = index // 25
        yield (
            f"org-{shop % 100}",
            f"shop-{shop}.example.com",
            "woocommerce",
            OPERATION_NAMES[index % 25],
        )


def main(side: str, number: int, runs: int) -> None:
    from .peers import durations

    labels = list(label_sets(number))
    seconds = iter(durations(number * OBSERVATIONS))
    found = (_ours if side == "ours" else _peer)(labels, seconds, runs)
    sys.stdout.write(json.dumps(found))


def _ours(
    labels: list[tuple[str, str, str, str]], seconds: Iterator[float], runs: int
) -> dict[str, float]:
    from store_exporter import Recorder
    from store_exporter.metrics.catalogue.operations import OPERATION_LABELS
    from store_exporter.metrics.exposition import (
        render,
        render_openmetrics,
        render_protobuf,
        render_text,
    )
    from store_exporter.metrics.exposition.wire import LabelWriter

    from .sides import PROTOBUF

    before = _resident()
    recorder = Recorder(max_series=len(labels), max_series_per_org=len(labels))
    for values in labels:
        handle = recorder.operation(*values)
        for _ in range(OBSERVATIONS):
            handle.start()
            handle.finish(next(seconds))
    list(recorder.families())  # folds, as the first scrape does
    found: dict[str, float] = {"memory": _resident() - before}

    def histograms() -> Iterator[Any]:
        name = "store_operation_duration_seconds"
        return (family for family in recorder.families() if family.metric.name == name)

    # In pieces, as our endpoints send them.
    renderers: dict[str, Render] = {
        "text": lambda: list(render_text(histograms())),
        "openmetrics": lambda: list(render_openmetrics(histograms())),
        "protobuf": lambda: list(render_protobuf(histograms(), classic=False)),
        "page": lambda: render(recorder.families(), PROTOBUF, classic=False).chunks,
        "travels": lambda: render(recorder.families(), PROTOBUF, "gzip", classic=False).chunks,
    }
    # Each of the three families repeats them for each series, as the format demands.
    writer = LabelWriter(OPERATION_LABELS)
    found["labels_bytes"] = 3.0 * sum(len(writer.write(values)) for values in labels)
    return found | _exposed(renderers, runs, before)


def _peer(
    labels: list[tuple[str, str, str, str]], seconds: Iterator[float], runs: int
) -> dict[str, float]:
    from prometheus_client import (
        CollectorRegistry,
        Counter,
        Gauge,
        Histogram,
        generate_latest,
        openmetrics,
    )

    from store_exporter.metrics.catalogue.operations import LATENCY_BUCKETS, OPERATION_LABELS

    before = _resident()
    registry = CollectorRegistry()
    counter = Counter("store_operations", "Finished.", OPERATION_LABELS, registry=registry)
    gauge = Gauge("store_operations_in_progress", "Now.", OPERATION_LABELS, registry=registry)
    histogram = Histogram(
        "store_operation_duration_seconds",
        "How long.",
        OPERATION_LABELS,
        buckets=LATENCY_BUCKETS,
        registry=registry,
    )
    for values in labels:
        child, finished = histogram.labels(*values), counter.labels(*values)
        open_now = gauge.labels(*values)
        for _ in range(OBSERVATIONS):
            open_now.inc()
            child.observe(next(seconds))
            finished.inc()
            open_now.dec()
    found: dict[str, float] = {"memory": _resident() - before}
    renderers: dict[str, Render] = {
        "text": lambda: [generate_latest(registry)],
        "openmetrics": lambda: [openmetrics.exposition.generate_latest(registry)],
    }
    return found | _exposed(renderers, runs, before)


def _exposed(renderers: dict[str, Render], runs: int, before: int) -> dict[str, float]:
    renderers["text"]()
    found: dict[str, float] = {"peak": _resident("VmHWM") - before}
    for name, render in renderers.items():
        times = []
        for _ in range(runs):
            start = process_time()
            pieces = render()
            times.append(process_time() - start)
        found |= {
            name: min(times),
            f"{name}_lines": sum(piece.count(b"\n") for piece in pieces),
            f"{name}_bytes": sum(map(len, pieces)),
        }
    return found


def _resident(figure: str = "VmRSS") -> int:
    """Return the bytes of memory that this process occupies now, or (VmHWM) did at most."""
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(figure):
            return int(line.split()[1]) * 1024
    raise OSError("this system does not tell a process its memory")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
