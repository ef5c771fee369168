"""Stores found in files or at an address, in the format of Prometheus' file_sd and http_sd.

A source tells domains and nothing else: labels in it are ignored, and org, platform, credentials
and limits are those that the configuration gives to this source.
"""

from __future__ import annotations

import asyncio
import glob
import json
import logging
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp

from ..config import ConfigError
from ..config.document import parse
from ..config.entries import Discovery
from ..config.model import HttpSource
from ..stores.model import Store

log = logging.getLogger(__name__)

MAX_BYTES = 10 * 1024 * 1024
MAX_FILES = 1000
_SHOWN = 5


class SourceError(Exception):
    """A source gave no usable answer; the message says why."""


async def find(source: Discovery) -> list[Store]:
    """Return the stores of a source; those with problems are left out and logged.

    Raises:
        SourceError: the source as a whole gave no usable answer.
    """
    if source.http is None:
        documents = await asyncio.to_thread(_read_files, source.files)
    else:
        documents = [await _ask(source.http, source.refresh)]
    domains = dict.fromkeys(domain for document in documents for domain in _targets(document))
    if len(domains) > source.limit:
        raise SourceError(f"{len(domains)} domains, more than the limit of {source.limit}")
    # Credentials are files: reading thousands would hold up everything else.
    return await asyncio.to_thread(_make, source, domains)


def _make(source: Discovery, domains: Iterable[str]) -> list[Store]:
    stores = []
    problems = []
    for domain in domains:
        try:
            stores.append(source.template.store(domain))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        log.warning(
            "%d found stores have problems and are left out",
            len(problems),
            extra={"org": source.template.org, "problems": "; ".join(problems[:_SHOWN])},
        )
    return stores


def _targets(document: Any) -> Iterable[str]:
    """Yield the targets of a document of target groups."""
    if not isinstance(document, list):
        raise SourceError('must be a list of target groups, [{"targets": ["a.example"]}]')
    for group in document:
        targets = group.get("targets") if isinstance(group, dict) else None
        if not isinstance(targets, list) or not all(isinstance(t, str) for t in targets):
            raise SourceError("every target group must have a list of targets")
        yield from targets


def _read_files(patterns: Iterable[str]) -> list[Any]:
    # The patterns are absolute, which pathlib's own glob refuses.
    paths = sorted({path for pattern in patterns for path in glob.glob(pattern)})  # noqa: PTH207
    if len(paths) > MAX_FILES:
        raise SourceError(f"the patterns match more than {MAX_FILES} files")
    return [_read_file(Path(path)) for path in paths]


def _read_file(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise SourceError(f"{path.name} is larger than {MAX_BYTES // 2**20} MiB")
        if path.suffix == ".json":
            return json.loads(content)
        document = parse(content.decode(), path.name)
    except OSError as error:
        raise SourceError(f"cannot read {path.name}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise SourceError(f"{path.name} is not JSON in UTF-8") from None
    except ConfigError as error:
        raise SourceError(str(error)) from None
    if document.problems:
        raise SourceError(str(document.problems[0]))
    return document.data


async def _ask(source: HttpSource, refresh: float) -> Any:
    headers = {
        "Accept": "application/json",
        "X-Prometheus-Refresh-Interval-Seconds": f"{refresh:g}",
    }
    if source.bearer_token is not None:
        headers["Authorization"] = f"Bearer {source.bearer_token.reveal()}"
    timeout = aiohttp.ClientTimeout(total=source.timeout)
    try:
        trusted = ssl.create_default_context(cafile=source.ca_file)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(
                source.url, headers=headers, ssl=trusted, allow_redirects=False
            ) as response,
        ):
            if response.status != 200:
                raise SourceError(f"the address answered with status {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_chunked(64 * 1024):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise SourceError(f"the answer exceeds {MAX_BYTES // 2**20} MiB")
            return json.loads(body)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SourceError(f"the address did not answer: {type(error).__name__}") from None
    except (ValueError, RecursionError):
        raise SourceError("the address did not answer with JSON") from None
