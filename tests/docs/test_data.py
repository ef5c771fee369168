"""YAML, JSON and PromQL of the documentation is taken by the programs that it is for."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import trustme
import yaml

from store_exporter import cli
from store_exporter.config import load
from store_exporter.config.model import web
from store_exporter.history import tenants
from store_exporter.platforms import base
from tests.docs.blocks import ROOT, Block, blocks
from tests.servers import tool

# Values of the chart are for Helm and its schema, which the tests of the chart ask.
YAML = [block for block in blocks("yaml") if block.page != "docs/kubernetes.md"]
# What a section of a page leaves out, because another shows it: an entry of each kind.
STORE = {
    "domain": "shop.example.com",
    "org": "acme",
    "platform": "woocommerce",
    "credentials": {"consumer_key": "env:KEY", "consumer_secret": "env:SECRET"},
}
PLACES = {name: f"file:{{domain}}/{name}" for name in ("consumer_key", "consumer_secret")}
SOURCE = {
    "org": "acme",
    "platform": "woocommerce",
    "http": {"url": "https://list.example.com"},
    "store": {"credentials": PLACES},
}


def ours(document: dict[str, Any], folder: Path) -> None:
    """Load a configuration, with what an excerpt of one leaves out."""
    if set(document) == {"networks"}:  # of the entry that the paragraph before is about
        document = {"discovery": [document]}
    for key, usual in (("stores", STORE), ("discovery", SOURCE)):
        if key in document:
            document[key] = [{**usual, **entry} for entry in document[key]]
    orgs = document.setdefault("orgs", [])
    used = {entry["org"] for key in ("stores", "discovery") for entry in document.get(key, [])}
    orgs += [{"org": name} for name in sorted(used - {entry["org"] for entry in orgs})]
    file = folder / "store-exporter.yml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    load(file, resolve=False)


def prometheus(document: dict[str, Any], folder: Path) -> None:
    file = folder / "prometheus.yml"
    # Of Prometheus 3.8; the tests' own is older and has a flag in its place.
    (document.get("global") or {}).pop("scrape_native_histograms", None)
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    argv = [tool("promtool"), "check", "config", "--syntax-only", str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def relabelling(document: list[dict[str, Any]], folder: Path) -> None:
    """Rules for relabelling are a Prometheus' and a vmagent's alike."""
    prometheus({"scrape_configs": [{"job_name": "a", "relabel_configs": document}]}, folder)


def web_file(document: dict[str, Any], folder: Path) -> None:
    """Load the file of `--web.config.file`, with a certificate and a password that was hashed."""
    issued = trustme.CA().issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
    issued.private_key_pem.write_to_path(str(folder / "server.key"))
    document["basic_auth_users"] = dict.fromkeys(document["basic_auth_users"], "$2y$10$" + "a" * 53)
    file = folder / "web.yml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert web.load_web(file).basic_auth_users


def objectives(document: dict[str, Any], folder: Path) -> None:
    file = folder / "objectives.yml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert cli.main(["generate", f"--slo={file}", f"--output={folder}"]) == 0


def customers(document: dict[str, Any], folder: Path) -> None:
    file = folder / "customers.yml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert tenants.load(file, {"acme", "zen"})


def vmauth(document: dict[str, Any], _: Path) -> None:
    """A real vmauth runs it in tests/mixin/test_tenants.py; here it is one user for each org."""
    assert [user["bearer_token"] for user in document["users"]] == ["token-of-acme"]


def chart(document: dict[str, Any], folder: Path) -> None:
    """Values of the Helm chart, which has a schema of them."""
    schema = ROOT / "deploy/helm/store-exporter/values.schema.json"
    jsonschema.validate(document, json.loads(schema.read_text(encoding="utf-8")))
    if "orgs" in document.get("config", {}):
        ours(document["config"], folder)


# By a key that only files of that kind have.
KINDS: dict[str, Callable[[Any, Path], None]] = {
    "objectives": objectives,
    "users": vmauth,
    "tls_server_config": web_file,
    **dict.fromkeys(("image", "networkPolicy", "shards"), chart),
    **dict.fromkeys(("scrape_configs", "remote_write", "rule_files", "global"), prometheus),
    **dict.fromkeys(
        ("orgs", "stores", "discovery", "defaults", "alerts", "networks", "error_classes",
         "state_database", "prometheus_url"),
        ours,
    ),
}  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_is_taken_by_the_program_that_it_is_for(block: Block, tmp_path: Path) -> None:
    document = yaml.safe_load(block.text)
    if isinstance(document, list):
        relabelling(document, tmp_path)
    elif "# customers.yml" in block.text:
        customers(document, tmp_path)
    else:
        kind = next((KINDS[key] for key in document if key in KINDS), None)
        assert kind, f"no test knows which program reads {sorted(document)}"
        kind(document, tmp_path)


def test_the_examples_of_a_store_have_every_credential_that_its_platform_demands() -> None:
    seen = set()
    for block in YAML:
        document = yaml.safe_load(block.text)
        for store in document.get("stores", []) if isinstance(document, dict) else []:
            if "credentials" in store:
                platform = base.load(store["platform"])
                demanded = {each.name for each in platform.credentials if each.required}
                assert demanded <= set(store["credentials"]), str(block)
                seen.add(platform.name)
    missing = set(base.built_in()) - seen
    assert not missing, f"no page shows how a store of {', '.join(missing)} is configured"


@pytest.mark.parametrize("block", list(blocks("json")), ids=str)
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.real
def test_every_query_is_one_that_prometheus_reads(tmp_path: Path) -> None:
    found = list(blocks("promql"))
    rules = [{"record": f"block:{number}", "expr": one.text} for number, one in enumerate(found)]
    file = tmp_path / "rules.yml"
    group = {"name": "documentation", "rules": rules}
    file.write_text(yaml.safe_dump({"groups": [group]}), encoding="utf-8")
    argv = [tool("promtool"), "check", "rules", "--lint=none", str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"\b{len(found)} rules found", done.stdout)


def test_every_block_says_its_language_and_a_test_knows_it() -> None:
    # The last row is only looked at: js is one statement of a program with the whole of
    # OpenTelemetry's client for Node around it (tests/ingest pushes the same instruments from the
    # official one for Python), sql has dots where the reader's password stands, nginx and ini are
    # for servers that the tests have not, text is a picture.
    known = {
        *("console", "sh", "yaml", "json", "promql", "python"),
        *("js", "sql", "nginx", "ini", "text"),
    }
    assert [str(block) for block in blocks() if block.language not in known] == []
