"""Converts the rows of a file to a folder of samples and a list of rejected rows."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from . import samples
from .calls import ImportedCall, RowReader
from .files import FileError, TableRow, rows
from .ledger import SLOT, CallLedger
from .tenants import RowError

REJECTED = "rejected.jsonl"
"""The file of rejected rows, with their lines and the reasons."""
_LEDGER = "rows.sqlite"
_BATCH = 5000
_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"(\xb5/\xfd")
"""How files of gzip, zip and zstd begin."""


@dataclass(slots=True)
class Tally:
    """How many rows were imported, and how many were not and why.

    Attributes:
        taken: rows that are in the samples.
        twice: rows with the id of an earlier row.
        later: rows from the time at which the live figures begin.
        rejected: rows that cannot be imported.
    """

    taken: int = 0
    twice: int = 0
    later: int = 0
    rejected: int = 0
    months: int = 0

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self.taken + self.twice + self.later + self.rejected


@dataclass(frozen=True, slots=True)
class Import:
    """One run of the import.

    Attributes:
        reader: turns rows into calls.
        before: Unix time; rows of this time or later are left out.
        until: Unix time, not earlier than `before`; no sample is more than a slot later.
        folder: an empty folder, which the run fills.
        report: called now and then with the number of rows and of bytes that were read.
    """

    reader: RowReader
    before: float
    until: float
    folder: Path
    report: Callable[[int, int], None]

    def run(self, file: Path, form: str) -> Tally:
        """Read a file and write the samples.

        Raises:
            FileError: it is not an export of that table, or has no rows.
            OSError: a file cannot be read or written.
            sqlite3.Error: the disk is full.
        """
        tally = Tally()
        ledger_file, rejected_file = self.folder / _LEDGER, self.folder / REJECTED
        ledger, until = CallLedger(ledger_file), int(self.until // SLOT)
        try:
            with rejected_file.open("x", encoding="utf-8") as rejected:
                rejected_file.chmod(0o600)
                self._read(file, form, ledger, tally, rejected)
            if (ends := ledger.finish()) is not None:
                for name, slots in samples.months(*ends):
                    with (self.folder / f"{name}.om").open("x", encoding="utf-8") as month:
                        samples.write(month, ledger, self.reader.series, slots, until)
                    tally.months += 1
        finally:
            ledger.close()
            ledger_file.unlink(missing_ok=True)
            # Also after a failure, because an empty folder can be used again.
            if not tally.rejected:
                rejected_file.unlink(missing_ok=True)
        return tally

    def _read(
        self, file: Path, form: str, ledger: CallLedger, tally: Tally, rejected: TextIO
    ) -> None:
        with file.open("rb") as raw:
            if raw.peek(4).startswith(_PACKED):
                raise FileError("it is packed; unpack it first")
            text = io.TextIOWrapper(raw, "utf-8-sig", errors="replace", newline="")
            calls = self._calls(rows(text, form), tally, rejected)
            while batch := list(islice(calls, _BATCH)):
                new = ledger.add(batch)
                tally.taken += new
                tally.twice += len(batch) - new
                self.report(tally.rows, raw.tell())
        if not tally.rows:
            raise FileError("it has no rows")

    def _calls(
        self, found: Iterator[TableRow], tally: Tally, rejected: TextIO
    ) -> Iterator[ImportedCall]:
        for row in found:
            problem = row.problem
            if not problem:
                try:
                    call = self.reader.read(row.fields)
                except RowError as error:
                    problem = str(error)
                else:
                    if call.at < self.before:
                        yield call
                    else:
                        tally.later += 1
                    continue
            tally.rejected += 1
            entry = {"line": row.line, "error": problem, "row": row.fields}
            rejected.write(json.dumps(entry) + "\n")
