"""An exporter that takes reports, and what it shows of them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.server.support import ENVIRON, Answer, Running, configuration, exporting

SHOP, OTHER_SHOP = "shop.example.com", "zen.example"
TOKEN = ENVIRON["ACME_TOKEN"]
PATH = "/api/v1/operations"
_SERIES = re.compile(r"(?P<name>store_operation\w+)\{(?P<labels>[^}]*)\} (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def reporting(*, more: str = "", org: str = "") -> str:
    """Write a configuration whose org acme may report with its one token.

    Args:
        more: further keys of the top level.
        org: further keys of the org.
    """
    text = configuration(
        ("acme", SHOP, "http://127.0.0.1:9"), ("zen", OTHER_SHOP, "http://127.0.0.1:9"), more=more
    )
    token = "{token: env:ACME_TOKEN, scopes: [ingest, read]}"
    return text.replace("[env:ACME_TOKEN]", f"[{token}]{org}")


@asynccontextmanager
async def taking(folder: Path, text: str | None = None, **options: Any) -> AsyncIterator[Running]:
    """Serve an exporter that takes acme's reports."""
    async with exporting(folder, text or reporting(), **options) as running:
        yield running


def call(operation: str = "get_cart", seconds: float = 0.2, **fields: Any) -> dict[str, Any]:
    return {"operation": operation, "domain": SHOP, "duration_seconds": seconds, **fields}


async def post(
    running: Running,
    calls: Sequence[Any] | bytes,
    *,
    key: str | None = None,
    token: str = TOKEN,
    path: str = PATH,
    **headers: str,
) -> Answer:
    """Post calls, or a body as it is."""
    body = calls if isinstance(calls, bytes) else json.dumps(calls).encode()
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    if key is not None:
        sent["Idempotency-Key"] = key
    if sent.get("Content-Encoding") == "gzip" and not isinstance(calls, bytes):
        body = gzip.compress(body)
    return await running.ask(path, "POST", data=BytesIO(body), headers=sent)


async def shown(running: Running, *, scraper: str | None = None) -> dict[tuple[str, ...], float]:
    """Return what `/metrics` shows of operations: by the end of the name and the label values.

    Args:
        scraper: asks as this Prometheus; as a person without.
    """
    headers = {}
    if scraper:
        headers = {"User-Agent": scraper, "X-Prometheus-Scrape-Timeout-Seconds": "10"}
    text = (await running.ask("/metrics", headers=headers)).text
    return figures(text)


def figures(text: str) -> dict[tuple[str, ...], float]:
    found = {}
    for match in _SERIES.finditer(text):
        labels: Mapping[str, str] = dict(_LABEL.findall(match["labels"]))
        if "le" not in labels:
            name = match["name"]
            found[name, *labels.values()] = float(match["value"])
    return found


CART = ("acme", SHOP, "woocommerce", "get_cart")
TOTAL, ERRORS = "store_operations_total", "store_operation_errors_total"
DURATION = "store_operation_duration_seconds"
