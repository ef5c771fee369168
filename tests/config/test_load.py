from __future__ import annotations

import os
import threading
from importlib import import_module
from pathlib import Path

import pytest

from store_exporter.config import Config, ConfigError, dump, load
from store_exporter.stores.model import Secret
from tests.config.example import PLATFORMS
from tests.steps import counting

ENVIRON = {"KEY": "ck_12345678", "TOKEN": "token-of-acme-0123"}


def loaded(folder: Path, text: str, *, resolve: bool = True) -> Config:
    file = folder / "store-exporter.yml"
    file.write_text(text)
    return load(file, environ=ENVIRON, platforms=PLATFORMS, resolve=resolve)


STORE = """
orgs:
  - org: acme
stores:
  - domain: shop.example.com
    org: acme
    platform: example
    credentials: {key: env:KEY}
"""


def test_a_store_needs_four_keys_and_gets_the_rest_from_its_platform(tmp_path: Path) -> None:
    (store,) = loaded(tmp_path, STORE).stores
    assert store.labels == ("acme", "shop.example.com", "example")
    assert store.url == "https://shop.example.com"
    assert store.credentials["key"] == Secret("ck_12345678")
    assert store.settings == {"version": "2026", "legacy": False}
    assert store.probes["checkout"].interval == 300
    assert store.probes["checkout"].critical is None
    assert store.collectors["orders"].options == {
        "pages": 5, "overlap": 60.0, "drafts": True, "statuses": ["paid"],
    }  # fmt: skip
    assert (store.requests_per_hour, store.concurrency, store.ca_file) == (600, 1, None)


