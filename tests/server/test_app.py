from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from store_demo.stores.base import DemoStore
from store_exporter.metrics.catalogue import exporter as catalogue
from store_exporter.metrics.recorder import Recorder
from store_exporter.server.app import MAX_RELOADS
from store_exporter.stores.model import Secret
from store_exporter.stores.owners import SourceClaim
from tests.server.support import Running, configuration, exporting

STORE = ("acme", "shop.example.com", "http://127.0.0.1:9")
OTHER = ("zen", "other.example", "http://127.0.0.1:9")


def value(recorder: Recorder, metric: object, labels: tuple[str, ...] = ()) -> float | None:
    for family in recorder.families():
        if family.metric is metric:
            return dict(family.series).get(labels)  # type: ignore[return-value]
    return None


async def test_it_is_healthy_and_ready(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        for path in ("/-/healthy", "/-/ready"):
            assert (await running.ask(path)).status == 200


async def test_it_is_not_ready_before_and_after(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        running.exporter.ready = False
        assert (await running.ask("/-/ready")).status == 503
        assert (await running.ask("/-/healthy")).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_reload_takes_the_new_stores(tmp_path: Path, method: str) -> None:
    async with exporting(tmp_path, configuration(STORE)) as running:
        running.file.write_text(configuration(STORE, OTHER))
        answer = await running.ask("/-/reload", method)
        assert (answer.status, answer.text) == (
            200,
            "reloaded; stores: 1 added, 0 removed, 0 changed\n",
        )
        assert list(running.exporter.inventory.stores) == ["shop.example.com", "other.example"]
        await running.exporter.watching.settled()
        assert list(running.scheduler.stores) == ["shop.example.com", "other.example"]


async def test_a_reload_by_get_is_not_allowed(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        answer = await running.ask("/-/reload")
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(",")) == {"POST", "PUT"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://exporter.internal:10847"},
        # Without https browsers send nothing but this.
        {"Origin": "http://evil.example"},
        {"Origin": "http://exporter.internal:8080"},
        {"Origin": "null"},
    ],
)
async def test_a_reload_on_behalf_of_another_site_is_refused(
    headers: dict[str, str], tmp_path: Path
) -> None:
    async with exporting(tmp_path, configuration()) as running:
        headers = {"Host": "exporter.internal:10847", **headers}
        answer = await running.ask("/-/reload", "POST", headers=headers)
        assert answer.status == 403
        assert running.scheduler.updates == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://Exporter.internal:10847"},
        {"Origin": "http://exporter.internal", "Host": "exporter.internal:80"},
    ],
)
async def test_a_reload_by_nobodys_site_or_the_exporters_own_is_done(
    headers: dict[str, str], tmp_path: Path
) -> None:
    async with exporting(tmp_path, configuration()) as running:
        headers = {"Host": "exporter.internal:10847", **headers}
        assert (await running.ask("/-/reload", "POST", headers=headers)).status == 200


async def test_a_bad_reload_keeps_the_old_configuration_and_says_so_everywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with exporting(tmp_path, configuration(STORE)) as running:
        recorder = running.exporter.recorder
        before = value(recorder, catalogue.RELOAD_TIMESTAMP)
        assert value(recorder, catalogue.RELOAD_SUCCESSFUL) == 1
        old = running.exporter.config
        running.file.write_text(configuration(STORE) + "storse: []\nx: <b>\n")
        answer = await running.ask("/-/reload", "POST")
        problem = "storse: unknown key; did you mean stores?"
        assert answer.status == 500
        assert answer.text.startswith("the old configuration stays:\n")
        assert problem in answer.text
        assert running.exporter.config is old
        assert list(running.scheduler.stores) == ["shop.example.com"]
        assert value(recorder, catalogue.RELOAD_SUCCESSFUL) == 0
        assert value(recorder, catalogue.RELOAD_TIMESTAMP) == before
        # Other tests may have set the level at which requests are told as well.
        assert any(problem in getattr(record, "problems", "") for record in caplog.records)
        assert problem in (await running.ask("/")).text

        running.file.write_text(configuration(STORE))
        assert (await running.ask("/-/reload", "POST")).status == 200
        assert value(recorder, catalogue.RELOAD_SUCCESSFUL) == 1
        assert problem not in (await running.ask("/")).text


