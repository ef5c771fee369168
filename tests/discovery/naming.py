"""A source of stores, and what it names."""

from __future__ import annotations

import json
from pathlib import Path

from store_exporter.config import load
from store_exporter.config.entries import Discovery
from store_exporter.stores.owners import SourceClaim
from tests.config.example import PLATFORMS

ENVIRON = {"KEY": "ck_12345678", "SD_TOKEN": "discovery-token"}


def source(
    folder: Path, where: str, store: str = "{key: env:KEY}", more: str = "url: null"
) -> Discovery:
    file = folder / "store-exporter.yml"
    file.write_text(
        "orgs: [{org: acme, domains: [example]}]\ndiscovery:\n  - org: acme\n"
        f"    platform: example\n    limit: 3\n    {where}\n"
        f"    store: {{credentials: {store}, {more}}}\n"
    )
    (found,) = load(file, environ=ENVIRON, platforms=PLATFORMS).discovery
    return found


def groups(*domains: str) -> str:
    return json.dumps([{"targets": [domain], "labels": {"org": "evil"}} for domain in domains])


def domains(*claims: SourceClaim) -> list[str]:
    return [store.domain for claim in claims for store in claim.stores]
