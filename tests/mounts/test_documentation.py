"""Every Python block of README.md, docs/exposition.md and docs/otlp.md runs as it stands."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter import default_recorder
from store_exporter.metrics.scrapers import Scraper

ROOT = Path(__file__).parents[2]
SHOP = "https://shop.acme.example"


def blocks(*pages: str) -> Iterator[str]:
    for page in pages:
        yield from re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


FOUND = list(blocks("README.md", "docs/exposition.md", "docs/otlp.md"))


@pytest.mark.parametrize(
    "block",
    [block for block in FOUND if SHOP + '"' not in block and "last_look(30)  #" not in block],
    ids=lambda block: block.strip().splitlines()[-1].strip(),
)
def test_a_block_runs(block: str) -> None:
    done = run(block)
    assert (done.returncode, done.stderr) == (0, "")


def run(block: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        # Nothing is pushed while the pages are read.
        env={**os.environ, "OTEL_METRICS_EXPORTER": "none", **environ},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


async def test_the_blocks_that_ask_a_store_run_against_one() -> None:
    shop = SimulatedWooCommerce("shop.acme.example", currency="EUR", seed=5)
    key = shop.keys.read_write
    asking = [block for block in FOUND if SHOP + '"' in block]
    assert asking
    async with shop.serve() as url:
        for block in asking:
            done = await asyncio.to_thread(
                run,
                block.replace(SHOP, url),
                ACME_KEY=key.consumer_key,
                ACME_SECRET=key.consumer_secret,
            )
            assert (done.returncode, done.stderr) == (0, "")


def test_the_last_look_waits_for_the_scraper() -> None:
    (block,) = [block for block in FOUND if "last_look(30)  #" in block]
    ended = threading.Event()

    def scrape() -> None:
        while not ended.wait(0.05):
            default_recorder().scrape(Scraper(name="a", timeout=1.0)).complete()

    scraper = threading.Thread(target=scrape)
    scraper.start()
    try:
        exec(block, {})  # noqa: S102 - the project's own documentation
    finally:
        ended.set()
        scraper.join()