async def test_reloads_that_wait_are_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with exporting(tmp_path, configuration()) as running:
        go, reload = asyncio.Event(), running.exporter.reload

        async def slow() -> object:
            await go.wait()
            return await reload()

        monkeypatch.setattr(running.exporter, "reload", slow)
        asked = [asyncio.create_task(running.ask("/-/reload", "POST")) for _ in range(20)]
        first = await next(asyncio.as_completed(asked))
        assert (first.status, first.text) == (503, "too many reloads at the same time\n")
        assert (await running.ask("/-/healthy")).status == 200
        go.set()
        statuses = [answer.status for answer in await asyncio.gather(*asked)]
        assert statuses.count(200) == MAX_RELOADS


async def test_unchanged_stores_keep_what_is_known_of_them(
    tmp_path: Path, shop: DemoStore, shop_url: str, environ: dict[str, str]
) -> None:
    one = ("acme", "shop.example.com", shop_url)
    async with exporting(tmp_path, configuration(one, OTHER), environ=environ) as running:
        await running.scheduler.run("liveness")
        kept = running.exporter.inventory.stores["shop.example.com"]
        running.file.write_text(configuration(one))
        await running.ask("/-/reload", "POST")
        assert running.exporter.inventory.stores["shop.example.com"] is kept
        metrics = (await running.ask("/metrics")).text
        assert 'store_up{org="acme",domain="shop.example.com",platform="woocommerce"} 1' in metrics
        assert "other.example" not in metrics


async def test_a_secret_is_read_again_at_a_reload(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ck_" + "1" * 40)
    text = configuration(STORE).replace("env:KEY", "file:key")
    async with exporting(tmp_path, text) as running:
        (tmp_path / "key").write_text("ck_" + "2" * 40)
        answer = await running.ask("/-/reload", "POST")
        assert answer.text == "reloaded; stores: 0 added, 0 removed, 1 changed\n"
        store = running.exporter.inventory.stores["shop.example.com"]
        assert store.credentials["consumer_key"] == Secret("ck_" + "2" * 40)
        assert running.exporter.redact("ck_" + "1" * 40) == "<masked>"
        assert running.exporter.redact("ck_" + "2" * 40) == "<masked>"


async def test_the_configuration_is_shown_with_references_for_secrets(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration(STORE)) as running:
        answer = await running.ask("/config")
        assert answer.headers["Content-Type"].startswith("text/yaml")
        assert "consumer_key: env:KEY" in answer.text
        assert "domain: shop.example.com" in answer.text


async def test_service_discovery_lists_targets_for_probe(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration(STORE)) as running:
        assert (await running.ask("/sd")).json == [
            {
                "targets": ["shop.example.com"],
                "labels": {
                    "__param_target": "shop.example.com",
                    "__meta_store_org": "acme",
                    "__meta_store_domain": "shop.example.com",
                    "__meta_store_platform": "woocommerce",
                },
            }
        ]


async def test_every_response_has_the_security_headers(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration(STORE)) as running:
        paths = ("/", "/metrics", "/config", "/sd", "/nowhere", "/probe", "/api/v1/health")
        for path in (*paths, "/-/reload", "/runbooks/StoreDown"):
            headers = (await running.ask(path)).headers
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert headers["X-Frame-Options"] == "DENY", path
            assert headers["Content-Security-Policy"].startswith("default-src 'none'"), path
            assert headers["Cache-Control"] == "no-store", path
            assert headers["Server"] == "store-exporter", path


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/runbooks/..%2f..%2fREADME",
     "/runbooks/<script>", "/config/", "//", "/metrics/x"],
)  # fmt: skip
async def test_an_unknown_path_is_404_and_is_not_repeated(tmp_path: Path, path: str) -> None:
    async with exporting(tmp_path, configuration()) as running:
        answer = await running.ask(path)
        assert (answer.status, answer.text) == (404, "404 Not Found\n")


async def test_a_body_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        answer = await running.ask("/-/reload", "POST", data=b"x" * 200_000)
        assert answer.status in (200, 413)


