"""What an exporter pushes of reported calls, which go on after it was killed and began again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.commands.serving import served
from tests.ingest.support import PATH, TOKEN, call, reporting
from tests.metrics.otlp.receiver import Receiver, attributes, http_receiver
from tests.server.support import ENVIRON
from tests.servers import eventually
from tests.test_extras import GONE, INSTALL

ADVICE = f"receiving by OTLP needs google.protobuf: {INSTALL}"


@pytest.mark.parametrize("temporality", ["delta", "cumulative"])
async def test_a_restart_makes_no_total_an_increase(tmp_path: Path, temporality: str) -> None:
    (tmp_path / "store-exporter.yml").write_text(reporting())
    with http_receiver() as receiver:
        environ = {
            **ENVIRON,
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "OTEL_METRIC_EXPORT_INTERVAL": "200",
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": temporality,
            "OTEL_RESOURCE_ATTRIBUTES": "service.instance.id=one",
        }
        for calls in (2, 4):
            async with served(tmp_path, environ=environ) as (process, address, _log):
                await report(address)
                await asyncio.to_thread(
                    eventually, lambda calls=calls: pushed(receiver, temporality) == calls
                )
                process.kill()
        # The same series all the time: it began once.
        starts = {point.start_time_unix_nano for point in points(receiver)}
    assert len(starts) == 1 or temporality == "delta"


async def test_without_the_extra_it_is_in_the_response_and_once_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "store-exporter.yml").write_text(reporting())
    (tmp_path / "sitecustomize.py").write_text(GONE.format(name="google.protobuf"))
    environ = {**ENVIRON, "PYTHONPATH": str(tmp_path)}
    async with (
        served(tmp_path, environ=environ) as (_process, address, log),
        aiohttp.ClientSession() as session,
    ):
        for _ in range(2):
            async with session.post(address + "/v1/metrics") as answer:
                assert (answer.status, await answer.text()) == (501, f"{ADVICE}\n")
    [line] = [line for line in "".join(log).splitlines() if ADVICE in line]
    assert "level=warn " in line


def points(receiver: Receiver) -> list[Any]:
    found = receiver.points("store.operations")
    return [point for point in found if attributes(point)["operation"] == "get_cart"]


def pushed(receiver: Receiver, temporality: str) -> float:
    values = [point.as_double for point in points(receiver)]
    return sum(values) if temporality == "delta" else max(values, default=0)


async def report(address: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(address + PATH, data=json.dumps([call()] * 2), headers=headers) as answer,
    ):
        assert answer.status == 200
