"""Log lines as logfmt or JSON, one line each, with every known secret masked."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from ...metrics import tracing
from ...net.redactor import Redactor

LEVELS = ("debug", "info", "warn", "error")
FORMATS = ("logfmt", "json")

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_NAMES = {"WARNING": "warn", "CRITICAL": "error"}


def configure(
    level: str,
    format_: str,
    redact: Redactor,
    stream: TextIO | None = None,
) -> None:
    """Send the log of the whole process to the stream, standard error by default.

    The level is one of `LEVELS`, the format one of `FORMATS`.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter(format_, redact))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel("WARNING" if level == "warn" else level.upper())
    # Libraries log each request at level info; here that belongs to debug.
    for name in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(name).setLevel("WARNING" if level != "debug" else "DEBUG")


class LineFormatter(logging.Formatter):
    """Formats a record, with what was passed as `extra`, as one line."""

    def __init__(self, format_: str, redact: Redactor) -> None:
        super().__init__()
        self._write = _json if format_ == "json" else _logfmt
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, secrets masked."""
        moment = datetime.fromtimestamp(record.created, UTC)
        fields: dict[str, Any] = {
            "ts": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": _NAMES.get(record.levelname, record.levelname.lower()),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        # A record's own fields come before those of the active context.
        fields |= tracing.ids()
        fields |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        elif record.exc_text:
            # A filter has formatted it already.
            fields["traceback"] = record.exc_text
        return self._write({key: self._plain(value) for key, value in fields.items()})

    def _plain(self, value: Any) -> Any:
        """Mask what is or becomes a string, before quoting changes its characters."""
        return (
            value if isinstance(value, bool | float | int | None) else self._redact.mask(str(value))
        )


def _logfmt(fields: Mapping[str, Any]) -> str:
    """Write `key=value` pairs, values in JSON's quotes where they need quotes."""

    def written(text: str) -> str:
        plain = text and text.isprintable() and not set(text) & set(' "=')
        return text if plain else _json(text)

    return " ".join(f"{key}={written(str(value))}" for key, value in fields.items())


def _json(value: Any) -> str:
    """Write JSON with letters as they are and everything that does not print escaped.

    JSON itself escapes only characters below the space. A terminal also obeys control characters
    above ASCII, and reorders text between bidirectional controls.
    """
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
