"""The keys that depend on platforms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from store_exporter.config import load
from store_exporter.platforms.base import Platform
from tests.config.example import EXAMPLE


def test_defaults_may_set_the_options_of_every_platforms_probe_of_a_name(tmp_path: Path) -> None:
    def platform(name: str, **options: Any) -> Platform:
        probe = replace(EXAMPLE.probes["checkout"], options=options)
        return replace(EXAMPLE, name=name, probes={"checkout": probe})

    platforms = {"example": platform("example", country="DE"), "other": platform("other", step=1)}
    text = (
        "orgs: [{org: acme}]\n"
        "stores:\n"
        "  - {domain: a.example, org: acme, platform: example, credentials: {key: env:KEY}}\n"
        "  - {domain: b.example, org: acme, platform: other, credentials: {key: env:KEY}}\n"
        "defaults: {probes: {checkout: {country: FR, step: 3}}}\n"
    )
    (tmp_path / "store-exporter.yml").write_text(text)
    config = load(
        tmp_path / "store-exporter.yml", environ={"KEY": "ck_12345678"}, platforms=platforms
    )
    assert [store.probes["checkout"].options for store in config.stores] == [
        {"country": "FR"},
        {"step": 3},
    ]
