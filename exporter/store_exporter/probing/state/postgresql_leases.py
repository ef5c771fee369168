"""Leases in PostgreSQL, for processes on several machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg

from .lease_tables import LEASES, SCHEMA, SqlLeases
from .leases import LeaseError
from .postgresql_state import connect, first_line

T = TypeVar("T")

STATEMENT_SECONDS = 3
"""Seconds that a statement may take; less than a beat."""
_MAKING = 0x53746F47


class PostgresqlLeases(SqlLeases):
    """Leases in two tables of a PostgreSQL database, created if they are missing.

    Args:
        url: `postgresql://user@host:port/database`; parameters of libpq may follow.
        password: the user's password, if any.
    """

    def __init__(self, url: str, password: str | None = None) -> None:
        super().__init__()
        self._url = url
        self._password = password
        self._connection: psycopg.Connection[Any] | None = None

    def run(self, work: Callable[[], T]) -> T:
        """Do some work in one transaction and return its result; reconnect if necessary.

        Raises:
            LeaseError: it is not possible now.
        """
        for last in (False, True):
            try:
                with self._connected().transaction():
                    return work()
            except psycopg.Error as error:
                broken = self._connection is not None and self._connection.closed
                self.close()
                if last or not broken:
                    message = f"the leases cannot be used: {first_line(error)}"
                    raise LeaseError(message) from error
        raise AssertionError("a second attempt returns or raises")

    def execute(self, statement: str, values: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        """Run a statement and return a cursor."""
        return self._connected().execute(statement.replace("?", "%s").encode(), values)

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = connect(self._url, self._password, seconds=STATEMENT_SECONDS)
            with self._connection.transaction():
                # Of several processes that start at the same time, the first creates the tables.
                self._connection.execute(b"SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
                # A user without the permission to create tables may use existing ones.
                known = self._connection.execute(b"SELECT to_regclass(%s)", (LEASES,)).fetchone()
                for statement in SCHEMA if known == (None,) else ():
                    self._connection.execute(statement.encode())
        return self._connection

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
