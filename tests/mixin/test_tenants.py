"""The recipes of docs/tenancy.md for VictoriaMetrics, as they stand: an org sees its own alone."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from store_demo.ports import free_ports
from store_exporter.metrics.recorder import Recorder
from store_exporter.mounts import serve_metrics
from tests import servers
from tests.servers import Server, eventually, running

pytestmark = [pytest.mark.real, pytest.mark.timeout(360)]

ORGS = ("acme", "globex")
FLAGS = ("-search.latencyOffset=0s",)
LISTENING = r"started server at http://(127\.0\.0\.1:\d+)/"


@pytest.fixture
def recipes(repository: Path) -> list[str]:
    """The blocks of the section: vmauth's file, vmagent's arguments, and what it keeps."""
    page = (repository / "docs" / "tenancy.md").read_text("utf-8")
    section = page.split("## With VictoriaMetrics", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)


@pytest.fixture
def target() -> Iterator[str]:
    """A process with calls of two orgs."""
    recorder = Recorder()
    for number, org in enumerate(ORGS, 1):
        handle = recorder.operation(org, f"{org}.example", "woocommerce", "get_cart")
        for _ in range(10 * number):
            handle.start()
            handle.finish(0.1)
    with closing(serve_metrics(0, source=recorder)) as server:
        yield f"127.0.0.1:{server.port}"


def scrape_configuration(target: str, folder: Path) -> Path:
    file = folder / "scrape.yml"
    file.write_text(
        "scrape_configs:\n- job_name: application\n  scrape_interval: 1s\n"
        f"  static_configs: [{{targets: ['{target}']}}]\n"
    )
    return file


@contextmanager
def vmauth(recipe: str, backends: Mapping[str, str], folder: Path) -> Iterator[Server]:
    """Run vmauth with the recipe's user, once for each org and its backend."""
    head, user = recipe.split("users:\n")
    users = ""
    for org, url in backends.items():
        users += user.replace("acme", org).replace("http://victoria-metrics:8428", url)
    file = folder / "vmauth.yml"
    file.write_text(f"{head}users:\n{users}")
    # It is ready where it tells of itself, and asked where the recipe lets others in.
    (port,) = free_ports(1)
    argv = [
        f"-auth.config={file}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-httpInternalListenAddr=127.0.0.1:0",
    ]
    own = LISTENING.replace(r"\d+", rf"(?!{port}/)\d+")
    with running("vmauth", argv, directory=folder, listening=own, ready="/health") as server:
        yield replace(server, url=f"http://127.0.0.1:{port}")


def ask(server: Server, path: str, token: str | None, **form: str) -> str:
    """The body of an answer; the status where it is none of success."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    url = f"{server.url}{path}?{urllib.parse.urlencode(form)}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return str(error.code)


def orgs_of(body: str) -> dict[str, float]:
    """The calls of each org in an answer."""
    rows = json.loads(body)["data"]["result"]
    return {row["metric"].get("org", ""): float(row["value"][1]) for row in rows}


CALLS = "sum by (org) (store_operations_total)"
QUESTIONS = (
    {"query": CALLS},
    {"query": 'sum by (org) (store_operations_total{org="globex"})'},
    {"query": CALLS, "extra_label": "org=globex"},
    {"query": CALLS, "extra_filters[]": '{org="globex"}'},
    {"query": 'sum by (org) ({__name__=~".+", org!="acme"} or store_operations_total)'},
)


def check(gate: Server, databases: Iterable[Server]) -> None:
    """Each org sees its calls whatever it asks, and nobody else sees anything."""

    def seen() -> bool:
        for database in databases:
            database.flush()
        found = {org: ask(gate, "/api/v1/query", f"token-of-{org}", query=CALLS) for org in ORGS}
        return [orgs_of(found[org]) for org in ORGS] == [{"acme": 10}, {"globex": 20}]

    eventually(seen)
    for question in QUESTIONS:
        found = orgs_of(ask(gate, "/api/v1/query", "token-of-acme", **question))
        assert found in ({"acme": 10}, {}), question
    past = {"start": str(time.time() - 600), "match[]": '{__name__=~".+"}'}
    for path in ("/api/v1/series", "/api/v1/labels", "/api/v1/label/domain/values"):
        assert "globex" not in ask(gate, path, "token-of-acme", **past)
    assert ask(gate, "/api/v1/query", None, query=CALLS) == "401"
    assert ask(gate, "/api/v1/query", "token-of-nobody", query=CALLS) == "401"
    for path in ("/api/v1/export", "/api/v1/status/tsdb", "/federate", "/api/v1/write", "/metrics"):
        assert ask(gate, path, "token-of-acme", **past) in ("400", "401", "404")


def test_one_database_shows_each_org_its_own(
    recipes: list[str], target: str, tmp_path: Path
) -> None:
    scrape = scrape_configuration(target, tmp_path)
    with (
        servers.victoria_metrics(tmp_path, *FLAGS, f"-promscrape.config={scrape}") as database,
        vmauth(recipes[0], dict.fromkeys(ORGS, database.url), tmp_path) as gate,
    ):
        check(gate, [database])


def test_one_tenant_for_each_org_holds_nothing_else(
    recipes: list[str], target: str, tmp_path: Path
) -> None:
    scrape = scrape_configuration(target, tmp_path)
    with ExitStack() as stack:
        databases = {}
        argv = recipes[1].replace("\\\n", " ").split()[1:]
        for number, org in enumerate(ORGS, 1):
            (tmp_path / org).mkdir()
            database = servers.victoria_metrics(tmp_path / org, *FLAGS)
            databases[org] = stack.enter_context(database)
            (tmp_path / f"{org}.yml").write_text(recipes[2].replace("acme", org))
            cluster = f"http://vminsert:8480/insert/{number}/prometheus"
            argv = [each.replace(cluster, databases[org].url) for each in argv]
        argv = [each.replace("prometheus/prometheus.yml", str(scrape)) for each in argv]
        argv += ["-httpListenAddr=127.0.0.1:0", f"-remoteWrite.tmpDataPath={tmp_path / 'queue'}"]
        stack.enter_context(
            running("vmagent", argv, directory=tmp_path, listening=LISTENING, ready="/health")
        )
        user = recipes[0].replace("/?extra_label=org=acme", "")
        urls = {org: database.url for org, database in databases.items()}
        check(stack.enter_context(vmauth(user, urls, tmp_path)), databases.values())
        for org, url in urls.items():
            with urllib.request.urlopen(f"{url}/api/v1/label/org/values") as answer:
                assert json.load(answer)["data"] == [org]
