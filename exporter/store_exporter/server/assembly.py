"""Creates an exporter with everything it needs, and closes all of it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from ..config import Config
from ..discovery.owners_file import OwnersFile
from ..ingest.intake import Intake
from ..ingest.ledger import ReportLedger
from ..metrics.catalogue.exporter import STATE_LOSSES
from ..metrics.recorder import Recorder
from ..net.redactor import Redactor
from ..probing.changes import Changes
from ..probing.maintenance import Maintenance
from ..probing.runner import Runner
from ..probing.scheduler import Scheduler
from ..probing.state.documents import StoredDocuments
from ..probing.state.leases import LeaseHolder
from ..probing.transport import Transport
from ..stores.inventory import Shard
from .exporter import Exporter
from .process.descriptors import Shares
from .process.pushing import pushing
from .process.spans import tracing
from .state import open_leases, open_state, storage_events


@asynccontextmanager
async def ingesting(recorder: Recorder, folder: Path, holder: str) -> AsyncIterator[Intake]:
    """Count the reports of applications until the block ends, starting from totals in a folder.

    `holder` identifies this process among those that use the folder, also after a restart.

    Raises:
        LedgerError: the folder cannot be used.
    """
    lost = partial(recorder.inc, STATE_LOSSES)
    empty = recorder.no_durations()
    intake = Intake(recorder, partial(ReportLedger, folder, holder=holder, empty=empty, lost=lost))
    try:
        intake.restore()
        yield intake
    finally:
        await intake.close()


@asynccontextmanager
async def assembled(
    load: Callable[[], Config],
    *,
    config: Config | None = None,
    recorder: Recorder | None = None,
    redact: Redactor | None = None,
    shard: Shard | None = None,
    shares: Shares | None = None,
    name: str = "",
) -> AsyncIterator[Exporter]:
    """Create an exporter, and close its resources at the end. The server starts and stops it.

    `config` is the result of `load`, if that was called already. `name` distinguishes this process
    from others on the machine, also after a restart.

    Raises:
        ConfigError: the configuration has problems.
        ImportError: OTLP is requested, and its extra is not installed.
        LeaseError, LedgerError, StateError: the state, or what is beside it, cannot be used.
    """
    config = config or load()
    recorder = recorder or Recorder()
    redact = redact or Redactor()
    shard = shard or Shard()
    shares = shares or Shares()
    events = storage_events(recorder)
    async with AsyncExitStack() as cleanup:
        documents = StoredDocuments(open_state(config, events))
        cleanup.push_async_callback(documents.close)
        config.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        holder = f"{socket.gethostname()} {name} {shard.index}/{shard.count}"
        enter = cleanup.enter_async_context
        intake = await enter(ingesting(recorder, config.state_directory, holder))
        await enter(tracing("store-exporter"))
        await enter(pushing(recorder, partial(open_state, config, events)))
        lease_holder = LeaseHolder(open_leases(config))
        cleanup.push_async_callback(lease_holder.close)
        transport = Transport(lasting=shares.lasting)
        cleanup.push_async_callback(transport.close)
        changes = Changes(recorder, documents, redact=redact)
        runner = Runner(recorder, transport, documents=documents, changes=changes)
        cleanup.push_async_callback(runner.close)
        yield Exporter(
            config,
            load,
            recorder=recorder,
            scheduler=Scheduler(runner, concurrency=shares.runs),
            runner=runner,
            maintenance=Maintenance(recorder, documents),
            intake=intake,
            redact=redact,
            documents=documents,
            owners=OwnersFile(config.state_directory),
            shard=shard,
            lease_holder=lease_holder,
        )