def test_a_store_wins_over_the_defaults_and_those_over_the_platform(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    text = STORE + (
        "    url: http://127.0.0.1:8080/\n"
        "    settings: {legacy: true}\n"
        "    probes: {liveness: {timeout: 3s}, checkout: {enabled: false, critical: true}}\n"
        "    collectors: {orders: {pages: 9, overlap: 2m, statuses: []}}\n"
        "    concurrency: 2\n"
        "defaults:\n"
        "  probes: {liveness: {interval: 20s, timeout: 5s}}\n"
        "  collectors: {orders: {interval: 1m, pages: 7, drafts: false}}\n"
        "  requests_per_hour: 100\n"
        "  concurrency: 4\n"
        "  ca_file: ca.pem\n"
    )
    (store,) = loaded(tmp_path, text).stores
    assert store.url == "http://127.0.0.1:8080"
    assert store.settings == {"version": "2026", "legacy": True}
    liveness, checkout = store.probes["liveness"], store.probes["checkout"]
    assert (liveness.interval, liveness.timeout, liveness.enabled) == (20, 3, True)
    assert (checkout.interval, checkout.enabled, checkout.critical) == (300, False, True)
    orders = store.collectors["orders"]
    assert (orders.interval, orders.timeout) == (60, 60)
    assert orders.options == {"pages": 9, "overlap": 120.0, "drafts": False, "statuses": []}
    assert (store.requests_per_hour, store.concurrency) == (100, 2)
    assert store.ca_file == str(tmp_path / "ca.pem")


@pytest.mark.parametrize(
    ("defaults", "org", "own", "lists"),
    [
        ("", "", "", True),
        ("false", "", "", False),
        ("false", "true", "", True),
        ("", "false", "", False),
        ("true", "false", "true", True),
        ("", "", "false", False),
    ],
)
def test_lists_are_switched_off_for_a_store_or_its_org_or_all(
    tmp_path: Path, defaults: str, org: str, own: str, lists: bool
) -> None:
    text = STORE.replace("- org: acme", f"- org: acme\n    lists: {org}", 1)
    text += f"    lists: {own}\ndefaults:\n  lists: {defaults}\n"
    (store,) = loaded(tmp_path, text).stores
    assert store.lists is lists


def test_keys_that_are_left_blank_count_as_absent(tmp_path: Path) -> None:
    text = STORE + "    probes:\n    url:\n    concurrency:\n    settings: {version: ~}\n"
    assert loaded(tmp_path, text).stores == loaded(tmp_path, STORE).stores


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    assert loaded(tmp_path, "orgs: []").state_directory == tmp_path / "state"
    assert loaded(tmp_path, "state_directory: var/x").state_directory == tmp_path / "var/x"
    assert loaded(tmp_path, "state_directory: /var/x").state_directory == Path("/var/x")


def test_a_state_database_has_its_password_as_a_reference(tmp_path: Path) -> None:
    url = "postgresql://exporter@db.example.com/state?sslmode=verify-full"
    (tmp_path / "password").write_text("correct-horse-battery\n")
    text = f"state_database: {{url: '{url}', password: 'file:password'}}"
    config = loaded(tmp_path, text)
    assert config.state_database is not None
    assert config.state_database.url == url
    assert config.state_database.password == Secret("correct-horse-battery")
    assert "correct-horse" not in repr(config) + dump.text(config)
    assert Secret("correct-horse-battery") in list(dump.secrets(config)), "masked in every output"
    assert loaded(tmp_path, "orgs: []").state_database is None


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_a_file_that_is_just_being_written_is_not_one_that_removes_every_store(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(ConfigError, match=r"yml: is empty; `orgs: \[\]` describes"):
        loaded(tmp_path, text)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://exporter:hush-hush@db.example.com/state", "must not contain the password"),
        ("postgresql://db.example.com/state?password=hush-hush", "must not contain the password"),
        ("mysql://hush-hush@db.example.com/state", "is not an address such as postgresql://"),
        ("postgresql://[hush-hush/state", "is not an address such as postgresql://"),
    ],
)
def test_another_address_of_a_database_is_refused_without_repeating_it(
    url: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        loaded(tmp_path, f"state_database: {{url: '{url}'}}")
    assert "hush-hush" not in str(error.value)


def test_an_org_has_tokens_and_a_way_for_its_alerts(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        "alerts:\n"
        "  smtp: {smarthost: 'mail.example:587', from: alerts@example.com}\n"
        "orgs:\n"
        "  - org: acme\n"
        "    api_tokens: [env:TOKEN]\n"
        "    alerts:\n"
        "      slack: {channel: '#acme', webhook_url: file:/run/secrets/acme-slack}\n"
        "      email: [shop@acme.example]\n"
        "      webhook: file:/run/secrets/acme-webhook\n",
    )
    org = config.orgs["acme"]
    assert [token.token.reveal() for token in org.api_tokens] == ["token-of-acme-0123"]
    assert org.alerts.slack is not None
    assert org.alerts.slack.channel == "#acme"
    assert org.alerts.slack.webhook_url == "/run/secrets/acme-slack"
    assert org.alerts.email == ("shop@acme.example",)
    assert org.alerts.webhook == "/run/secrets/acme-webhook"
    assert config.alerts.smtp is not None
    assert config.alerts.smtp.key_from == "alerts@example.com"


def test_a_discovery_source_makes_stores_from_its_template(tmp_path: Path) -> None:
    (tmp_path / "a.example").mkdir()
    (tmp_path / "a.example/key").write_text("ck_a_example")
    config = loaded(
        tmp_path,
        "orgs: [{org: acme}]\n"
        "defaults: {requests_per_hour: 50}\n"
        "discovery:\n"
        "  - org: acme\n"
        "    platform: example\n"
        "    files: [targets/*.json]\n"
        "    refresh: 1m\n"
        "    store:\n"
        "      credentials: {key: 'file:{domain}/key', user: me}\n"
        "      probes: {checkout: {enabled: false}}\n",
    )
    (discovery,) = config.discovery
    assert discovery.files == (str(tmp_path / "targets/*.json"),)
    assert (discovery.refresh, discovery.limit) == (60, 1000)
    store = discovery.template.store("a.example")
    assert store.labels == ("acme", "a.example", "example")
    assert store.credentials["key"] == Secret("ck_a_example")
    assert store.credentials["user"] == "me"
    assert store.requests_per_hour == 50
    assert not store.probes["checkout"].enabled
    keyless = discovery.template.store("b.example")
    assert keyless.problem.startswith("credentials.key: cannot read b.example/key")
    with pytest.raises(ValueError, match="is not a host name"):
        discovery.template.store("../a.example")


def test_without_resolving_no_secret_needs_to_be_there(tmp_path: Path) -> None:
    text = STORE.replace("env:KEY", "env:MISSING") + "discovery: []\n"
    (store,) = loaded(tmp_path, text, resolve=False).stores
    assert store.credentials["key"] == Secret("")


def test_a_stores_missing_file_of_issuers_stops_no_other_store(tmp_path: Path) -> None:
    (store,) = loaded(tmp_path, f"{STORE}    ca_file: nowhere.pem\n").stores
    assert store.ca_file == str(tmp_path / "nowhere.pem")


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("env:MISSING", "the environment variable MISSING is not set"),
        ("file:nowhere", "cannot read nowhere: No such file or directory"),
        ("file:empty", "empty is empty"),
    ],
)
def test_a_stores_secret_that_cannot_be_read_stops_no_other_store(
    tmp_path: Path, reference: str, problem: str
) -> None:
    (tmp_path / "empty").write_text("")
    other = "  - {domain: b.example, org: acme, platform: example, credentials: {key: env:KEY}}\n"
    config = loaded(tmp_path, STORE.replace("env:KEY", reference) + other)
    sick, well = config.stores
    assert sick.problem == f"credentials.key: {problem}"
    assert (well.problem, well.credentials["key"]) == ("", Secret("ck_12345678"))


