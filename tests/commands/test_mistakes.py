"""Mistakes at the command line, and the sentence that says what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_exporter import cli

CONFIGURATION = """
orgs: [{org: acme, api_tokens: [env:TOKEN]}]
stores:
  - {org: acme, domain: shop.example.com, platform: woocommerce,
     credentials: {consumer_key: env:KEY, consumer_secret: env:SECRET}}
"""
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", "token-of-acme-0123456789")
    monkeypatch.setenv("KEY", "ck_0123456789abcdef")
    monkeypatch.setenv("SECRET", "cs_0123456789abcdef")
    monkeypatch.setenv("GRAFANA_PASSWORD", "admin")
    (tmp_path / "store-exporter.yml").write_text(CONFIGURATION)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str]:
    """Run a command line; its exit status and the last line of what it complains."""
    try:
        status = cli.main(line.split())
    except SystemExit as ended:
        status = int(ended.code or 0)
    lines = capsys.readouterr().err.splitlines()
    assert not [line for line in lines if "Traceback" in line]
    return status, lines[-1] if lines else ""


@pytest.mark.parametrize(
    ("line", "status", "sentence"),
    [
        ("", 2, "a command is needed; store-exporter --help lists them"),
        ("serv", 2, "there is no command serv; did you mean serve?"),
        ("check", 2, "no command check; doctor checks stores, and serve --config.check the config"),
        ("xyz", 2, "there is no command xyz; store-exporter --help lists them"),
        ("--config.file=a.yml serve", 2, "the command comes first, and --config.file=a.yml after"),
        ("serve --config.chek", 2, "no option --config.chek; did you mean --config.check?"),
        ("run check_stock --stor=a.example", 2, "there is no option --stor; did you mean --store?"),
        ("doctor --config.file=nope.yml", 1, "nope.yml: there is no such file in {folder}; "),
        ("serve --config.file=.", 1, ".: cannot be read: Is a directory"),
        ("probe shop.example.con", 2, "did you mean shop.example.com?"),
        ("alert-test acne", 2, "acne is not among the orgs of store-exporter.yml; did you mean"),
        (f"calls shop.example.com --exporter.url={NOWHERE}", 1,
         f"{NOWHERE}: Connection refused; does the exporter run there? --exporter.url gives"),
        (f"alert-test acme --alertmanager.url={NOWHERE}", 1,
         f"{NOWHERE}: Connection refused; does Alertmanager run there? --alertmanager.url gives"),
        ("alert-test acme --alertmanager.url=http://xn--", 1, "does Alertmanager run there?"),
        ("alert-test acme --alertmanager.url=nonsense", 2, "not an http address, such as http://"),
        (f"grafana --grafana.url={NOWHERE}", 1,
         f"{NOWHERE}: Connection refused; does Grafana run there? --grafana.url gives"),
        ("generate --output=store-exporter.yml", 1,
         "cannot be read or written: Not a directory; --output names the folder"),
        ("grafana --grafana.password=env:NOBODY", 1,
         "--grafana.password: the environment variable NOBODY is not set"),
        ("operations chek_stock", 2, "chek_stock; `store-exporter operations` lists them"),
        ("state list shop.example.com", 2, "state list takes no names"),
        ("state forget", 2, "state forget takes one name, as `state list` prints it"),
        ("state move", 2, "state move takes the name of what is kept, and the domain that gets it"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_mistake_is_reported_with_advice(
    folder: Path, capsys: pytest.CaptureFixture[str], line: str, status: int, sentence: str
) -> None:
    found = said(capsys, line)
    assert found[0] == status
    assert sentence.format(folder=folder) in found[1]


def test_the_check_reports_a_budget_that_liveness_alone_exceeds(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "store-exporter.yml").write_text(
        f"defaults: {{requests_per_hour: 66}}{CONFIGURATION}"
    )
    assert said(capsys, "serve --config.check") == (
        1,
        (
            "store-exporter.yml: shop.example.com: requests_per_hour is 66, and the probe "
            "liveness alone takes 60: raise it, or the interval of liveness"
        ),
    )
    (folder / "store-exporter.yml").write_text(
        f"defaults: {{requests_per_hour: 67}}{CONFIGURATION}"
    )
    assert said(capsys, "serve --config.check") == (0, "")


def test_a_missing_file_of_one_stores_issuers_is_reported_by_the_check(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = CONFIGURATION.replace("platform:", "ca_file: nowhere.pem, platform:")
    (folder / "store-exporter.yml").write_text(named)
    assert said(capsys, "serve --config.check") == (
        1,
        (
            f"store-exporter.yml: shop.example.com: {folder}/nowhere.pem: ca_file is unusable: "
            "No such file or directory"
        ),
    )


def test_what_may_be_left_out_is_not_called_required(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "state")[1].endswith(" required: action")
    assert said(capsys, "run --store=shop.example.com")[1].endswith(" required: operation")


@pytest.mark.parametrize(
    ("named", "status"), [("file", 1), ("file/state", 0), ("made/at/the/start", 0)]
)
def test_the_check_reports_a_folder_for_the_state_that_cannot_be_used(
    folder: Path, capsys: pytest.CaptureFixture[str], named: str, status: int
) -> None:
    """One that is not there yet may be on the host that will serve."""
    (folder / "file").touch()
    text = f"state_directory: {named}{CONFIGURATION}"
    (folder / "store-exporter.yml").write_text(text)
    assert cli.main(["serve", "--config.check"]) == status
    printed = capsys.readouterr()
    problem = f"store-exporter.yml: state_directory: {folder}/{named} cannot be written to. Run"
    if named.startswith("file"):
        assert printed.err.startswith(problem)
        assert printed.out == "store-exporter.yml: stores: 1, orgs: 1\n"
    else:
        assert not printed.err
        assert printed.out == "store-exporter.yml: no problems; stores: 1, orgs: 1\n"
