"""`store-exporter grafana` against a real Grafana, with the settings of docker-compose.yml.

Prometheus and prom-label-proxy are real as well. They run where a Grafana (12 or later) is on
PATH; the stand-in of test_grafana.py serves elsewhere.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from store_demo import grafana as demo
from store_exporter import cli
from store_exporter.mixin import dashboards
from tests import servers
from tests.mixin.test_tenancy import flags
from tests.servers.process import Server, running

pytestmark = [pytest.mark.real, pytest.mark.timeout(360), pytest.mark.xdist_group("grafana")]

ADMIN, PASSWORD = "admin", "made at the first start"
CONFIG = "orgs: [{org: acme, alerts: {timezone: Asia/Tokyo}}, {org: globex}]\n"
# Series of two orgs, without anything to scrape.
RULES = """
groups:
  - name: stores
    rules:
      - {record: store_up, expr: vector(1), labels: {org: acme, domain: shop.acme.example}}
      - {record: store_up, expr: vector(1), labels: {org: globex, domain: shop.globex.example}}
"""


def program() -> str:
    """The Grafana on PATH; skips the test where there is none."""
    path = shutil.which("grafana")
    if path is None:
        pytest.skip("no grafana on PATH: the real Grafana is not tested, its stand-in is")
    return path


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who asks Grafana."""

    url: str
    user: str
    password: str

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        org: int | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        sent = {"Authorization": f"Basic {login}", "Content-Type": "application/json", **headers}
        if org is not None:
            sent["X-Grafana-Org-Id"] = str(org)
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(errors="replace")

    def query(self, promql: str, source: str, org: int | None) -> tuple[int, set[str]]:
        """Status of a panel's query, and the domains that it finds."""
        body = {
            "from": "now-5m",
            "to": "now",
            "queries": [
                {
                    "refId": "A",
                    "datasource": {"type": "prometheus", "uid": source},
                    "expr": promql,
                    "instant": True,
                    "range": False,
                }
            ],
        }
        status, found = self.ask("POST", "/api/ds/query", body, org)
        return status, set(re.findall(r"shop\.\w+\.example", json.dumps(found)))


