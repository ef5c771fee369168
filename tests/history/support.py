"""What the tests of the import share: a configuration, and one run of the command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from store_exporter import cli

CONFIGURATION = """\
orgs: [{org: acme, domains: [found.example]}, {org: zen}]
error_classes: {WeirdError: invalid_coupon}
stores:
  - domain: shop.example.com
    org: acme
    platform: woocommerce
    url: http://127.0.0.1:9
    credentials: {consumer_key: env:KEY, consumer_secret: env:SECRET}
"""
CUSTOMERS = """\
7: acme
8: {org: zen, domain: zen.example}
"""
HEADER = (
    "id,customer_config_id,domain,operation,duration_ms,success,error_type,error_message,"
    "user_agent,created_at\n"
)


def imported(folder: Path, file: Path, *flags: str, more: str = "") -> int:
    """Run the command with that configuration; the samples are in `folder / "out"`."""
    (folder / "store-exporter.yml").write_text(CONFIGURATION + more)
    (folder / "customers.yml").write_text(CUSTOMERS)
    return cli.main(
        [
            "import",
            str(file),
            f"--output={folder / 'out'}",
            f"--config.file={folder / 'store-exporter.yml'}",
            f"--customers={folder / 'customers.yml'}",
            "--platform=woocommerce",
            *flags,
        ]
    )


def rejected(folder: Path) -> list[Mapping[str, Any]]:
    """The rows that were not taken."""
    file = folder / "out" / "rejected.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
