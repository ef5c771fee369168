"""One org cannot read another's figures: the real prom-label-proxy before a real Prometheus.

The proxy runs with the flags of docker-compose.yml. Grafana's server, not the viewer, sets the
header that names the org.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from store_exporter.metrics.catalogue import business, health, lists, operations
from store_exporter.mixin import dashboards, series, wide
from store_exporter.mixin.dashboards.variables import LEVEL
from tests import servers
from tests.mixin import synthetic
from tests.mixin.panels import Source, choices, proof
from tests.servers.process import running

pytestmark = [pytest.mark.real, pytest.mark.timeout(360)]

OURS, THEIRS = "acme", "globex"
FOREIGN = {domain for org, domain, _ in synthetic.STORES if org == THEIRS} | {THEIRS}
NOW = {"start": "0", "end": "99999999999"}


def flags(repository: Path) -> list[str]:
    """The proxy's flags in docker-compose.yml, but for addresses."""
    compose = yaml.safe_load((repository / "docker-compose.yml").read_text(encoding="utf-8"))
    command: list[str] = compose["services"]["label-proxy"]["command"]
    return [flag for flag in command if not re.match(r"-(upstream|insecure-listen-address)", flag)]


@pytest.fixture(scope="module")
def proxy(
    history: tuple[servers.Server, float],
    repository: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[servers.Server]:
    argv = [
        "-insecure-listen-address=127.0.0.1:0",
        f"-upstream={history[0].url}",
        *flags(repository),
    ]
    with running(
        "prom-label-proxy",
        argv,
        directory=tmp_path_factory.mktemp("proxy"),
        listening=r"Listening insecurely on (127\.0\.0\.1:\d+)",
        ready="/healthz",
    ) as server:
        yield server


def ask(
    server: servers.Server,
    path: str,
    params: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Ask as our org's Grafana would; status and body."""
    query = urllib.parse.urlencode(params or {})
    post = method == "POST"
    request = urllib.request.Request(
        f"{server.url}{path}{'' if post or not query else '?' + query}",
        data=query.encode() if post else None,
        headers={"X-Store-Org": OURS} if headers is None else dict(headers),
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


UP, SALES, ERRORS = health.UP.name, business.ORDERS_PAID.name, operations.OPERATION_ERRORS.name
QUERIES = [
    UP,
    f'{UP}{{org="{THEIRS}"}}',
    f'{UP}{{org=~"{THEIRS}|{OURS}"}}',
    f'{UP}{{org!="{OURS}"}}',
    f'{UP}{{org!~"{OURS}"}}',
    f'{UP}{{org=""}}',
    f'{UP}{{org="{OURS}", org="{THEIRS}"}}',
    f'{UP}{{domain="tea.example"}}',
    '{__name__=~".+", org=~".*"}',
    f'{{__name__="{UP}", "org"="{THEIRS}"}}',
    f"sum by (domain) ({UP})",
    'count by (org) ({__name__=~"store_.*"})',
    f"{UP} or {SALES}",
    f'{UP} unless {UP}{{org="{OURS}"}}',
    f'label_replace({UP}, "org", "$1", "domain", "(.*)")',
    f"max_over_time({UP}[1h:1m])",
    f'rate({SALES}{{domain=~"tea.*"}}[1h] offset 1w)',
    f"{UP} @ end()",
    f"sum_over_time(({UP} offset 1m)[30m:5m] @ start())",
    f'max_over_time(({UP}{{org="{THEIRS}"}} or {SALES})[1h:10m] @ end() offset 5m)',
    f'{{__name__=~"{UP}|{SALES}", __name__!="", domain=~".*example"}}',
    f'{{"{UP}"}} or on () {{"{SALES}", "org"=~"{THEIRS}"}}',
    f'info({UP}, {{org="{THEIRS}", __name__=~".+"}})',
    f'{UP}{{org="{OURS}" or org="{THEIRS}"}}',
    f'sort_by_label({UP}, "org")',
    f'absent({UP}{{org="{THEIRS}"}})',
    f"topk by (org) (9, {UP})",
    f"count_values by (domain) ('x', {UP})",
    f'{ERRORS} * on (domain) group_left (org) {UP}{{org="{THEIRS}"}}',
    f'ALERTS{{org="{THEIRS}"}}',
    lists.CART_VALUE.name,
    f'{lists.SCARCE_QUANTITY.name}{{product="Oak desk"}}',
    f'topk(10, {lists.SELLER_VALUE.name}{{org="{THEIRS}"}})',
    f"count by (domain, product) ({lists.SELLER_SOLD.name})",
    series.STORE_UP,
    f'{series.STORE_UP}{{org="{THEIRS}"}}',
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path", ["/api/v1/query", "/api/v1/query_range", "/api/v1/query_exemplars"]
)
@pytest.mark.parametrize("query", QUERIES)
def test_no_query_shows_another_orgs_series(
    query: str, path: str, method: str, proxy: servers.Server, history: tuple[servers.Server, float]
) -> None:
    now = history[1]
    times = {"time": str(now), "start": str(now - 3600), "end": str(now), "step": "600"}
    status, body = ask(proxy, path, {"query": query, **times}, method=method)
    assert status in (200, 400)
    assert not shown(body), query


def shown(body: str) -> set[str]:
    """What an answer shows of the other org, its echo of our own question left out."""
    try:
        answer = json.loads(body)
    except ValueError:
        return {name for name in FOREIGN if re.search(rf'="{re.escape(name)}"', body)}
    data = json.dumps(answer.get("data"))
    return {name for name in FOREIGN if f'"{name}"' in data}


@pytest.mark.parametrize(
    "match",
    [
        *(UP, '{__name__=~".+"}', f'{UP}{{org="{THEIRS}"}}', f'{{org=~"{THEIRS}"}}', '{org!=""}'),
        *("", f'{{"{UP}", "org"="{THEIRS}"}}', f'{UP}{{org="{OURS}" or org="{THEIRS}"}}'),
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/series",
        "/api/v1/labels",
        "/api/v1/label/org/values",
        "/api/v1/label/domain/values",
        "/api/v1/label/__name__/values",
        "/federate",
    ],
)
def test_no_list_of_series_or_labels_shows_another_org(
    path: str, match: str, proxy: servers.Server
) -> None:
    for method in ("GET", "POST"):
        status, body = ask(proxy, path, {"match[]": match} if match else None, method=method)
        assert status in (200, 400, 404, 405)
        assert not shown(body)


def test_our_own_series_labels_rules_and_alerts_are_there(
    proxy: servers.Server, history: tuple[servers.Server, float]
) -> None:
    def data(path: str, **params: str) -> str:
        status, body = ask(proxy, path, params)
        assert status == 200, body
        return json.dumps(json.loads(body)["data"])

    assert "books.example" in data("/api/v1/query", query=UP, time=str(history[1]))
    assert json.loads(data("/api/v1/label/org/values")) == [OURS]
    assert json.loads(data("/api/v1/label/domain/values")) == ["books.example", "toys.example"]
    assert OURS in servers.eventually(lambda: data("/api/v1/alerts"), lambda d: OURS in d)
    assert "groups" in data("/api/v1/rules")


@pytest.mark.parametrize("path", ["/api/v1/rules", "/api/v1/alerts"])
def test_no_rule_or_alert_of_another_org_is_shown(
    path: str, proxy: servers.Server, history: tuple[servers.Server, float]
) -> None:
    servers.eventually(lambda: history[0].get("/api/v1/alerts"), lambda body: b"globex" in body)
    status, body = ask(proxy, path)
    assert status == 200
    assert not shown(body)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/graph",
        "/metrics",
        "/config",
        "/targets",
        "/api/v1/metadata",
        "/api/v1/targets",
        "/api/v1/targets/metadata",
        "/api/v1/status/config",
        "/api/v1/status/tsdb",
        "/api/v1/status/flags",
        "/api/v1/status/runtimeinfo",
        "/api/v1/scrape_pools",
        "/api/v1/alertmanagers",
        "/api/v1/write",
        "/api/v1/read",
        "/api/v1/format_query",
        "/api/v1/parse_query",
        "/api/v1/features",
        "/api/v1/notifications",
        "/api/v1/admin/tsdb/snapshot",
        "/-/reload",
        "/-/quit",
        "/api/v1/query/../status/config",
        "/api/v1//status/config",
        "/%61pi/v1/status/config",
        "/api/v1/query%2f..%2fstatus%2fconfig",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_every_other_endpoint_is_closed(path: str, method: str, proxy: servers.Server) -> None:
    # An odd path is answered with a redirection to its plain form, which is closed as well.
    status, body = ask(proxy, path, method=method)
    assert status in (307, 400, 404, 405)
    assert not shown(body)


def test_without_an_org_there_is_nothing(proxy: servers.Server) -> None:
    for headers in ({}, {"X-Store-Org": ""}, {"X-Store-Org": f"{OURS},{THEIRS}"}):
        status, body = ask(proxy, "/api/v1/query", {"query": UP}, headers=headers)
        assert status == 400 or not json.loads(body)["data"]["result"]
        assert not shown(body)


def test_an_org_in_the_question_does_not_replace_the_one_of_the_header(
    proxy: servers.Server,
) -> None:
    _, body = ask(proxy, "/api/v1/query", {"query": UP, "org": THEIRS, "X-Store-Org": THEIRS})
    assert not shown(body)


class Tenant(Source):
    """The proxy, asked as our org's Grafana asks it."""

    headers: Mapping[str, str] = {"X-Store-Org": OURS}


def test_the_dashboards_work_for_one_org_alone(
    proxy: servers.Server, history: tuple[servers.Server, float]
) -> None:
    # What the exporter costs and does is the platform's matter; its figures carry no org.
    pages = dashboards.for_orgs()
    assert len(pages) == len(dashboards.pages()) - 1
    assert proof(Tenant(proxy.url, history[1]), pages) == []


def test_a_week_of_one_org_is_read_from_its_own_sums(
    proxy: servers.Server, history: tuple[servers.Server, float]
) -> None:
    source = Tenant(proxy.url, history[1], step=600, range_=7 * 86400)
    pages = [page for page in dashboards.for_orgs() if LEVEL in page.variables]
    # Those of all orgs together carry none, and are not shown.
    assert {next(choices(source, page))[LEVEL.name] for page in pages} == {wide.OF_ORGS}
    assert proof(source, pages) == []
