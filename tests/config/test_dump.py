from __future__ import annotations

from pathlib import Path

import yaml

from store_exporter.config import dump, load
from tests.config.example import PLATFORMS

TEXT = """
state_directory: somewhere
defaults: {requests_per_hour: 5}
orgs:
- {org: acme, api_tokens: [env:TOKEN]}
- {org: zen, alerts: {slack: {channel: '#zen', webhook_url: 'file:/run/x'}}}
stores:
- domain: a.example
  org: acme
  platform: example
  credentials: {key: env:KEY}
- domain: b.example
  org: zen
  platform: example
  credentials: {key: file:key}
discovery: []
"""


def test_a_dump_reads_back_as_what_was_read_and_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("key-of-b.example")
    (tmp_path / "f.yml").write_text(TEXT)
    environ = {"TOKEN": "token-of-acme-01", "KEY": "key-of-a.example"}
    config = load(tmp_path / "f.yml", environ=environ, platforms=PLATFORMS)
    text = dump.text(config)
    assert yaml.safe_load(text) == yaml.safe_load(TEXT)
    secrets = {secret.reveal() for secret in dump.secrets(config)}
    assert secrets == {"token-of-acme-01", "key-of-a.example", "key-of-b.example"}
    assert not [secret for secret in secrets if secret in text]
