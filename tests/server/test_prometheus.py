"""A real Prometheus: how docs/http-api.md lets it probe, and what analytics asks it."""

from __future__ import annotations

import asyncio
import re
import time
from functools import partial
from pathlib import Path

import pytest

from store_exporter.metrics.recorder import Recorder
from store_exporter.server import prometheus as asked
from store_exporter.server.analytics import Filters
from tests.server.support import configuration, exporting
from tests.servers import PrometheusFactory, eventually

GLOBAL = "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"


@pytest.mark.real
async def test_the_documented_job_probes_every_store(
    tmp_path: Path,
    repository: Path,
    shop_url: str,
    environ: dict[str, str],
    prometheus: PrometheusFactory,
) -> None:
    page = (repository / "docs" / "http-api.md").read_text("utf-8")
    (job,) = re.findall(r"```yaml\n(scrape_configs:.*?)```", page, re.DOTALL)
    stores = [
        ("acme", "shop.example.com", shop_url),
        ("zen", "down.example.com", "http://127.0.0.1:9"),
    ]
    text = configuration(*stores, keys="    requests_per_hour: 100000\n")
    async with exporting(tmp_path, text, environ=environ) as running:
        address = running.url.removeprefix("http://")
        job = job.replace("exporter.internal:9847", address)
        job = job.replace("/sd\n", "/sd\n        refresh_interval: 200ms\n")
        start = GLOBAL.replace("timeout: 200ms", "timeout: 1s").replace("200ms", "1s") + job
        server = await asyncio.to_thread(prometheus, start)

        def up() -> dict[tuple[str, str], float]:
            return {(m["org"], m["domain"]): v for m, v in server.query("store_up")}

        expected = {("acme", "shop.example.com"): 1.0, ("zen", "down.example.com"): 0.0}
        await asyncio.to_thread(eventually, up, lambda found: found == expected)


@pytest.mark.real
@pytest.mark.parametrize("native", [True, False])
async def test_analytics_asks_what_prometheus_can_answer(
    tmp_path: Path, prometheus: PrometheusFactory, native: bool
) -> None:
    recorder = Recorder(native=native)
    ours = recorder.operation("acme", "a.example", "woocommerce", "get_cart")
    theirs = recorder.operation("zen", "z.example", "woocommerce", "get_cart")
    for handle in (ours, theirs):
        handle.start()
        handle.finish(0.5)
        handle.start()
        handle.fail(0.5, "timeout")
    async with exporting(tmp_path, configuration(), recorder=recorder) as running:
        target = running.url.removeprefix("http://")
        job = f"scrape_configs: [{{job_name: a, static_configs: [{{targets: ['{target}']}}]}}]"
        server = await asyncio.to_thread(prometheus, GLOBAL + job)
        count = partial(server.query, "count_over_time(store_operations_total[1m]) > 3")
        await asyncio.to_thread(eventually, count)
        for handle in (ours, theirs):
            for _ in range(50):
                handle.start()
                handle.fail(0.2, "timeout")
        calls = partial(server.query, 'store_operations_total{org="acme"} > 50')
        await asyncio.to_thread(eventually, calls)

        def figures() -> tuple[float, float, float]:
            answer = asyncio.run(asked.usage(server.url, Filters("acme", days=1), time.time()))
            found = answer.usages
            assert {key[0] for key in found} <= {"a.example"}
            (usage,) = found.values()
            return usage.total, usage.errors["timeout"], usage.seconds

        enough = partial(eventually, figures, lambda found: found[0] > 51.9)
        total, errors, seconds = await asyncio.to_thread(enough)
    assert (round(total, 6), round(errors, 6)) == (52, 51)
    assert seconds == pytest.approx(11)
