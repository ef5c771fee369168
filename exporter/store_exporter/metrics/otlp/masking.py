"""Masks OpenTelemetry's configured headers and passwords in its log.

Its exporters log a header that they cannot read unchanged, an endpoint with its password, and the
endpoint's responses, which may repeat a header.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

_MASK = "<masked>"
_SHORTEST = 4
"""Shorter values would mask parts of ordinary words."""
_LONGEST = 2000
_VARIABLES = re.compile(r"OTEL_EXPORTER_OTLP_(?:METRICS_)?(?:HEADERS|ENDPOINT)")
_LOGGERS = re.compile(r"(?:opentelemetry|urllib3|requests|store_exporter\.metrics\.otlp)\b")


class Masking(logging.Filter):
    """Masks values in a record before any handler sees it, and keeps its message on one line."""

    def __init__(self) -> None:
        super().__init__()
        self._values: list[str] = []

    def learn(self, environ: Mapping[str, str]) -> None:
        """Mask the secrets in these variables, in every form in which they may be logged."""
        found = {*self._values, *(one for one in secrets(environ) if len(one) >= _SHORTEST)}
        self._values = sorted(found, key=len, reverse=True)

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; it is always logged."""
        record.msg, record.args = self._masked(record.getMessage()), ()
        if record.exc_info:
            lines = logging.Formatter().formatException(record.exc_info).splitlines()
            # Line breaks are marked: a response that has some could look like separate records.
            record.exc_text = "\n".join(f"| {self._masked(line)}" for line in lines)
            record.exc_info = None
        return True

    def _masked(self, text: str) -> str:
        for value in self._values:
            text = text.replace(value, _MASK)
        line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
        return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the credentials: values of headers, and the users and queries of the endpoints."""
    for name, value in environ.items():
        if _VARIABLES.fullmatch(name):
            read = _of_address if name.endswith("ENDPOINT") else _of_headers
            for one in read(value):
                yield from (one, unquote(one))


def _of_headers(value: str) -> Iterator[str]:
    for header in value.split(","):
        # Also a header that cannot be read, such as `name: value`, because that is what is logged.
        text = re.split("[=:]", header, maxsplit=1)[-1].strip()
        yield text
        # Without the scheme, such as Basic or Bearer.
        yield from unquote(text).split()[1:]


def _of_address(value: str) -> Iterator[str]:
    try:
        address = urlsplit(value)
    except ValueError:
        yield value
        return
    yield from filter(None, (address.username, address.password))
    yield from (one for _, one in parse_qsl(address.query))


_masking = Masking()


def mask_logs() -> None:
    """Mask all records from now on. Call it after OpenTelemetry has been imported."""
    _masking.learn(os.environ)
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if _LOGGERS.match(name) and isinstance(logger, logging.Logger):
            logger.addFilter(_masking)