WOO = """orgs: [{org: acme}]
defaults: {}
stores:
  - {domain: a.example, org: acme, platform: woocommerce, credentials: {consumer_key: env:A,
     consumer_secret: env:CS}}
  - {domain: b.example, org: acme, platform: woocommerce, credentials: {consumer_key: env:CK,
     consumer_secret: env:CS}}
"""


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (" ck_" + "a" * 40, "begins or ends with white space"),
        ('"ck_' + "a" * 40 + '"', "begins or ends with a quotation mark"),
        ("cs_" + "a" * 40, "begins with cs_, as the consumer secret does"),
        ("ck_…", "has other characters than letters and digits after ck_"),
    ],
)
def test_a_stores_secret_of_another_form_stops_no_other_store(
    tmp_path: Path, value: str, problem: str
) -> None:
    (tmp_path / "f.yml").write_text(WOO)
    environ = {"A": value, "CK": "ck_" + "a" * 40, "CS": "cs_" + "b" * 40 + "\n"}
    sick, well = load(tmp_path / "f.yml", environ=environ).stores
    assert sick.problem.startswith(f"credentials.consumer_key: {problem}")
    assert value not in sick.problem
    assert (well.problem, well.credentials["consumer_secret"]) == ("", Secret("cs_" + "b" * 40))


def test_nothing_of_a_secret_shows_in_a_loaded_configuration(tmp_path: Path) -> None:
    text = STORE.replace("- org: acme\n", "- org: acme\n    api_tokens: [env:TOKEN]\n", 1)
    config = loaded(tmp_path, text)
    assert "ck_1234" not in repr(config)
    assert "token-of" not in repr(config)


def test_what_one_store_of_a_file_costs_does_not_depend_on_how_many_there_are(
    tmp_path: Path,
) -> None:
    entry = (
        "  - {domain: %d.of%d.example, org: acme, platform: example, credentials: {key: env:KEY}}\n"
    )

    def work(count: int) -> int:
        stores = "".join(entry % (number, count) for number in range(count))
        with counting() as steps:
            config = loaded(tmp_path, f"orgs: [{{org: acme}}]\nstores:\n{stores}")
        assert len(config.stores) == count
        return steps.count

    work(1)  # makes what every later reading finds
    few, more, most = work(20), work(60), work(100)
    assert few > 20 * 1000
    assert abs((most - more) - (more - few)) < 0.02 * most


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ("since: yesterday", "the option since is neither `now` nor a date such as 2026-01-31"),
        ("page_size: 1000", "the option page_size must be from 1 to 100"),
        ("max_pages: 0", "the option max_pages must be from 1 to 1000"),
        ("overlap: -5m", "is not a duration, such as 30s, 5m or 1h30m"),
    ],
)
@pytest.mark.parametrize("where", ["defaults", "stores"])
def test_an_option_that_its_collector_cannot_use_is_a_problem_of_the_file(
    tmp_path: Path, where: str, option: str, error: str
) -> None:
    collectors = f"collectors: {{orders: {{{option}}}}}"
    text = (
        "orgs: [{org: acme}]\nstores:\n"
        "  - {domain: a.example, org: acme, platform: woocommerce, credentials: "
        "{consumer_key: env:CK, consumer_secret: env:CS}"
    )
    text += f", {collectors}}}\n" if where == "stores" else f"}}\ndefaults: {{{collectors}}}\n"
    file = tmp_path / "store-exporter.yml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, environ={"CK": "ck_" + "a" * 40, "CS": "cs_" + "b" * 40})
    (problem,) = caught.value.problems
    place = {"stores": "stores[0]", "defaults": "defaults"}[where]
    assert problem.path == f"{place}.collectors.orders.{option.split(':', maxsplit=1)[0]}"
    assert problem.message == error


def test_a_pipe_is_read_once_somebody_writes_into_it(tmp_path: Path) -> None:
    """As of a shell's `<(command)`."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(STORE,))
    writer.start()
    found = load(pipe, environ=ENVIRON, platforms=PLATFORMS)
    writer.join()
    assert [store.domain for store in found.stores] == ["shop.example.com"]


def test_a_pipe_into_which_nobody_writes_is_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(import_module("store_exporter.config.load"), "PIPE_SECONDS", 0.02)
    with pytest.raises(ConfigError, match="pipe: is a pipe into which nobody writes"):
        load(tmp_path / "pipe", environ=ENVIRON, platforms=PLATFORMS)
