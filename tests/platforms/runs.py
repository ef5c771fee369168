"""Probes and collectors run as the exporter runs them, over real connections."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from store_exporter.metrics.recorder import Recorder
from store_exporter.probing.jobs import Job, jobs_of
from store_exporter.probing.results.result import Result
from store_exporter.probing.runner import Runner
from store_exporter.probing.state.documents import StoredDocuments
from store_exporter.probing.state.sqlite_state import SqliteState
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Store


def job(store: Store, name: str) -> Job:
    return next(job for job in jobs_of(store) if job.name == name)


def values(recorder: Recorder, name: str) -> dict[tuple[str, ...], float]:
    """The figures of a metric by the values of its own labels."""
    for family in recorder.families():
        if family.metric.name == name:
            return {labels[3:]: value for labels, value in family.series}  # type: ignore[misc]
    return {}


@asynccontextmanager
async def running(recorder: Recorder, folder: Path | None = None) -> AsyncIterator[Runner]:
    """A runner whose state is in the folder; leaving it is the end of the process."""
    transport = Transport()
    documents = StoredDocuments(SqliteState(folder)) if folder is not None else None
    try:
        yield Runner(recorder, transport, documents=documents)
    finally:
        if documents is not None:
            await documents.close()
        await transport.close()


async def run(runner: Runner, work: Job) -> Result:
    """Run a job; a run that the load of this machine ends says nothing, and is repeated."""
    for _ in range(5):
        result = await runner.run_anyway(work)
        assert isinstance(result, Result)
        if result.skipped != "local":
            break
    return result
