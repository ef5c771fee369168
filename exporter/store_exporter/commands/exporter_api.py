"""Asking a running exporter through its HTTP API, with a token of the configuration."""

from __future__ import annotations

import argparse
from typing import Any

import httpx

from ..config import Config
from ..config.model import Scope
from ..stores.model import Store
from .serve import PORT

_SECONDS = 30.0


def add_url(parser: argparse.ArgumentParser) -> None:
    """Declare `--exporter.url`."""
    parser.add_argument(
        "--exporter.url",
        dest="exporter_url",
        default=f"http://127.0.0.1:{PORT}",
        metavar="URL",
        help="where the exporter listens (default: %(default)s)",
    )


def token_of(config: Config, store: Store, scope: Scope, meaning: str) -> str:
    """Return a token of the store's org that has a scope.

    Args:
        config: the configuration.
        store: the store.
        scope: what the token is to be good for.
        meaning: how one is added under `api_tokens`.

    Raises:
        LookupError: there is none; the message says how to make one.
    """
    for token in config.orgs[store.org].api_tokens:
        if scope in token.scopes:
            return token.token.reveal()
    raise LookupError(
        f"{config.file}: the org {store.org} has no token with the scope {scope}; add one "
        f"under its api_tokens: {meaning}"
    )


def client(token: str) -> httpx.Client:
    """Return a client for one command; close it."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(headers=headers, timeout=_SECONDS, follow_redirects=False)


def document_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON document of an answer.

    Raises:
        LookupError: it refuses; the message is the exporter's own.
    """
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {"error": "the answer is no JSON document; is this a store-exporter?"}
    if not answer.is_success or "error" in document:
        raise LookupError(f"HTTP {answer.status_code}: {document.get('error')}")
    return document