@pytest.fixture(scope="module")
def proxy(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """prom-label-proxy before a Prometheus that has figures of two orgs."""
    program()
    directory = tmp_path_factory.mktemp("grafana-figures")
    (directory / "rules.yml").write_text(RULES)
    config = "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
    with servers.prometheus(config, directory) as figures:
        servers.eventually(lambda: len(figures.query("store_up")) == 2)
        argv = [f"-upstream={figures.url}", "-insecure-listen-address=127.0.0.1:0"]
        with running(
            "prom-label-proxy",
            [*argv, *flags(repository)],
            directory=directory,
            listening=r"Listening insecurely on (127\.0\.0\.1:\d+)",
            ready="/healthz",
        ) as server:
            yield server


@pytest.fixture(scope="module")
def admin(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The administrator of a new Grafana that has the settings of docker-compose.yml."""
    path = program()
    directory = tmp_path_factory.mktemp("grafana")
    compose = yaml.safe_load((repository / "docker-compose.yml").read_text(encoding="utf-8"))
    settings = {
        name: value
        for name, value in compose["services"]["grafana"]["environment"].items()
        if not re.search("ROOT_URL|HOME_DASHBOARD_PATH|__FILE", name)
    }
    argv, _ = demo.command(path, directory, {"grafana": "127.0.0.1:0"})
    sources = "grafana/provisioning/datasources"
    shutil.copytree(repository / sources, directory / sources)
    ours = {
        # The image's entry point makes this of the setting that names a file.
        "GF_SECURITY_ADMIN_PASSWORD": PASSWORD,
        "GF_PATHS_DATA": str(directory / "data"),
        "GF_PATHS_LOGS": str(directory / "logs"),
        "GF_PATHS_PROVISIONING": str(directory / "grafana/provisioning"),
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_SERVER_HTTP_PORT": "0",
    }
    with running(
        "grafana",
        argv[1:],
        directory=directory,
        listening=r'"?HTTP Server Listen"? .*address=(127\.0\.0\.1:\d+)',
        ready="/api/health",
        program=path,
        env={**settings, **ours},
    ) as server:
        yield Client(server.url, ADMIN, PASSWORD)


@pytest.fixture
def run(
    admin: Client, proxy: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Run the command; its exit status."""
    monkeypatch.setenv("GRAFANA_PASSWORD", admin.password)
    file = tmp_path / "store-exporter.yml"
    file.write_text(CONFIG)

    def run(*arguments: str) -> int:
        given = [f"--config.file={file}", f"--grafana.url={admin.url}", f"--proxy.url={proxy.url}"]
        return cli.main(["grafana", *given, *arguments])

    yield run
    for name in ("acme", "globex"):
        status, found = admin.ask("GET", f"/api/orgs/name/{name}")
        if status == 200:
            admin.ask("DELETE", f"/api/orgs/{found['id']}")


def number(admin: Client, org: str) -> int:
    return int(admin.ask("GET", f"/api/orgs/name/{org}")[1]["id"])


def new_user(admin: Client, name: str) -> Client:
    """Somebody who has an account and nothing else."""
    body = {"name": name, "login": name, "password": "correct horse battery"}
    status, found = admin.ask("POST", "/api/admin/users", body)
    assert status == 200, found
    return Client(admin.url, name, body["password"])


def test_a_second_run_changes_nothing_and_what_was_deleted_comes_back(
    run: Any, admin: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    count = len(dashboards.for_orgs())
    assert run() == 0
    assert (
        f"acme: organisation created, datasource created, {count} of {count}"
        in capsys.readouterr().out
    )
    assert run() == 0
    assert f"acme: organisation kept, datasource kept, 0 of {count}" in capsys.readouterr().out
    acme = number(admin, "acme")
    assert admin.ask("DELETE", "/api/dashboards/uid/store-exporter-shop", org=acme)[0] == 200
    assert run() == 0
    assert f"acme: organisation kept, datasource kept, 1 of {count}" in capsys.readouterr().out
    found = admin.ask("GET", "/api/search?type=dash-db", org=acme)[1]
    assert len(found) == count
    preferences = admin.ask("GET", "/api/org/preferences", org=acme)[1]
    assert preferences["homeDashboardUID"] == "store-exporter-shop"
    assert preferences["timezone"] == "Asia/Tokyo"


def test_the_sources_of_docker_compose_lead_from_dots_to_traces_and_back(admin: Client) -> None:
    found = {
        uid: admin.ask("GET", f"/api/datasources/uid/{uid}")[1] for uid in ("prometheus", "tempo")
    }
    to_trace, to_call = found["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert to_trace["datasourceUid"] == found["tempo"]["uid"]
    # Grafana has put no variable of its environment in here.
    assert to_call["url"] == "http://localhost:10847/calls?trace_id=${__value.raw}"
    back = found["tempo"]["jsonData"]["tracesToMetrics"]
    assert back["datasourceUid"] == found["prometheus"]["uid"]
    assert all("{$__tags}" in query["query"] for query in back["queries"])
    assert found["tempo"]["type"] == "tempo"
    assert found["tempo"]["readOnly"]


def test_a_wrong_password_is_reported_and_the_usual_one_is_wrong(
    run: Any, admin: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRAFANA_PASSWORD", "admin")
    assert run() == 1
    assert "Grafana does not accept admin with this password" in capsys.readouterr().err
    assert admin.ask("GET", "/api/orgs/name/acme")[0] == 404


def test_a_data_source_that_somebody_made_by_hand_is_adopted_and_pinned(
    run: Any, admin: Client, proxy: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    acme = int(admin.ask("POST", "/api/orgs", {"name": "acme"})[1]["orgId"])
    by_hand = {
        "name": "Prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": "http://127.0.0.1:9",
    }
    uid = admin.ask("POST", "/api/datasources", by_hand, acme)[1]["datasource"]["uid"]
    assert run("acme") == 0
    assert "acme: organisation kept, datasource adopted" in capsys.readouterr().out
    assert admin.ask("GET", f"/api/datasources/uid/{uid}", org=acme)[1]["url"] == proxy.url
    assert admin.query("store_up", uid, acme) == (200, {"shop.acme.example"})


def test_a_new_user_sees_nothing_until_somebody_makes_him_a_member_of_an_org(
    run: Any, admin: Client
) -> None:
    assert run() == 0
    source = {"name": "All", "type": "prometheus", "access": "proxy", "url": "http://127.0.0.1:9"}
    uid = admin.ask("POST", "/api/datasources", source, 1)[1]["datasource"]["uid"]
    admin.ask("POST", "/api/dashboards/db", {"dashboard": {"title": "All merchants"}}, 1)
    somebody = new_user(admin, "somebody")
    status, orgs = somebody.ask("GET", "/api/user/orgs")
    assert status == 200
    assert [(org["orgId"], org["role"]) for org in orgs] == [(1, "None")]
    status, found = somebody.ask("GET", "/api/search")
    assert status != 200 or found == []
    assert somebody.ask("GET", "/api/datasources")[0] == 403
    assert somebody.query("store_up", uid, None)[0] == 403


def test_a_member_of_an_org_cannot_turn_its_data_source_to_another(run: Any, admin: Client) -> None:
    assert run() == 0
    acme = number(admin, "acme")
    editor = new_user(admin, "editor")
    member = {"loginOrEmail": "editor", "role": "Editor"}
    assert admin.ask("POST", f"/api/orgs/{acme}/users", member)[0] == 200
    path = "/api/datasources/proxy/uid/store-exporter/api/v1/query?query=store_up"
    status, found = editor.ask("GET", path, org=acme, headers={"X-Store-Org": "globex"})
    assert status == 200
    assert [each["metric"]["org"] for each in found["data"]["result"]] == ["acme"]
    mine = {"name": "Mine", "type": "prometheus", "access": "proxy", "url": "http://127.0.0.1:9"}
    assert editor.ask("POST", "/api/datasources", mine, acme)[0] == 403
    assert editor.ask("PUT", "/api/datasources/uid/store-exporter", mine, acme)[0] == 403


def test_a_member_of_an_org_sees_its_figures_and_no_others(run: Any, admin: Client) -> None:
    assert run() == 0
    acme, globex = number(admin, "acme"), number(admin, "globex")
    owner = new_user(admin, "owner")
    member = {"loginOrEmail": "owner", "role": "Viewer"}
    assert admin.ask("POST", f"/api/orgs/{acme}/users", member)[0] == 200
    found = owner.ask("GET", "/api/search?type=dash-db", org=acme)[1]
    assert {board["uid"] for board in found} == {page.of.uid for page in dashboards.for_orgs()}
    ours = (200, {"shop.acme.example"})
    assert owner.query("store_up", "store-exporter", acme) == ours
    assert owner.query('store_up{org=~".+"}', "store-exporter", acme) == ours
    assert owner.query("sum by (domain) (store_up)", "store-exporter", acme) == ours
    # The proxy refuses a question about another org.
    assert owner.query('store_up{org="globex"}', "store-exporter", acme)[1] == set()
    status, domains = owner.query("store_up", "store-exporter", globex)
    assert status in (401, 403)
    assert domains == set()
    status, found = owner.ask("GET", "/api/search", org=globex)
    assert status != 200 or found == []
    board = "/api/dashboards/uid/store-exporter-shop"
    assert owner.ask("GET", board, org=acme)[0] == 200
    assert owner.ask("GET", board, org=globex)[0] in (401, 403)
