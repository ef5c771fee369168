"""The dashboards on what the demo really emits: exporter, stores, shoppers, Prometheus."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from store_demo.scene import CHECK
from store_demo.slack import SlackReceiver
from store_demo.stack import running
from store_exporter.metrics.catalogue import operations
from store_exporter.mixin import dashboards, slo
from tests.mixin.panels import Source, proof
from tests.servers import tool

pytestmark = pytest.mark.real


@pytest.mark.timeout(180)
async def test_every_panel_shows_what_the_demo_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {str(Path(tool(name)).parent) for name in ("prometheus", "alertmanager")}
    monkeypatch.setenv("PATH", os.pathsep.join([*folders, os.environ["PATH"]]))
    async with running(CHECK, tmp_path, SlackReceiver()) as stack:
        url = stack.addresses["prometheus"]
        # The last series to come: sums over days, of recorded hours, of recorded minutes.
        ready = f"{slo.BUDGET} <= 1"
        async with asyncio.timeout(90):
            while not await asyncio.to_thread(found, url, ready):  # noqa: ASYNC110 (no event here)
                await asyncio.sleep(1)
        # The synthetic history has classic histograms; here it is native ones, and nothing else.
        duration = operations.OPERATION_DURATION.name
        assert await asyncio.to_thread(found, url, f"histogram_count({duration})")
        assert not await asyncio.to_thread(found, url, f"{duration}_bucket")
        problems = await asyncio.to_thread(lambda: proof(Source(url), dashboards.pages()))
    assert not problems, "\n".join(map(str, problems))


def found(url: str, query: str) -> bool:
    """Whether a query has a result."""
    return bool(Source(url).get("/api/v1/query", {"query": query})["result"])
