"""Reads exports of the old table: PostgreSQL's CSV and text, Supabase's CSV, and JSON lines.

Sources: https://www.postgresql.org/docs/current/sql-copy.html ("File Formats"); the table's columns
are those that the predecessor's wrapper wrote.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TextIO

COLUMNS = (
    "id",
    "customer_config_id",
    "domain",
    "operation",
    "duration_ms",
    "success",
    "error_type",
    "error_message",
    "user_agent",
    "created_at",
)
"""The table's columns in order; a file without a header has exactly these."""
NEEDED = ("domain", "operation", "duration_ms", "success", "created_at")
MAX_LINE = 1 << 20
"""Most characters of a line and of a field; a longer line is not a row."""

_FIRST_LINE = (
    f"the first line is neither a header with {', '.join(NEEDED)} nor a row of the table's "
    f"{len(COLUMNS)} columns; CSV is separated by commas, text by tabs"
)
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class FileError(Exception):
    """The file as a whole cannot be read; the message has the reason."""


class TableRow(NamedTuple):
    """One row as the file has it.

    Attributes:
        line: the line on which it ends, from 1.
        fields: text, number or boolean by column; None if empty.
        problem: why it is not a row; empty if it is one.
    """

    line: int
    fields: Mapping[str, Any]
    problem: str = ""


class _Lines:
    """The lines of a file, and those that were read since the last row.

    A line that exceeds the limit is cut, so that it is not a row; the rest is not kept in memory.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.number = 0
        self.since: list[str] = []

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(MAX_LINE):
            rest = line
            while rest and not rest.endswith("\n"):
                rest = self._file.readline(MAX_LINE)
            self.number += 1
            self.since.append(line)
            yield line

    def taken(self) -> str:
        """Return the text that was read since the last call."""
        text = "".join(self.since)
        self.since.clear()
        return text


def rows(file: TextIO, form: str) -> Iterator[TableRow]:
    """Read a file row by row. An invalid row is yielded with its problem, and reading goes on.

    Args:
        file: opened with `newline=""`, because rows of CSV may contain line ends.
        form: a key of `FORMATS`, or `jsonl`.

    Raises:
        FileError: its header lacks a needed column, or its first line is neither header nor row.
    """
    lines = _Lines(file)
    if form == "jsonl":
        yield from _objects(lines)
        return
    columns: Sequence[str] = COLUMNS
    for count, (values, problem) in enumerate(FORMATS[form](lines)):
        text = lines.taken()
        if problem:
            yield TableRow(lines.number, {"text": text}, problem)
        elif not count and len({*COLUMNS} & {*values}) > 1:
            columns = _header(values)
        elif len(values) == len(columns):
            yield TableRow(lines.number, dict(zip(columns, values, strict=True)))
        elif not count and text.strip():
            raise FileError(_FIRST_LINE)
        elif text.strip():
            wrong = f"it has {len(values)} fields in place of {len(columns)}"
            yield TableRow(lines.number, {"text": text}, wrong)


def _header(values: Sequence[str | None]) -> list[str]:
    names = [(name or "").strip() for name in values]
    if missing := [name for name in NEEDED if name not in names]:
        raise FileError(f"the header has no column {missing[0]}; needed: {', '.join(NEEDED)}")
    return names


_Fields = tuple[Sequence[str | None], str]


def _csv(lines: Iterable[str]) -> Iterator[_Fields]:
    before = csv.field_size_limit(MAX_LINE)
    try:
        reader = csv.reader(lines, strict=True)
        while True:
            try:
                # PostgreSQL writes null as an empty field, or as `\N` or NULL if so requested.
                yield [None if v in ("", "\\N", "NULL") else v for v in next(reader)], ""
            except csv.Error as error:
                yield (), f"it is not CSV: {error}"
            except StopIteration:
                return
    finally:
        csv.field_size_limit(before)


def _text(lines: Iterable[str]) -> Iterator[_Fields]:
    for line in lines:
        written = line.rstrip("\r\n")
        if written == "\\.":
            return
        values = [None if value == "\\N" else value for value in written.split("\t")]
        if "\\" in written:
            values = [value and _ESCAPE.sub(_unescaped, value) for value in values]
        yield values, ""


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] == "x" and len(code) > 1:
        return chr(int(code[1:], 16))
    return chr(int(code, 8)) if code[0] in "01234567" else _ESCAPED.get(code, code)


FORMATS: Mapping[str, Callable[[Iterable[str]], Iterator[_Fields]]] = {"csv": _csv, "text": _text}
"""Splits lines into fields, by format. JSON objects are not here: they name their own fields."""


def _objects(lines: _Lines) -> Iterator[TableRow]:
    for line in lines:
        lines.since.clear()
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            if "\\u" in line:
                # JSON can have half a surrogate pair, which cannot be written as UTF-8.
                json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            yield TableRow(lines.number, found)
        else:
            yield TableRow(lines.number, {"text": line}, "it is not a JSON object of Unicode text")
