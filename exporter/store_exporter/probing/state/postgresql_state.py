"""Documents in PostgreSQL, shared by processes on several machines."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from ...metrics.catalogue.values import StateErrorReason
from .sql_state import SqlState
from .sql_tables import DOCUMENTS, NOTES, VERSION
from .storage import StateError, StateUnavailableError, StorageEvents

T = TypeVar("T")

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5
"""Seconds that connecting may take."""
STATEMENT_SECONDS = 10
"""Seconds that a statement may take, also if the server does not acknowledge it."""
LONGEST_PAUSE = 30.0
"""Maximum seconds between attempts to connect, while they fail."""
_SCHEMA = (
    (
        f"CREATE TABLE {DOCUMENTS} "
        "(org text NOT NULL, platform text NOT NULL, domain text NOT NULL, "
        "address text NOT NULL, collector text NOT NULL, key_checksum bytea NOT NULL, "
        "used bigint NOT NULL, revision bigint NOT NULL, checksum bytea NOT NULL, "
        "document bytea NOT NULL, PRIMARY KEY (org, platform, domain, address, collector))"
    ),
    f"CREATE TABLE {NOTES} (name text PRIMARY KEY, value bigint NOT NULL)",
)
_IN_USE = 0x53746F45
_MAKING = _IN_USE + 1


def connect(
    url: str, password: str | None, *, seconds: int = STATEMENT_SECONDS
) -> psycopg.Connection[Any]:
    """Connect to a database that accepts writes.

    Args:
        url: `postgresql://user@host:port/database`; parameters of libpq may follow.
        password: the user's password, if any.
        seconds: limit on a statement, on the wait for the server's acknowledgement, and on the
            time for which the transaction of a stopped process keeps its locks.

    Raises:
        psycopg.Error: no connection is possible.
    """
    configured = psycopg.conninfo.conninfo_to_dict(url)
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    limits = " ".join(f"-c {name}={seconds}s" for name in names)
    parameters: dict[str, Any] = {
        "connect_timeout": min(CONNECT_SECONDS, seconds),
        "tcp_user_timeout": seconds * 1000,
        "keepalives_idle": seconds,
        "application_name": "store-exporter",
        "target_session_attrs": "read-write",
        **configured,
        "options": " ".join(filter(None, (limits, str(configured.get("options") or "")))),
    }
    if password is not None:
        parameters["password"] = password
    return psycopg.connect("", autocommit=True, **parameters)


class PostgresqlState(SqlState):
    """Documents in two tables of a PostgreSQL database, created if they are missing.

    It connects when it is first used, and again after the connection broke. Between two attempts
    to connect, every call fails at once, so that nobody waits for a database that is down.

    Args:
        url: `postgresql://user@host:port/database`; parameters of libpq may follow.
        password: the user's password, if any.
        events: called for damaged or unused documents.
        now: Unix time.
        monotonic: seconds of a monotonic clock.
        alone: whether to refuse a state that another process uses.
    """

    handle = "ctid::text"

    def __init__(
        self,
        url: str,
        password: str | None = None,
        *,
        events: StorageEvents | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        alone: bool = False,
    ) -> None:
        super().__init__(events or StorageEvents(), now)
        self._url = url
        self._password = password
        self._monotonic = monotonic
        self._alone = alone
        self._connection: psycopg.Connection[Any] | None = None
        self._closed = False
        self._refused: StateUnavailableError | None = None
        self._again = 0.0
        self._pause = 1.0

    def run(self, work: Callable[[], T], *, write: bool = True) -> T:
        """Do some work in a transaction and return its result; see `SqlTables.run`.

        Raises:
            StateError: another process uses the state although `alone` is set.
            StateUnavailableError: it is not possible now.
        """
        for last in (False, True):
            connection = self._connected()
            try:
                if not write:
                    return work()
                with connection.transaction():
                    return work()
            except errors.UndefinedTable as error:
                log.error(
                    "the tables of the state are gone (%s); new ones are made", first_line(error)
                )
                self.events.lost()
                self._drop()
                if last:
                    raise _unavailable(error) from error
            except psycopg.Error as error:
                broken = connection.broken or connection.closed
                # After a failover, another server accepts writes.
                self._drop()
                # The commit may have succeeded; the revision of each document shows it.
                if last or not broken:
                    raise _unavailable(error) from error
        raise AssertionError("a second attempt returns or raises")

    def execute(self, statement: str, values: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        """Run a statement and return a cursor."""
        return self._connected().execute(statement.replace("?", "%s").encode(), values, binary=True)

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is not None:
            return self._connection
        if self._closed:
            raise StateUnavailableError(StateErrorReason.UNAVAILABLE, "the state is closed")
        if self._refused is not None and self._monotonic() < self._again:
            raise StateUnavailableError(self._refused.reason, self._refused.message)
        try:
            connection = self._connect()
        except (psycopg.Error, StateError) as error:
            if self._alone and isinstance(error, StateError):
                raise
            self._again = self._monotonic() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            self._refused = _unavailable(error)
            raise self._refused from error
        self._refused, self._pause = None, 1.0
        return connection

    def _connect(self) -> psycopg.Connection[Any]:
        connection = connect(self._url, self._password)
        self._connection = connection
        try:
            self._lock_state(connection)
            with connection.transaction():
                self._prepare(connection)
                self.verify()
        except BaseException:
            self._drop()
            raise
        return connection

    def _lock_state(self, connection: psycopg.Connection[Any]) -> None:
        """Lock the state as in use until the connection ends."""
        shared = "" if self._alone else "_shared"
        query = f"SELECT pg_try_advisory_lock{shared}({_IN_USE})".encode()
        if not _value(connection.execute(query)):
            message = "the state is in use; end the exporters or commands that use it first"
            raise StateError(message)

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        """Create the tables if they are missing; of several processes, the first one does."""
        connection.execute(b"SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
        if _value(connection.execute(b"SELECT to_regclass(%s)", (DOCUMENTS,))) is None:
            for statement in _SCHEMA:
                connection.execute(statement.replace("TABLE", "TABLE IF NOT EXISTS").encode())
        version = self.note("version")
        if version is None:
            self.set_note("version", VERSION)
        elif version != VERSION:
            raise StateError(
                f"the tables of the state are of version {version} and not {VERSION}; rename or "
                "drop them, or give this exporter another schema"
            )

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close the connection for good."""
        self._closed = True
        self._drop()


def _value(cursor: psycopg.Cursor[Any]) -> Any:
    row = cursor.fetchone()
    return row[0] if row else None


def _unavailable(error: psycopg.Error | StateError) -> StateUnavailableError:
    full = isinstance(error, errors.DiskFull)
    message = f"PostgreSQL cannot be used for the state: {first_line(error)}"
    return StateUnavailableError(
        StateErrorReason.FULL if full else StateErrorReason.UNAVAILABLE, message
    )


def first_line(error: Exception) -> str:
    """Return the first line of an exception's message; its class if it has none."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]
