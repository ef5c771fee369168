"""Opens the state and the leases of an exporter."""

from __future__ import annotations

from functools import partial

from ..config import Config
from ..metrics.catalogue.exporter import STATE_LEFT_BEHIND, STATE_LOSSES
from ..metrics.recorder import Recorder
from ..probing.state.lease_tables import SqliteLeases, SqlLeases
from ..probing.state.sql_state import SqlState
from ..probing.state.sqlite_state import SqliteState
from ..probing.state.storage import StorageEvents


def open_state(
    config: Config, events: StorageEvents | None = None, *, alone: bool = False
) -> SqlState:
    """Open the state of a configuration.

    Args:
        config: says where the state is.
        events: called for damaged or unused state.
        alone: whether no other process may use it meanwhile.

    Raises:
        ModuleNotFoundError: the extra `postgresql` is not installed.
        StateError: the state cannot be used.
    """
    database = config.state_database
    if database is None:
        return SqliteState(config.state_directory, events=events, alone=alone)
    from ..probing.state.postgresql_state import PostgresqlState

    password = database.password.reveal() if database.password else None
    return PostgresqlState(database.url, password, events=events, alone=alone)


def open_leases(config: Config) -> SqlLeases:
    """Open the leases, which are stored beside the state.

    Raises:
        LeaseError: the folder cannot be used.
        ModuleNotFoundError: the extra `postgresql` is not installed.
    """
    database = config.state_database
    if database is None:
        return SqliteLeases(config.state_directory)
    from ..probing.state.postgresql_leases import PostgresqlLeases

    return PostgresqlLeases(database.url, database.password.reveal() if database.password else None)


def storage_events(recorder: Recorder) -> StorageEvents:
    """Return functions that count damage and publish unused state."""

    def left_behind(count: int) -> None:
        recorder.set(STATE_LEFT_BEHIND, (), count)

    return StorageEvents(partial(recorder.inc, STATE_LOSSES), left_behind)
