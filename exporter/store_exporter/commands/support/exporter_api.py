"""Requests to a running exporter's HTTP API, with a token of the configuration."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Generator
from typing import Any

import httpx

from ...config import Config
from ...config.model.org import Scope
from ...stores.model import Store
from .. import CommandError
from ..serve import PORT
from . import arguments, servers, stores

_EXPORTER = "the exporter"


def add_url(parser: argparse.ArgumentParser) -> None:
    """Declare `--exporter.url`."""
    what = "where the exporter listens"
    arguments.add_url(parser, "--exporter.url", f"http://127.0.0.1:{PORT}", what)


def run(
    args: argparse.Namespace, scope: Scope, ask: Callable[[httpx.Client, Store], object]
) -> None:
    """Make a command's requests to the exporter about one store.

    Args:
        args: the configuration's file, the store's domain, and the exporter's address.
        scope: the scope that the token of the store's org must have.
        ask: sends the requests; its client takes paths. It raises what `document_of` raises.

    Raises:
        CommandError: there is no such store, or the exporter refuses or cannot be reached.
    """
    arguments.silence_log()
    config = stores.read_config(args)
    (store,) = asyncio.run(stores.stores_of(config, [args.domain]))
    url = args.exporter_url.rstrip("/")
    with (
        servers.asking(url, _EXPORTER, "--exporter.url"),
        servers.client(url, _Token(_token(config, store, scope))) as client,
    ):
        ask(client, store)


class _Token(httpx.Auth):
    """Sends the token even if the address has a user and password, which are not needed."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._header
        yield request


def _token(config: Config, store: Store, scope: Scope) -> str:
    for token in config.orgs[store.org].api_tokens:
        if scope in token.scopes:
            return token.token.reveal()
    entry = "env:NAME" if scope == "read" else f"{{token: env:NAME, scopes: [{scope}]}}"
    raise CommandError(
        f"{config.file}: the org {store.org} has no token with the scope {scope}; add one "
        f"under its api_tokens: {entry}"
    )


def document_of(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON document of a response.

    Raises:
        CommandError: the exporter refuses; the message is the exporter's.
    """
    document = servers.json_of(response)
    if not isinstance(document, dict):
        document = {"error": f"the response is no JSON document; is this {_EXPORTER}?"}
    if not response.is_success or "error" in document:
        said = servers.printable.line(str(document.get("error")))
        raise CommandError(f"HTTP {response.status_code}: {said}")
    return document
