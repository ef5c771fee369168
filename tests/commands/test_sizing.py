"""`store-exporter sizing` against what a real Prometheus stores."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from store_exporter import cli
from store_exporter.commands import sizing
from store_exporter.metrics.recorder import Recorder
from store_exporter.mixin import series
from store_exporter.mixin.policy import SLO_WINDOW
from store_exporter.mixin.rules import payments, slo
from tests.mixin.conftest import write_rules
from tests.mixin.test_longterm import blocks
from tests.server.conftest import environ, shop, shop_url
from tests.server.support import configuration, exporting
from tests.servers import Server, eventually, prometheus

__all__ = ["environ", "shop", "shop_url"]

STORES, OPERATIONS, ERRORS = 4, 8, 2


def by_part(found: dict[str, int]) -> Counter[str]:
    """How many series each part of the computation has, from how many each name has."""
    stored = Counter[str]()
    for name, count in found.items():
        part = "recorded" if ":" in name else "stores"
        if name.startswith("store_listed"):
            part = "their lists"
        if name.startswith("store_operation"):
            whole = name == "store_operation_duration_seconds"
            part = "their histograms" if whole else "operations"
        stored[part] += count
    return stored


def by_name(server: Server) -> dict[str, int]:
    """How many series of stores there are of each name."""
    names = server.query('count by (__name__) ({__name__=~".*store_.*", domain!=""})')
    return {labels["__name__"]: int(count) for labels, count in names}


def is_as_computed(fleet: sizing.Fleet, found: dict[str, int]) -> bool:
    """Whether rules have recorded as many series as computed.

    Those that are not there look back for longer than a test lasts, or only say what is wrong.
    """
    rules = Counter[str]()
    for name, count, _ in sizing.recorded(fleet):
        rules[name] += count
    there = rules.keys() & found.keys()
    return len(there) > 40 and all(found[name] == rules[name] for name in there)


@pytest.mark.real
@pytest.mark.parametrize("native", [True, False], ids=["native", "classic"])
async def test_there_are_as_many_series_as_computed(
    tmp_path: Path, shop_url: str, environ: dict[str, str], native: bool
) -> None:
    domains = [f"shop{number}.example.com" for number in range(STORES)]
    recorder = Recorder()
    text = configuration(*(("acme", domain, shop_url) for domain in domains))
    write_rules(tmp_path / "rules")
    async with exporting(tmp_path, text, environ=environ, recorder=recorder) as running:
        await running.scheduler.run()
        store = running.exporter.inventory.fleet[domains[0]]
        fleet = sizing.Fleet(STORES, OPERATIONS, ERRORS, native=native, store=store)
        params = ", params: {classic_histograms: ['false']}" if native else ""
        protocols = "" if native else ", scrape_protocols: [PrometheusText0.0.4]"
        config = f"""
            global: {{scrape_interval: 1s, evaluation_interval: 1s}}
            rule_files: ["rules/*.yml"]
            scrape_configs:
              - {{job_name: a{params}{protocols}, static_configs: [{{targets: ["{
            running.url.removeprefix("http://")
        }"]}}]}}
        """
        context = prometheus(config, tmp_path)
        server = await asyncio.to_thread(context.__enter__)
        try:
            calls(recorder, domains)
            for name, number in (
                (series.STORE_QUANTILE, STORES),
                (slo.BUDGET, STORES * 3),
                (slo.burn_rate("1h"), STORES * 3),
                (slo.up_to_hour(slo.bad_in(SLO_WINDOW)), STORES * 3),
            ):
                last = partial(server.query, f"count({name}) == {number}")
                await asyncio.to_thread(partial(eventually, last))
            # Groups are evaluated one after the other, so one name may be there before another.
            found = await asyncio.to_thread(
                eventually, partial(by_name, server), partial(is_as_computed, fleet)
            )
        finally:
            await asyncio.to_thread(context.__exit__, None, None, None)
    stored = by_part(found)
    computed = {part.name: part.series for part in sizing.parts(fleet)}
    assert stored["operations"] == computed["operations"]
    assert stored["their histograms"] == computed["their histograms"]
    # No shop has everything, and connections that are kept have fewer phases.
    assert 0.8 * computed["stores"] <= stored["stores"] <= computed["stores"]
    # The simulated shop's lists are not all full.
    assert 0.7 * computed["their lists"] <= stored["their lists"] <= computed["their lists"]


def calls(recorder: Recorder, domains: list[str]) -> None:
    """Run every operation of every store, well and badly."""
    for domain in domains:
        for number in range(OPERATIONS):
            handle = recorder.operation("acme", domain, "woocommerce", f"own_{number}")
            for error in (None, "timeout", "dns")[: ERRORS + 1]:
                handle.start()
                handle.finish(0.1) if error is None else handle.fail(0.2, error)


@pytest.mark.real
def test_a_sample_takes_as_many_bytes_as_computed(tmp_path: Path) -> None:
    start = int(time.time()) // 7200 * 7200 - 40 * 7200
    blocks(tmp_path, two_hours(start))
    (block,) = (tmp_path / "prometheus").glob("*/meta.json")
    samples = json.loads(block.read_text())["stats"]["numSamples"]
    size = sum(path.stat().st_size for path in block.parent.rglob("*") if path.is_file())
    assert size / samples == pytest.approx(sizing.SCRAPED_BYTES, rel=0.35)


def two_hours(start: int) -> Iterator[str]:
    """Counters that are used more or less, gauges of which a quarter moves."""
    rng = random.Random(1)
    yield "# TYPE store_operations counter"
    for number in range(150):
        value, busy = 0, rng.choice((0.01, 0.1, 0.5))
        for at in range(start, start + 7200, 15):
            value += rng.random() < busy
            yield f"store_operations_total{{{labels(number)}}} {value} {at + number / 1000:.3f}"
    yield "# TYPE store_probe_last gauge"
    for number in range(350):
        figure, moves = rng.random(), number % 4 == 0
        for at in range(start, start + 7200, 15):
            if moves and at % 60 == 0:
                figure = rng.random()
            yield f"store_probe_last{{{labels(number)}}} {figure} {at + number / 1000:.3f}"


def labels(number: int) -> str:
    return (
        f'org="acme",domain="shop{number // 8}.example.com",platform="woocommerce",'
        f'operation="operation_{number % 8}"'
    )


def test_sizes_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sizing", "--stores=1000"]) == 0
    assert "in all" in capsys.readouterr().out


def test_the_stores_of_a_configuration_are_counted_without_its_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "found.json").write_text('[{"targets": ["c.example", "d.example"]}]')
    kind = "org: acme, platform: woocommerce"
    keys = "credentials: {consumer_key: 'file:{domain}/key', consumer_secret: 'file:{domain}/own'}"
    listed = ", ".join(f"{{domain: {name}.example, {kind}, {keys}}}" for name in "ab")
    text = f"orgs: [{{org: acme}}]\nstores: [{listed}]\n"
    found = f"discovery: [{{files: [found.json], {kind}, store: {{{keys}}}}}]\n"
    for number, written in ((2, text), (4, text + found)):
        (tmp_path / "own.yml").write_text(written)
        assert cli.main(["sizing", f"--config.file={tmp_path}/own.yml"]) == 0
        counted = capsys.readouterr().out
        assert cli.main(["sizing", f"--stores={number}"]) == 0
        assert counted == capsys.readouterr().out


def test_a_configuration_without_stores_has_no_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.yml").write_text("orgs: []\n")
    assert cli.main(["sizing", f"--config.file={tmp_path}/own.yml"]) == 1
    assert "has no stores; --stores supplies a number" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "many", "99999999"])
def test_no_number_of_stores_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["sizing", f"--stores={number}"])
    assert "not a whole number from 1 to 10,000,000" in capsys.readouterr().err


def test_a_rule_makes_a_series_of_each_payment_method_and_result() -> None:
    counts = {name: count for name, count, _ in sizing.recorded(sizing.Fleet(10))}
    assert counts[series.PAYMENTS_RECENT] == 10 * 3 * 2
    assert counts[payments.METHOD_WEEK] == 10 * 3


def test_a_larger_fleet_needs_as_much_more() -> None:
    one, ten = (sizing.parts(sizing.Fleet(stores)) for stores in (100, 1000))
    assert [10 * part.series for part in one] == [part.series for part in ten]
