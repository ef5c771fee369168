"""`store-exporter grafana`, against a stand-in: Grafana itself cannot be installed here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store_exporter import cli
from store_exporter.mixin import dashboards
from tests.fakes.handlers import Handler, handling
from tests.mixin.fake_grafana import PASSWORD, USER, FakeGrafana, Organisation, serving

CONFIG = "orgs: [{org: acme}, {org: globex}]\n"


@pytest.fixture
def grafana() -> Iterator[tuple[FakeGrafana, str]]:
    fake = FakeGrafana()
    with serving(fake) as url:
        yield fake, url


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFANA_PASSWORD", PASSWORD)


def set_up(tmp_path: Path, url: str, *arguments: str, config: str = CONFIG) -> int:
    file = tmp_path / "store-exporter.yml"
    file.write_text(config)
    return cli.main(
        [
            "grafana",
            f"--config.file={file}",
            f"--grafana.url={url}",
            "--proxy.url=http://proxy.example:8080",
            *arguments,
        ]
    )


def test_every_org_gets_an_organisation_of_its_own(
    grafana: tuple[FakeGrafana, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake, url = grafana
    assert set_up(tmp_path, url) == 0
    assert sorted(org.name for org in fake.orgs.values()) == ["Main Org.", "acme", "globex"]
    count = len(dashboards.for_orgs())
    for name in ("acme", "globex"):
        org = fake.named(name)
        assert list(org.folders) == ["store-exporter"]
        assert len(org.dashboards) == count
    said = capsys.readouterr().out
    assert f"acme: organisation created, datasource created, {count} of {count} dashboards" in said


def test_a_datasource_is_pinned_to_its_org_behind_the_proxy(
    grafana: tuple[FakeGrafana, str], tmp_path: Path
) -> None:
    fake, url = grafana
    set_up(tmp_path, url)
    for name in ("acme", "globex"):
        (source,) = fake.named(name).datasources.values()
        assert source["url"] == "http://proxy.example:8080"
        assert source["access"] == "proxy"
        assert source["jsonData"]["httpHeaderName1"] == "X-Store-Org"
        assert source["secureJsonData"] == {"httpHeaderValue1": name}
        assert source["jsonData"]["timeInterval"] == "1m"


def test_the_time_zone_of_an_org_is_that_in_which_it_works_if_somebody_said_it(
    grafana: tuple[FakeGrafana, str], tmp_path: Path
) -> None:
    fake, url = grafana
    orgs = "orgs: [{org: acme}, {org: globex, alerts: {timezone: Asia/Tokyo}}]\n"
    assert set_up(tmp_path, url, config=orgs) == 0
    assert "timezone" not in fake.named("acme").preferences
    assert fake.named("globex").preferences["timezone"] == "Asia/Tokyo"
    assert set_up(tmp_path, url, config=f"alerts: {{timezone: Europe/Berlin}}\n{orgs}") == 0
    assert fake.named("acme").preferences["timezone"] == "Europe/Berlin"
    assert fake.named("globex").preferences["timezone"] == "Asia/Tokyo"


def test_the_main_organisation_is_left_alone(
    grafana: tuple[FakeGrafana, str], tmp_path: Path
) -> None:
    fake, url = grafana
    set_up(tmp_path, url)
    assert fake.orgs[1] == Organisation("Main Org.", {USER})


def test_a_second_run_changes_nothing(
    grafana: tuple[FakeGrafana, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake, url = grafana
    set_up(tmp_path, url)
    before = repr(fake.orgs)
    capsys.readouterr()
    assert set_up(tmp_path, url) == 0
    assert repr(fake.orgs) == before
    assert "acme: organisation kept, datasource kept, 0 of" in capsys.readouterr().out


def test_what_somebody_changed_is_set_right(
    grafana: tuple[FakeGrafana, str], tmp_path: Path
) -> None:
    fake, url = grafana
    set_up(tmp_path, url)
    org = fake.named("acme")
    org.datasources["store-exporter"]["secureJsonData"] = {"httpHeaderValue1": "globex"}
    org.dashboards["store-exporter-shop"]["title"] = "Mine"
    set_up(tmp_path, url)
    assert org.datasources["store-exporter"]["secureJsonData"] == {"httpHeaderValue1": "acme"}
    assert org.dashboards["store-exporter-shop"]["title"] == "Stores / Shop"


def test_an_organisation_that_somebody_else_made_is_joined(
    grafana: tuple[FakeGrafana, str], tmp_path: Path
) -> None:
    fake, url = grafana
    fake.orgs[5] = Organisation("acme", {"somebody"})
    assert set_up(tmp_path, url) == 0
    assert fake.orgs[5].members == {"somebody", USER}
    assert fake.orgs[5].dashboards


def test_only_the_orgs_named_are_set_up(grafana: tuple[FakeGrafana, str], tmp_path: Path) -> None:
    fake, url = grafana
    assert set_up(tmp_path, url, "globex") == 0
    assert [org.name for org in fake.orgs.values()] == ["Main Org.", "globex"]


def test_an_unknown_org_is_refused(
    grafana: tuple[FakeGrafana, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake, url = grafana
    assert set_up(tmp_path, url, "nobody") == 1
    assert "no such org" in capsys.readouterr().err
    assert fake.calls == []


@pytest.mark.parametrize(
    ("status", "words"), [(500, "Grafana responded 500 the database is locked"), (None, "")]
)
def test_an_error_of_grafana_is_reported_in_one_line_without_the_password(
    status: int | None,
    words: str,
    grafana: tuple[FakeGrafana, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake, url = grafana
    fake.broken = status
    assert set_up(tmp_path, url if status else "http://127.0.0.1:9") == 1
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert PASSWORD not in said.err + said.out


@pytest.mark.parametrize("document", [b"[]", b"null", b"no JSON", b"[" * 99_999])
def test_a_server_that_is_no_grafana_is_reported(
    tmp_path: Path, document: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    class Other(Handler):
        def respond(self) -> None:
            self.answer(200, document)

    with handling(Other) as url:
        assert set_up(tmp_path, url) == 1
    said = capsys.readouterr().err
    assert "no JSON object; is this Grafana?" in said
    assert said.count("\n") == 1


def test_a_wrong_password_is_reported(
    grafana: tuple[FakeGrafana, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GRAFANA_PASSWORD", "wrong")
    assert set_up(tmp_path, grafana[1]) == 1
    assert "does not accept admin with this password" in capsys.readouterr().err


def test_a_wrong_password_is_reported_where_visitors_are_let_in(
    grafana: tuple[FakeGrafana, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    grafana[0].anonymous = True
    monkeypatch.setenv("GRAFANA_PASSWORD", "wrong")
    assert set_up(tmp_path, grafana[1]) == 1
    assert "does not accept admin with this password" in capsys.readouterr().err


def test_a_datasource_of_the_same_name_is_adopted_and_pinned(
    grafana: tuple[FakeGrafana, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake, url = grafana
    by_hand = {"uid": "by-hand", "name": "Prometheus", "url": "http://prometheus:9090"}
    fake.orgs[5] = Organisation("acme", {USER}, datasources={"by-hand": by_hand})
    assert set_up(tmp_path, url) == 0
    (source,) = fake.orgs[5].datasources.values()
    assert (source["uid"], source["url"]) == ("by-hand", "http://proxy.example:8080")
    assert source["secureJsonData"] == {"httpHeaderValue1": "acme"}
    assert "acme: organisation kept, datasource adopted" in capsys.readouterr().out


def test_one_org_that_cannot_be_set_up_leaves_the_others_done(
    grafana: tuple[FakeGrafana, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake, url = grafana
    provisioned = {"uid": "theirs", "name": "Prometheus", "readOnly": True}
    fake.orgs[5] = Organisation("acme", {USER}, datasources={"theirs": provisioned})
    assert set_up(tmp_path, url) == 1
    said = capsys.readouterr()
    assert "acme: datasource Prometheus is provisioned from a file" in said.err
    assert "globex: organisation created" in said.out


def test_the_scrape_interval_is_the_one_given(
    grafana: tuple[FakeGrafana, str], tmp_path: Path
) -> None:
    fake, url = grafana
    assert set_up(tmp_path, url, "--scrape.interval=15s") == 0
    (source,) = fake.named("acme").datasources.values()
    assert source["jsonData"]["timeInterval"] == "15s"


@pytest.mark.parametrize("text", ["15", "0s", "1m30s", "-1m", "soon"])
def test_a_scrape_interval_that_is_none_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        set_up(tmp_path, "http://127.0.0.1:9", f"--scrape.interval={text}")
    assert "is not a duration such as 15s or 1m" in capsys.readouterr().err


def test_people_of_an_org_begin_with_their_shop_and_see_no_column_for_the_org(
    grafana: tuple[FakeGrafana, str], tmp_path: Path
) -> None:
    fake, url = grafana
    set_up(tmp_path, url)
    org = fake.named("acme")
    assert org.preferences == {"homeDashboardUID": "store-exporter-shop"}
    tables = [
        panel
        for board in org.dashboards.values()
        for panel in board["panels"]
        if panel["type"] == "table"
    ]
    assert tables
    for panel in tables:
        columns = panel["transformations"][-1]["options"]
        # A list of named figures, such as amounts by currency, has no other column to hide.
        is_list = len(columns["indexByName"]) == 2 and "org" not in columns["indexByName"]
        assert is_list or columns["excludeByName"]["org"] is True


def test_a_password_in_clear_text_is_refused(
    grafana: tuple[FakeGrafana, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set_up(tmp_path, grafana[1], f"--grafana.password={PASSWORD}") == 1
    assert PASSWORD not in capsys.readouterr().err
