"""A Prometheus that holds weeks of synthetic figures and evaluates the generated rules."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from store_exporter.mixin import series
from store_exporter.mixin.files import as_yaml
from store_exporter.mixin.rules import recording, slo
from tests import servers
from tests.mixin import synthetic

CONFIG = """
    global: {evaluation_interval: 1s, scrape_interval: 1s}
    rule_files: ["rules/*.yml"]
"""


@pytest.fixture(scope="package")
def history(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[servers.Server, float]]:
    """The server, and the moment to ask it about: its figures end there, tests may run later."""
    servers.tool("prometheus")
    directory = tmp_path_factory.mktemp("history")
    now = int(time.time())
    synthetic.write_blocks(directory, now)
    write_rules(directory / "rules")
    with servers.prometheus(CONFIG, directory, "--storage.tsdb.retention.time=90d") as server:
        last = (slo.BUDGET, series.STORE_QUANTILE, series.LATENCY_NORMAL, series.STORE_SUCCESS)
        for name in (*last, f"({series.TROUBLE} >= {recording.PAGED} < {recording.DOWN})"):
            servers.eventually(partial(server.query, f"timestamp({name}) > {now}"))
        recorded = time.time()
        # Once more, so that every rule has read what the others recorded.
        servers.eventually(partial(evaluated, server), lambda since: since > recorded)
        asked = time.time()
        # Every second they would take a third of a processor for as long as the server is there.
        write_rules(directory / "rules", "1h")
        server.reload()
        yield server, asked


def evaluated(server: servers.Server) -> float:
    """Since when every group of rules has been evaluated, in Unix time."""
    groups = server.json("/api/v1/rules")["data"]["groups"]
    return min(datetime.fromisoformat(each["lastEvaluation"]).timestamp() for each in groups)


def write_rules(directory: Path, interval: str = "1s") -> None:
    """Write the rules, all of them evaluated at such an interval, and alerts that fire for all."""
    directory.mkdir(exist_ok=True)
    # Of every store, of one store that is up, and of the exporter's process. They go on firing
    # when the figures have ended: a test may come later than Prometheus looks back (5 minutes).
    firing = [
        {"alert": name, "expr": f"last_over_time({of}[1d]) >= 0", "labels": {"severity": severity}}
        for name, of, severity in (
            ("StoreFires", series.STORE_UP, "info"),
            ("StorePages", f'{series.STORE_UP}{{domain="{synthetic.PAGED}"}}', "critical"),
            ("ProcessFires", "up", "warning"),
        )
    ]
    # Of no store alone, and of no process.
    for name, severity in (("StoresDown", "critical"), ("StoreMetricsAbsent", "critical")):
        firing.append({"alert": name, "expr": "vector(1)", "labels": {"severity": severity}})
    everything = {"groups": [{"name": "firing", "rules": firing}]}
    documents = (
        ("recording", recording.document()),
        ("slo", slo.document()),
        ("alerts", everything),
    )
    for name, document in documents:
        for group in document["groups"]:
            group["interval"] = interval
        (directory / f"{name}.yml").write_text(as_yaml(document), encoding="utf-8")