async def test_a_head_that_is_too_large_is_refused(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        for headers in ({"X": "y" * 20_000}, {f"X-{n}": "y" for n in range(500)}):
            assert (await running.ask("/-/healthy", headers=headers)).status == 400


async def test_a_domain_that_a_source_takes_from_another_org_is_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with exporting(tmp_path, configuration(STORE)) as running:
        (known,) = running.exporter.config.stores
        claim = SourceClaim("zen", (replace(known, org="zen"),))
        for _ in range(2):
            assert not await running.exporter.found([claim])
        assert running.exporter.inventory.stores["shop.example.com"].org == "acme"
        (said,) = caplog.records
        assert said.getMessage() == (
            "1 domains are contested: orgs name what another has or names as well"
        )
        assert (
            "shop.example.com of zen: the configuration assigns it to the org acme"
            in (await running.ask("/")).text
        )
        refused = 'store_exporter_discovery_refused_domains{org="zen",reason="contested"}'
        assert f"{refused} 1\n" in (await running.ask("/metrics")).text
        await running.exporter.found([SourceClaim("zen")])
        assert f"{refused} 0\n" in (await running.ask("/metrics")).text
        assert "Sources of stores" not in (await running.ask("/")).text


async def test_found_stores_are_watched_with_those_of_the_file(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration(STORE)) as running:
        (known,) = running.exporter.config.stores
        key = Secret("ck_of_the_found_store")
        found = replace(known, domain="b.example", url="https://b.example", credentials={"k": key})
        await running.exporter.found([SourceClaim("acme", (found,))])
        await running.exporter.watching.settled()
        assert list(running.scheduler.stores) == ["shop.example.com", "b.example"]
        assert running.exporter.redact("ck_of_the_found_store") == "<masked>"
        await running.ask("/-/reload", "POST")
        await running.exporter.watching.settled()
        # Discovery is asked anew; the configuration has no source, so nothing is found any more.
        assert list(running.scheduler.stores) == ["shop.example.com"]


async def test_a_head_request_gets_no_body(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        for path in ("/", "/metrics", "/-/healthy"):
            answer = await running.ask(path, "HEAD")
            assert (answer.status, answer.body) == (200, b"")


async def test_a_failure_of_ours_is_500_without_details(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("with details")

    async with exporting(tmp_path, configuration()) as running:
        monkeypatch.setattr(running.exporter, "states", broken)
        answer = await running.ask("/")
        assert (answer.status, answer.text) == (500, "internal error; the log says more\n")
        assert "with details" in caplog.text


async def test_requests_are_logged_at_debug_without_their_query(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "store_exporter.access")
    async with exporting(tmp_path, configuration()) as running:
        await running.ask("/-/healthy?token=hunter2")
        (record,) = (r for r in caplog.records if r.name == "store_exporter.access")
        assert (record.levelname, vars(record)["path"]) == ("DEBUG", "/-/healthy")
        assert vars(record)["status"] == 200
        assert "hunter2" not in str(vars(record))


async def test_runbooks_are_where_alerts_lead(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        page = (await running.ask("/runbooks/StoreDown")).text
        assert '<h1 id="storedown">StoreDown</h1>' in page
        assert '<th scope="col">error type</th>' in page
        assert "<td><code>timeout</code></td>" in page
        index = (await running.ask("/runbooks/")).text
        assert '<a href="StoreDown">StoreDown</a>' in index
        assert '<a href="README.md#running-the-commands">' in page
        assert all('<a href="../">Stores</a>' in text for text in (page, index))
        # Settings name this address without a slash.
        moved = await running.ask("/runbooks")
        assert (moved.status, moved.headers["Location"]) == (302, "runbooks/")
        assert '<h2 id="running-the-commands">' in (await running.ask("/runbooks/README.md")).text


async def test_the_number_of_stores_is_a_metric_by_platform(running_two: Running) -> None:
    recorder = running_two.exporter.recorder
    assert value(recorder, catalogue.STORES, ("woocommerce",)) == 2
    running_two.file.write_text(configuration())
    await running_two.ask("/-/reload", "POST")
    assert value(recorder, catalogue.STORES, ("woocommerce",)) == 0


@pytest.fixture
async def running_two(tmp_path: Path) -> object:
    async with exporting(tmp_path, configuration(STORE, OTHER)) as running:
        yield running
