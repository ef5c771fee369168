"""Every probe, collector and diagnosis succeeds on a store that is well."""

from __future__ import annotations

import pytest

from store_exporter.commands.doctor import examine
from store_exporter.metrics.recorder import Recorder
from store_exporter.platforms import base
from store_exporter.probing.jobs import jobs_of
from store_exporter.probing.runner import Runner
from store_exporter.probing.transport import Transport

from .target import Target


def test_every_platform_has_exactly_one_liveness_probe() -> None:
    for name in base.names():
        liveness = [probe for probe in base.load(name).probes.values() if probe.liveness]
        assert len(liveness) == 1, name


async def test_every_probe_and_collector_succeeds(target: Target) -> None:
    recorder, transport = Recorder(), Transport()
    runner = Runner(recorder, transport)
    failed = {}
    try:
        for job in jobs_of(target.store):
            result = await runner.run_anyway(job)
            if not result.ok:
                failed[job.name] = f"{result.error_type}: {result.message} {result.lines}"
    finally:
        await transport.close()
    assert failed == {}
    names = {family.metric.name for family in recorder.families() if list(family.series)}
    assert {"store_up", "store_probe_success", "store_info", "store_health"} <= names


async def test_the_diagnosis_finds_nothing_that_fails(target: Target) -> None:
    transport = Transport()
    try:
        findings = await examine(target.store, transport)
    finally:
        await transport.close()
    assert findings
    failing = [f"{f.check}: {f.message}" for f in findings if f.state == "fail"]
    if target.real and failing:
        pytest.xfail("; ".join(failing))
    assert failing == []
