"""The page about journeys through the code lists what is called, in the order in which it is."""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import store_exporter
from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.config import load
from store_exporter.metrics.exposition import render
from store_exporter.metrics.recorder import Recorder
from store_exporter.mixin import dashboards
from store_exporter.mixin.dashboards.pages import shop as shop_page
from store_exporter.operations.track import track
from store_exporter.probing.jobs import Job, jobs_of
from store_exporter.probing.results.result import Result
from tests.commands.shops import configure
from tests.docs.blocks import ROOT
from tests.platforms.runs import running

PACKAGE = Path(store_exporter.__file__).parent
Journey = Callable[[Path], Awaitable[None]]


@contextmanager
def recorded(calls: list[str]) -> Iterator[None]:
    """Record the calls of functions of the package, in their order."""

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(f"{PACKAGE}/"):
            module = code.co_filename.removeprefix(f"{PACKAGE}/")
            calls.append(f"{module} {code.co_qualname}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)


async def probed(folder: Path, calls: list[str], check: str) -> None:
    """Read a configuration, run a check of its store, sell something, run it again, and scrape."""
    shop = SimulatedWooCommerce("shop.example.com", orders=3)
    recorder = Recorder()
    async with shop.serve() as url, running(recorder, folder) as runner:
        file = configure(folder, shop, url)

        def work() -> Job:
            config = load(file)
            return next(job for job in jobs_of(config.stores[0]) if job.name == check)

        if check == "orders":
            # The first run begins to count.
            await runner.run(work())
            shop.new_order("processing", total="10")
        with recorded(calls):
            result = await runner.run(work())
            render(recorder.families())
    assert isinstance(result, Result)
    assert result.ok


async def liveness(folder: Path, calls: list[str]) -> None:
    await probed(folder, calls, "liveness")


async def order(folder: Path, calls: list[str]) -> None:
    await probed(folder, calls, "orders")


async def tracked(_: Path, calls: list[str]) -> None:
    recorder = Recorder()
    with recorded(calls):
        measured = track(
            "check_stock",
            org="acme",
            domain="shop.example.com",
            platform="woocommerce",
            recorder=recorder,
        )
        measured(lambda: None)()
        render(recorder.families())


async def drawn(_: Path, calls: list[str]) -> None:
    with recorded(calls):
        dashboards.documents(of=[shop_page.PAGE])


JOURNEYS = {
    "From YAML to the result of a probe": liveness,
    "From a result to a line of metrics": liveness,
    "From `track` to the exposition": tracked,
    "From an order to `store_revenue_total`": order,
    "From the catalogue to a panel": drawn,
}


def sections() -> dict[str, str]:
    """The page's sections by their headings."""
    _, *found = (ROOT / "docs/architecture/journeys.md").read_text("utf-8").split("\n## ")
    return dict(section.split("\n", 1) for section in found)


def test_every_journey_of_the_page_is_made() -> None:
    assert sections().keys() == JOURNEYS.keys()


@pytest.mark.parametrize("heading", JOURNEYS)
async def test_a_journey_makes_the_calls_of_its_table_in_their_order(
    heading: str, tmp_path: Path
) -> None:
    rows = re.findall(r"^\| `(\S+\.py)` \| `(\S+)` \|", sections()[heading], re.MULTILINE)
    listed = [f"{module} {function}" for module, function in rows]
    calls: list[str] = []
    await JOURNEYS[heading](tmp_path, calls)
    assert len(listed) > 5
    assert set(listed) <= set(calls)
    later = iter(calls)
    assert [call for call in listed if call not in later] == []
