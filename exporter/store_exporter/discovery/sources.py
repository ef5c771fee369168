"""Stores found in files or at an address, in the format of Prometheus' file_sd and http_sd.

Only the domains of a source are used. Its labels are ignored: org, platform, credentials and limits
come from the source's configuration.
"""

from __future__ import annotations

import asyncio
import glob
import json
import json.scanner
import os
import ssl
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..config import ConfigError, utf8
from ..config.admission import RefusedError
from ..config.entries import Discovery
from ..config.model.file import HttpSource
from ..config.settling import settled
from ..config.yaml.document import parse
from ..net import tls
from ..net.failures import transport_error
from ..stores.model import Store
from ..stores.owners import RefusedDomain, SourceClaim

MAX_BYTES = 10 * 1024 * 1024
"""Most bytes that one read of a source may bring; fewer if its limit of domains needs fewer."""
_BYTES_OF_ALL, _BYTES_OF_DOMAIN = 64 * 1024, 1024
MAX_FILES = 1000
_SHOWN_LENGTH = 100


class SourceError(Exception):
    """A source sent no usable response; the message says why."""


async def find(source: Discovery) -> SourceClaim:
    """Return the claim of a source; domains that it may not name are among the refusals.

    Raises:
        SourceError: the source as a whole sent no usable response.
    """
    room = min(MAX_BYTES, _BYTES_OF_ALL + source.limit * _BYTES_OF_DOMAIN)
    # Files are read, and JSON is decoded, as the thread requests the documents.
    if source.http is None:
        documents = _read_files(source.files, room)
    else:
        documents = _read_response(await _request(source.http, source.refresh, room))
    return await asyncio.to_thread(_claim, source, documents)


def _claim(source: Discovery, documents: Iterator[Any]) -> SourceClaim:
    domains: dict[str, None] = {}
    for document in documents:
        for domain in _targets(document):
            domains[domain] = None
            if len(domains) > source.limit:
                raise SourceError(f"more domains than the limit of {source.limit}")
    return claim(source, domains)


def claim(source: Discovery, domains: Iterable[str]) -> SourceClaim:
    """Return the claim of a source that names these domains. It reads secrets, which are files."""
    org = source.template.org
    stores: list[Store] = []
    refusals: list[RefusedDomain] = []
    for domain in domains:
        try:
            stores.append(source.template.store(domain))
        except RefusedError as error:
            name = domain if len(domain) <= _SHOWN_LENGTH else domain[:_SHOWN_LENGTH] + "…"
            refusals.append(RefusedDomain(org, name, error.reason, str(error)))
    return SourceClaim(org, tuple(stores), tuple(refusals))


class _Decoder(json.JSONDecoder):
    """Decodes JSON in Python: the C decoder would hold the interpreter lock until it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]


def _text(content: bytes, name: str) -> str:
    try:
        return utf8.text(content)
    except ValueError as error:
        raise SourceError(f"{name} {error}") from None


def _json(text: str, otherwise: str) -> Any:
    """Decode JSON, or raise an error that says otherwise."""
    try:
        return _Decoder().decode(text)
    except (ValueError, RecursionError):
        raise SourceError(otherwise) from None


def _targets(document: Any) -> Iterable[str]:
    """Yield the targets of a document of target groups."""
    if not isinstance(document, list):
        raise SourceError('must be a list of target groups, [{"targets": ["a.example"]}]')
    for group in document:
        targets = group.get("targets") if isinstance(group, dict) else None
        if not isinstance(targets, list) or not all(isinstance(t, str) for t in targets):
            raise SourceError("every target group must have a list of targets")
        yield from targets


def _read_response(body: bytes) -> Iterator[Any]:
    yield _json(_text(body, "the response"), "the address did not respond with JSON")


def _read_files(patterns: Iterable[str], room: int) -> Iterator[Any]:
    # The patterns are absolute, which pathlib's own glob refuses. A file that is named without a
    # wildcard and is missing for a moment is a failed response, not one without stores.
    paths = sorted(
        {
            path
            for pattern in patterns
            for path in (glob.glob(pattern) if glob.has_magic(pattern) else [pattern])  # noqa: PTH207
        }
    )
    if len(paths) > MAX_FILES:
        raise SourceError(f"the patterns match more than {MAX_FILES} files")
    left = room
    for path in map(Path, paths):
        # JSON that was cut short is not JSON, but a YAML list that was cut short may be YAML.
        if path.suffix != ".json" and not settled(path):
            raise SourceError(f"{path.name} is still being written")
        content = _read_file(path, left + 1)
        left -= len(content)
        if left < 0:
            raise SourceError(f"the files are larger than {room} bytes, which are enough for it")
        yield _document(path, content)


def _read_file(path: Path, most: int) -> bytes:
    try:
        # If the file is a pipe, opening it must not wait for a writer.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SourceError(f"{path.name} is not a regular file")
            return file.read(most)
    except OSError as error:
        raise SourceError(f"cannot read {path.name}: {error.strerror}") from None


def _document(path: Path, content: bytes) -> Any:
    text = _text(content, path.name)
    if path.suffix == ".json":
        return _json(text, f"{path.name} is not JSON")
    try:
        document = parse(text, path.name)
    except ConfigError as error:
        raise SourceError(str(error.problems[0])) from None
    if document.problems:
        raise SourceError(str(document.problems[0]))
    return document.data


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    return tls.like_browsers(ssl.create_default_context(cafile=ca_file))


async def _request(source: HttpSource, refresh: float, room: int) -> bytes:
    # Imported here, because it takes a fifth of the time of a command that requests no address.
    import aiohttp

    headers = {
        "Accept": "application/json",
        # A small compressed response could grow large before its size can be checked.
        "Accept-Encoding": "identity",
        "X-Prometheus-Refresh-Interval-Seconds": f"{refresh:g}",
    }
    if source.bearer_token is not None:
        headers["Authorization"] = f"Bearer {source.bearer_token.reveal()}"
    timeout = aiohttp.ClientTimeout(total=source.timeout)
    try:
        # `_trusted` reads the system's certificates, which would hold up the event loop.
        trusted = await asyncio.to_thread(_trusted, source.ca_file)
        async with (
            aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
            session.get(
                source.url, headers=headers, ssl=trusted, allow_redirects=False
            ) as response,
        ):
            if response.status != 200:
                raise SourceError(f"the address responded with status {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_chunked(64 * 1024):
                body += chunk
                if len(body) > room:
                    raise SourceError(f"the response exceeds {room} bytes, which are enough for it")
            return bytes(body)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        url = urlsplit(source.url)
        failure = transport_error(error, url.hostname or "", secure=url.scheme == "https")
        raise SourceError(failure.message if failure else type(error).__name__) from None
