"""A real Prometheus: how docs/http-api.md lets it probe, and what analytics asks it."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from store_exporter.metrics.recorder import Recorder
from store_exporter.server.api import prometheus as asked
from store_exporter.server.api.analytics import Filters, Findings
from tests.server.support import Answer, configuration, exporting
from tests.servers import PrometheusFactory, eventually

GLOBAL = "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"


def scraping(url: str) -> str:
    """A configuration that scrapes one exporter."""
    target = url.removeprefix("http://")
    return f"{GLOBAL}scrape_configs: [{{job_name: a, static_configs: [{{targets: ['{target}']}}]}}]"


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
        job = job.replace("exporter.internal:10847", address)
        job = job.replace("/sd\n", "/sd\n        refresh_interval: 200ms\n")
        start = GLOBAL.replace("timeout: 200ms", "timeout: 1s").replace("200ms", "1s") + job
        server = await asyncio.to_thread(prometheus, start)

        def up() -> dict[tuple[str, str], float]:
            return {(m["org"], m["domain"]): v for m, v in server.query("store_up")}

        expected = {("acme", "shop.example.com"): 1.0, ("zen", "down.example.com"): 0.0}
        await asyncio.to_thread(eventually, up, lambda found: found == expected)


@pytest.mark.real
@pytest.mark.parametrize("native", [True, False])
async def test_analytics_sends_queries_that_prometheus_can_evaluate(
    tmp_path: Path, prometheus: PrometheusFactory, native: bool
) -> None:
    started = time.time()
    recorder = Recorder(native=native)
    ours = recorder.operation("acme", "a.example", "woocommerce", "get_cart")
    theirs = recorder.operation("zen", "z.example", "woocommerce", "get_cart")
    for handle in (ours, theirs):
        handle.start()
        handle.finish(0.5)
        handle.start()
        handle.fail(0.5, "timeout")
    async with exporting(tmp_path, configuration(), recorder=recorder) as running:
        server = await asyncio.to_thread(prometheus, scraping(running.url))
        count = partial(server.query, "count_over_time(store_operations_total[1m]) > 3")
        await asyncio.to_thread(eventually, count)
        for handle in (ours, theirs):
            for _ in range(50):
                handle.start()
                handle.fail(0.2, "timeout")
        calls = partial(server.query, 'store_operations_total{org="acme"} > 50')
        await asyncio.to_thread(eventually, calls)

        began = time.time()
        answers: list[Findings] = []

        def figures() -> tuple[float, float, float]:
            answer = asyncio.run(asked.usage(server.url, Filters("acme", days=1), time.time()))
            answers.append(answer)
            found = answer.usages
            assert {key[0] for key in found} <= {"a.example"}
            (usage,) = found.values()
            return usage.total, usage.errors["timeout"], usage.seconds

        enough = partial(eventually, figures, lambda found: found[0] > 51.9)
        total, errors, seconds = await asyncio.to_thread(enough)
    assert (round(total, 6), round(errors, 6)) == (52, 51)
    assert seconds == pytest.approx(11)
    answer = answers[-1]
    assert answer.start is not None
    assert answer.end is not None
    # To a second for each day asked.
    assert started - 1 < answer.start < began + 1
    assert began - 3 < answer.end < time.time() + 1
    assert (answer.complete, answer.partial, answer.warnings) == (False, False, [])


NAMES = (
    "lookup order",
    'a"} or {org="zen',
    "a\\",
    "a\nb\r",
    "émoji 🛒",
    "re.*",
    "$" * 256,
    "a\ufffd\u2028\u202eb",
)


@pytest.mark.real
async def test_what_only_applications_know_can_be_requested(
    tmp_path: Path, prometheus: PrometheusFactory
) -> None:
    recorder = Recorder()
    for org, domain in (("acme", "Only.In.The.App"), ("zen", "zen.example")):
        for name in NAMES:
            handle = recorder.operation(org, domain, "own platform", name)
            handle.start()
            handle.finish(0.1)
    async with exporting(tmp_path, configuration(), recorder=recorder) as running:
        job = scraping(running.url)
        # Two of one machine have names, so that both are shown the births.
        named = job.replace("job_name: a,", "job_name: a, params: {scraper: [limited]},")
        limited = await asyncio.to_thread(prometheus, named, "--query.max-samples=10")
        server = await asyncio.to_thread(prometheus, job)
        for each, question in (
            (limited, "up == 1"),
            (server, "count(store_operations_total > 0) > 13"),
        ):
            await asyncio.to_thread(eventually, partial(each.query, question))

        async def asked_for(**parameters: str) -> Answer:
            headers = {"Authorization": "Bearer token-of-acme-0123456789"}
            return await running.ask("/api/v1/analytics", params=parameters, headers=headers)

        for url, source in ((None, "process"), (server.url, "prometheus")):
            if url is not None:
                running.file.write_text(configuration(more=f"prometheus_url: {url}\n"))
                await running.exporter.reload()
            for name in NAMES:
                answer = (await asked_for(operation=name, domain="Only.In.The.App")).json
                assert answer.get("source") == source, (name, answer)
                assert answer["stats"]["operations_by_type"] == {name: 1}
            every = (await asked_for(days="90")).json
            assert every["stats"]["total_operations"] == len(NAMES)
            start, until = (datetime.fromisoformat(every[name]) for name in ("from", "until"))
            # Of 90 days there is less than a minute, found to 90 seconds.
            assert timedelta() <= until - start < timedelta(minutes=3)
            assert not every["complete"]
            unknown = await asked_for(domain="zen.example")
            assert (unknown.status, unknown.json) == (
                404,
                {"error": "there is no store of this domain"},
            )
        running.file.write_text(configuration(more=f"prometheus_url: {limited.url}\n"))
        await running.exporter.reload()
        refused = await asked_for()
        assert (refused.status, refused.json) == (
            502,
            {"error": "Prometheus responded with status 422 (execution)"},
        )
