"""What analytics makes of a Prometheus' answers, good and bad, and says of what it rests on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_exporter.server.api import prometheus
from store_exporter.server.api.analytics import Filters, Findings, report
from store_exporter.server.api.coverage import PARTS
from store_exporter.server.api.orgs import MAX_ANALYTICS_OF_ORG
from store_exporter.server.api.prometheus import queries, selector
from store_exporter.server.api.query_api import MAX_BYTES, PARTIAL, PrometheusError
from tests.server.fake_prometheus import (
    FakePrometheus,
    body,
    nothing,
    response,
    serving,
    vector,
)
from tests.server.support import Answer, configuration, exporting

ZEN = "token-of-zen-9876543210"
DOWN = "http://127.0.0.1:9"
NOW = 1_800_000_000.0
STORES = (("acme", "a.example", DOWN), ("zen", "zen.example", DOWN))
NO_FIGURES = "Prometheus returned no figures"


@pytest.fixture
async def fake() -> AsyncIterator[FakePrometheus]:
    async with serving() as found:
        yield found


async def analytics(folder: Path, fake: FakePrometheus, parameters: str = "") -> Answer:
    """What the API answers to acme."""
    text = configuration(*STORES, more=f"prometheus_url: {fake.url}\n")
    async with exporting(folder, text) as running:
        return await running.api(f"/api/v1/analytics?{parameters}")


async def found(folder: Path, fake: FakePrometheus, parameters: str = "") -> Any:
    """The same, where it is an answer with figures."""
    answer = await analytics(folder, fake, parameters)
    assert answer.status == 200, answer.text
    return answer.json


def test_every_selector_is_pinned_to_the_org() -> None:
    filters = Filters("acme", "a.example", "get_cart", days=3)
    assert selector(filters) == '{org="acme", domain="a.example", operation="get_cart"}'
    for query in queries(Filters("acme")).values():
        assert query.count("{") == query.count('{org="acme"}')
    for query in queries(Filters("acme"), extrapolates=False).values():
        assert query.count("{") == query.count('{org="acme"}[7d]')


async def test_past_days_come_from_prometheus(tmp_path: Path, fake: FakePrometheus) -> None:
    answer = await found(tmp_path, fake, "days=30&domain=a.example")
    assert answer["source"] == "prometheus"
    assert answer["filters"]["days"] == 30
    assert answer["stats"] == {
        "total_operations": 200,
        "success_rate": 89.93,
        "avg_duration_ms": 250.4,
        "errors_by_type": {"timeout": 20},
        "operations_by_type": {"get_cart": 200},
    }
    assert (answer["complete"], answer["warnings"]) == (True, [])
    asked = dict(fake.asked)
    assert len(fake.asked) == len(asked) == 6
    assert all('{org="acme"' in form["query"] for form in asked.values())
    where = '{org="acme", domain="a.example"}'
    assert f"{where}[90d] offset -60d" in asked["total"]["query"]


async def test_days_without_data_are_said(tmp_path: Path, fake: FakePrometheus) -> None:
    part = 90 * 86_400 // PARTS
    filled = [[0.0, "1"]]
    fake.documents["parts"] = {
        "status": "success",
        "data": {"result": [{"metric": {}, "values": filled}]},
    }
    text = configuration(*STORES, more=f"prometheus_url: {fake.url}\n")
    async with exporting(tmp_path, text) as running:
        await running.api("/api/v1/analytics?days=90")
        end = float(fake.asked[0][1]["end"])
        filled[0][0] = end
        fake.documents["first"] = vector(f"{end - 900}")
        answer = (await running.api("/api/v1/analytics?days=90")).json
    start, until = (datetime.fromisoformat(answer[name]) for name in ("from", "until"))
    assert until - start == timedelta(minutes=15)
    assert (answer["complete"], answer["filters"]["days"]) == (False, 90)
    assert answer["warnings"] == []
    assert part > 900


async def test_a_gap_is_said(fake: FakePrometheus) -> None:
    # One lies before the day that was asked for: it makes up for none of the day's.
    points = [[NOW - number * 300, "1"] for number in range(PARTS + 1) if number != 100]
    fake.documents["parts"] = {
        "status": "success",
        "data": {"result": [{"metric": {}, "values": points}]},
    }
    findings = await prometheus.usage(fake.url, Filters("acme", days=1), NOW)
    assert (findings.complete, findings.partial) == (False, False)
    assert findings.warnings == ["there is no data for 0.1 hours within that time"]


async def test_nothing_at_all_is_from_nowhere(tmp_path: Path, fake: FakePrometheus) -> None:
    fake.documents = dict.fromkeys(("parts", "total", "errors", "mean"), nothing())
    answer = await found(tmp_path, fake)
    assert (answer["from"], answer["until"], answer["complete"]) == (None, None, False)
    assert answer["stats"]["success_rate"] is None


@pytest.mark.parametrize("about", ["parts", "total", "errors", "mean", "last"])
async def test_partial_data_is_never_shown_as_success(
    tmp_path: Path, fake: FakePrometheus, about: str
) -> None:
    fake.documents["errors"] = nothing()
    form = {"start": "0", "end": "0", "step": "1"}
    fake.documents[about] = {**fake.document(about, form), "isPartial": True}
    answer = await found(tmp_path, fake)
    assert (answer["complete"], answer["warnings"][0]) == (False, PARTIAL)
    assert answer["stats"]["total_operations"] == 200
    for figures in (answer["stats"], *answer["metrics"]):
        assert (figures["success_rate"], figures["avg_duration_ms"]) == (None, None)


@pytest.mark.parametrize(
    ("field", "text", "shown", "complete"),
    [
        ("infos", 'PromQL info: no counter: "store_operations_total" (1:40)',
         ['no counter: "store_operations_total"'], True),
        ("infos", 'PromQL info: odd: "store_of_globex_total" (1:40)', ['odd: "…"'], True),
        ("infos", "a note of the proxy about globex", [], True),
        ("warnings", 'PromQL warning: mixed "store_operation_duration_seconds_sum"',
         ['mixed "store_operation_duration_seconds_sum"', PARTIAL], False),
        ("warnings", "remote_read: http://user:pw@10.0.0.7/read of globex: refused",
         [PARTIAL], False),
        ("warnings", "results truncated due to limit", [PARTIAL], False),
        ("warnings", "PromQL warning: see\r\nhttp://10.0.0.7/x\x1b[31m now",
         ["see  … now", PARTIAL], False),
        ("warnings", "PromQL warning: " + "x" * 100_000, ["x" * 199 + "…", PARTIAL], False),
    ],
)  # fmt: skip
async def test_warnings_are_passed_on_without_what_is_not_the_orgs(
    tmp_path: Path,
    fake: FakePrometheus,
    *,
    field: str,
    text: str,
    shown: list[str],
    complete: bool,
) -> None:
    fake.documents["total"] = {**vector("200"), field: [text] * 3}
    answer = await found(tmp_path, fake)
    assert (answer["warnings"], answer["complete"]) == (shown, complete)


async def test_warnings_are_bounded(tmp_path: Path, fake: FakePrometheus) -> None:
    many = [f"PromQL warning: number {n}" for n in range(1000)]
    fake.documents["total"] = {**vector("200"), "warnings": many}
    answer = await found(tmp_path, fake)
    assert len(answer["warnings"]) == 10
    assert answer["warnings"][-1] == PARTIAL


@pytest.mark.parametrize(
    "name", ["lookup order", 'a"} or {org="zen', "a\\", "a\nb", "émoji 🛒", "re.*"]
)
async def test_names_that_an_application_chose_can_be_requested(
    tmp_path: Path, fake: FakePrometheus, name: str
) -> None:
    labels = {"operation": name, "domain": "only.in.the.app"}
    fake.documents = {
        "total": vector("3", **labels),
        "errors": nothing(),
        "mean": vector("0.1", **labels),
    }
    text = configuration(*STORES, more=f"prometheus_url: {fake.url}\n")
    async with exporting(tmp_path, text) as running:
        answer = await running.ask(
            "/api/v1/analytics",
            params={"operation": name, "domain": "only.in.the.app"},
            headers={"Authorization": "Bearer token-of-acme-0123456789"},
        )
    assert answer.status == 200
    assert answer.json["stats"]["operations_by_type"] == {name: 3}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("domain=zen.example", "there is no store of this domain"),
        ("domain=nowhere.example", "there is no store of this domain"),
        ("operation=nothing", "there is no operation of this name"),
        (f"domain={'x' * 5000}", "there is no store of this domain"),
    ],
)
async def test_what_nobody_knows_is_not_found(
    tmp_path: Path, fake: FakePrometheus, parameters: str, message: str
) -> None:
    fake.documents = dict.fromkeys(("total", "errors", "mean"), nothing())
    answer = await analytics(tmp_path, fake, parameters)
    assert (answer.status, answer.json) == (404, {"error": message})


async def test_figures_of_another_org_are_refused(tmp_path: Path, fake: FakePrometheus) -> None:
    fake.documents["errors"] = vector("7", org="zen", domain="zen.example")
    answer = await analytics(tmp_path, fake)
    assert answer.status == 502
    assert answer.json == {"error": "Prometheus returned figures that were not requested"}


GATEWAY = "<html>nginx at 10.0.0.7</html>"
BROKEN: dict[str, bytes] = {
    "html": response(GATEWAY.encode()),
    "nothing": response(b""),
    "no object": response(b"[]"),
    "no data": response(body({"status": "success"})),
    "null": response(body({"status": "success", "data": None})),
    "a scalar": response(body({"status": "success", "data": {"result": [0, "1"]}})),
    "truncated JSON": response(body(vector("1"))[:-20]),
    "deep": response(b"[" * 100_000),
    "not UTF-8": response(b"\xff\xfe"),
    "no number": response(body(vector("many"))),
    "a number that is no text": response(body({"status": "success", "data": {"result": [
        {"metric": {}, "value": [0, 1]}]}})),
    "a time that is none": response(b'{"status": "success", "data": {"result": [{"metric": '
                                    b'{}, "value": [' + b"9" * 400 + b', "1"]}]}}'),
    "labels that are none": response(body({"status": "success", "data": {"result": [
        {"metric": {"org": ["acme"]}, "value": [0, "1"]}]}})),
    "labels in a text": response(body({"status": "success", "data": {"result": [
        {"metric": "acme", "value": [0, "1"]}]}})),
    "a series without points": response(body({"status": "success", "data": {"result": [
        {"metric": {}, "values": []}]}})),
    "a histogram": response(body({"status": "success", "data": {"result": [
        {"metric": {}, "histogram": [0, {"count": "1"}]}]}})),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("about", ["total", "parts"])
async def test_a_response_that_is_broken_is_reported_as_such(
    tmp_path: Path, fake: FakePrometheus, about: str, name: str
) -> None:
    fake.raw[about] = BROKEN[name]
    answer = await analytics(tmp_path, fake)
    assert (answer.status, answer.json) == (502, {"error": NO_FIGURES})


@pytest.mark.parametrize(
    ("about", "value"),
    [
        ("total", "NaN"),
        ("total", "+Inf"),
        ("total", "-1"),
        ("total", "1e300"),
        ("errors", "NaN"),
        ("mean", "+Inf"),
        ("first", "NaN"),
    ],
)
async def test_a_figure_that_cannot_be_is_reported_as_such(
    tmp_path: Path, fake: FakePrometheus, about: str, value: str
) -> None:
    fake.documents[about] = vector(value)
    answer = await analytics(tmp_path, fake)
    assert (answer.status, answer.json) == (502, {"error": NO_FIGURES})


@pytest.mark.parametrize(
    ("raw", "status", "message"),
    [
        (response(GATEWAY.encode(), "503 Busy"), 502, "Prometheus responded with status 503"),
        (response(GATEWAY.encode(), "500 Oh"), 502, "Prometheus responded with status 500"),
        (response(GATEWAY.encode(), "302 Found"), 502, "Prometheus responded with status 302"),
        (response(GATEWAY.encode(), "504 Late"), 504, "Prometheus did not respond in time"),
        (response(body({"status": "error", "errorType": "timeout", "error": "x"}), "503 Late"),
         504, "Prometheus did not respond in time"),
        (response(body({"status": "error", "errorType": "execution", "error": "at 10.0.0.7"}),
                  "422 No"), 502, "Prometheus responded with status 422 (execution)"),
        (response(body({"status": "error", "errorType": "at 10.0.0.7"}), "400 No"),
         502, "Prometheus responded with status 400"),
        (response(b" " * (MAX_BYTES + 1)), 502, "Prometheus returned more than can be read"),
        (response(body(vector("1")), length=10_000), 502,
         "Prometheus did not respond: ClientPayloadError"),
        (b"220 mail.example ESMTP\r\n", 502, "Prometheus did not respond: ClientResponseError"),
        (b"", 502, "Prometheus did not respond: ServerDisconnectedError"),
        (None, 504, "Prometheus did not respond in time"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Encoding: gzip\r\n\r\nnot gzip!", 502,
         "Prometheus did not respond: ClientPayloadError"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("about", ["parts", "mean"])
async def test_a_prometheus_that_fails_is_reported_as_such(
    tmp_path: Path,
    fake: FakePrometheus,
    monkeypatch: pytest.MonkeyPatch,
    *,
    about: str,
    raw: bytes | None,
    status: int,
    message: str,
) -> None:
    fake.raw[about] = raw
    if raw is None:
        monkeypatch.setattr(prometheus, "TIMEOUT", 0.3)
    answer = await analytics(tmp_path, fake)
    assert (answer.status, answer.json) == (status, {"error": message})


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
PATHS = st.sampled_from(
    [
        (),
        ("status",),
        ("data",),
        ("warnings",),
        ("infos",),
        ("isPartial",),
        ("stats",),
        ("data", "result"),
        ("data", "result", 0),
        ("data", "result", 0, "metric"),
        ("data", "result", 0, "metric", "operation"),
        ("data", "result", 0, "value"),
        ("data", "result", 0, "value", 0),
        ("data", "result", 0, "value", 1),
    ]
)


@settings(max_examples=60)
@given(st.sampled_from(["total", "errors", "mean", "first", "last"]), PATHS, JSON)
def test_for_any_response_there_are_figures_or_a_reason(
    about: str, path: tuple[str | int, ...], anything: Any
) -> None:
    document: Any = json.loads(json.dumps(vector("12", error_type="timeout")))
    if path:
        place = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = anything
    else:
        document = anything
    findings = asyncio.run(asked_of_one_that_answers(about, document))
    if isinstance(findings, str):
        assert findings
        return
    made = report(findings, Filters("acme"), "prometheus")
    json.dumps(made, allow_nan=False)
    if findings.partial:
        assert made["stats"]["success_rate"] is None


async def asked_of_one_that_answers(about: str, document: object) -> Findings | str:
    """The findings, or the reason why there are none."""
    async with serving() as fake:
        fake.documents[about] = document
        try:
            return await prometheus.usage(fake.url, Filters("acme"), NOW)
        except PrometheusError as error:
            return str(error)


async def test_an_org_that_sends_too_many_requests_takes_nothing_from_another(
    tmp_path: Path, fake: FakePrometheus
) -> None:
    fake.documents = dict.fromkeys(("parts", "total", "errors", "mean"), nothing())
    fake.go.clear()
    text = configuration(more=f"prometheus_url: {fake.url}\n")
    async with exporting(tmp_path, text) as running:
        first = [asyncio.create_task(running.api("/api/v1/analytics")) for _ in range(50)]
        refused = []
        for done in asyncio.as_completed(first):
            refused.append(await done)
            if len(refused) == 50 - MAX_ANALYTICS_OF_ORG:
                break
        assert {answer.status for answer in refused} == {429}
        assert refused[0].headers["Retry-After"] == "1"
        assert refused[0].json == {"error": "too many requests of this org at the same time"}
        # Health costs nothing, and another org has places of its own.
        assert (await running.api("/api/v1/health")).status == 200
        other = asyncio.create_task(running.api("/api/v1/analytics", ZEN))
        fake.go.set()
        assert (await other).status == 200
        assert [task.result().status for task in first if task.result().status != 429] == [
            200
        ] * MAX_ANALYTICS_OF_ORG
    assert len(fake.asked) == 4 * (MAX_ANALYTICS_OF_ORG + 1)


async def test_a_prometheus_that_is_away_is_reported_as_such(tmp_path: Path) -> None:
    text = configuration(more="prometheus_url: http://127.0.0.1:9\n")
    async with exporting(tmp_path, text) as running:
        answer = await running.api("/api/v1/analytics")
    assert answer.status == 502
    assert answer.json["error"].startswith("Prometheus did not respond: Client")


async def test_more_than_90_days_are_queried_from_the_prometheus_that_stores_them(
    tmp_path: Path, fake: FakePrometheus
) -> None:
    more = f"prometheus_url: {fake.url}\nprometheus_years_url: http://127.0.0.1:9\n"
    async with exporting(tmp_path, configuration(*STORES, more=more)) as running:
        assert (await running.api("/api/v1/analytics?days=90")).status == 200
        assert (await running.api("/api/v1/analytics?days=91")).status == 502
    assert all(":increase1h" not in form["query"] for _, form in fake.asked)
    fake.asked.clear()
    answer = await found(tmp_path, fake, "days=730&domain=a.example")
    assert answer["filters"]["days"] == 730
    assert answer["stats"]["total_operations"] == 200
    asked = dict(fake.asked)
    assert len(fake.asked) == len(asked) == 6
    assert all(':increase1h{org="acme"' in form["query"] for form in asked.values())
    assert '{org="acme", domain="a.example"}[730d]' in asked["errors"]["query"]
