"""Grafana, Prometheus and the image fit the containers of docker-compose.yml."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from store_demo.stores.base import cast
from store_exporter.metrics.catalogue.operations import (
    OPERATION_DURATION,
    OPERATION_ERRORS,
    OPERATION_LABELS,
    OPERATIONS,
)
from store_exporter.mixin import policy
from tests.compose.conftest import Compose

TRACE_LABEL = "trace_id"
"""Of exemplars, as OpenMetrics' text and protobuf have it."""


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def listens(compose: Compose) -> set[tuple[str, int]]:
    """Service and port of all that listens in the network of the containers."""
    found = {("prometheus", 9090), ("alertmanager", 9093), ("grafana", 3000), ("tempo", 3200)}
    for name in compose.services:
        for flag, value in compose.flags(name).items():
            if flag.endswith("listen-address") and value:
                found.add((name, int(value.rpartition(":")[2])))
    return found


def datasources(repository: Path) -> list[dict[str, Any]]:
    folder = repository / "grafana/provisioning/datasources"
    return [source for file in folder.iterdir() for source in read(file)["datasources"]]


def test_data_sources_lead_to_services(compose: Compose, repository: Path) -> None:
    for source in datasources(repository):
        url = urlsplit(source["url"])
        assert (url.hostname, url.port) in listens(compose), source["name"]
        assert source["editable"] is False


def test_each_org_of_the_demo_has_a_data_source_that_shows_it_alone(
    compose: Compose, repository: Path
) -> None:
    flags = compose.flags("label-proxy")
    pinned = {
        source["secureJsonData"]["httpHeaderValue1"]
        for source in datasources(repository)
        if "label-proxy" in source["url"]
        and source["jsonData"]["httpHeaderName1"] == flags["-header-name"]
    }
    assert flags["-label"] == "org"
    others = {role.org for role in cast()} ^ pinned
    assert not others, f"{others}: let the roles of simulated stores be of {sorted(pinned)}"


def test_only_the_unrestricted_data_source_is_the_default(repository: Path) -> None:
    found = datasources(repository)
    assert [source["url"] for source in found if source.get("isDefault")] == [
        "http://prometheus:9090"
    ]
    # Grafana offers them sorted by name, and a dashboard opens with the first.
    assert min(found, key=lambda source: str(source["name"]))["isDefault"]
    assert len({source["uid"] for source in found}) == len(found)


def test_dashboards_are_read_from_where_they_are_mounted(
    compose: Compose, repository: Path
) -> None:
    mounts = {mount.target: mount.source for mount in compose.mounts("grafana")}
    for file in (repository / "grafana/provisioning/dashboards").iterdir():
        for provider in read(file)["providers"]:
            assert mounts[provider["options"]["path"]] == "./grafana/dashboards"
    home = compose.services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    folder, _, name = home.rpartition("/")
    assert (repository / mounts[folder] / name).exists()


def test_prometheus_scrapes_services_under_the_names_that_alerts_expect(
    compose: Compose, repository: Path
) -> None:
    document = read(repository / "prometheus/prometheus.yml")
    jobs = {job["job_name"]: job for job in document["scrape_configs"]}
    assert set(jobs) == {policy.EXPORTER_JOB, "application", "alertmanager", "prometheus"}
    places = [*jobs.values(), *document["alerting"]["alertmanagers"]]
    targets = [
        t for place in places for config in place["static_configs"] for t in config["targets"]
    ]
    for target in targets:
        host, port = target.split(":")
        assert (host, int(port)) in listens(compose), target
    assert all(job["honor_labels"] is False for job in jobs.values())


def test_links_in_alerts_lead_to_published_ports(compose: Compose) -> None:
    published = {
        int(port.rpartition(":")[2])
        for service in compose.services.values()
        for port in service.get("ports", [])
    }
    links = (policy.LINKS.grafana, policy.LINKS.runbooks)
    assert {urlsplit(link).port for link in links} <= published


def instructions(repository: Path) -> list[tuple[str, str]]:
    text = (repository / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (line.split(None, 1) for line in text.splitlines() if line and line[0] != "#")
    return [(word, rest) for word, rest in lines]


def test_the_image_is_built_from_what_is_there_and_not_ignored(repository: Path) -> None:
    ignore = (repository / ".dockerignore").read_text(encoding="utf-8").split()
    let_through = [line[1:] for line in ignore if line.startswith("!")]
    for word, rest in instructions(repository):
        if word != "COPY" or rest.startswith("--from"):
            continue
        for source in rest.split()[:-1]:
            assert (repository / source).exists(), source
            assert any(
                fnmatch(source, pattern) or source.startswith(f"{pattern}/")
                for pattern in let_through
            ), source


def test_everything_that_the_image_takes_from_a_package_index_has_a_known_hash(
    repository: Path,
) -> None:
    commands = [
        command
        for word, rest in instructions(repository)
        if word == "RUN"
        for command in rest.split("&&")
        if "/pip " in command
    ]
    assert commands
    for command in commands:
        installs = "--require-hashes" in command or "--no-index" in command
        builds = "pip wheel" in command and "--no-build-isolation" in command
        assert installs or builds, command
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    locked = (repository / "scripts" / "requirements-build.txt").read_text(encoding="utf-8")
    for required in project["build-system"]["requires"]:
        assert f"{required}==" in locked


def test_the_image_is_pinned_and_runs_as_the_user_that_compose_names(
    compose: Compose, repository: Path
) -> None:
    found = instructions(repository)
    stages = [rest.split() for word, rest in found if word == "FROM"]
    named = {words[2] for words in stages if len(words) == 3}
    bases = {words[0] for words in stages} - named
    assert all(re.search(r":\d+\.\d+\.\d+-[a-z-]+@sha256:[0-9a-f]{64}$", base) for base in bases)
    assert len(bases) == 1
    user = next(rest for word, rest in reversed(found) if word == "USER")
    users = {service["user"] for service in compose.services.values() if "build" in service}
    # What reads the password of Grafana's administrator runs as Grafana does.
    assert users - {compose.services["grafana"]["user"]} == {user}


def test_the_images_command_is_one_that_the_distribution_installs(repository: Path) -> None:
    entry = [rest for word, rest in instructions(repository) if word == "ENTRYPOINT"][-1]
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert yaml.safe_load(entry)[0] in project["scripts"]


def test_traces_go_to_where_tempo_takes_them_and_grafana_reads_them(
    compose: Compose, repository: Path
) -> None:
    (mount,) = compose.mounts("tempo")
    file = repository / mount.source / Path(compose.flags("tempo")["-config.file"]).name
    config = read(file)
    port = config["distributor"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    for service in ("exporter", "own-exporter", "shoppers"):
        told = compose.services[service]["environment"]["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
        # Empty unless it is said, so that nothing is sent to a service that does not run.
        assert told == "${TRACES_ENDPOINT:-}"
    said = f"TRACES_ENDPOINT=http://tempo:{port.rpartition(':')[2]}/v1/traces docker compose up"
    assert said in (repository / "docker-compose.yml").read_text(encoding="utf-8")
    (tempo,) = (source for source in datasources(repository) if source["type"] == "tempo")
    assert tempo["url"] == f"http://tempo:{config['server']['http_listen_port']}"
    paths = [config["storage"]["trace"][name]["path"] for name in ("local", "wal")]
    assert all(path.startswith(f"{compose.services['tempo']['tmpfs'][0]}/") for path in paths)


def test_a_dot_leads_to_its_trace_and_a_trace_to_its_operation(repository: Path) -> None:
    sources = {source["uid"]: source for source in datasources(repository)}
    to_trace, to_call = sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert {to_trace["name"], to_call["name"]} == {TRACE_LABEL}
    assert sources[to_trace["datasourceUid"]]["type"] == "tempo"
    assert to_call["url"] == f"{policy.LINKS.calls}?trace_id=$${{__value.raw}}"
    back = sources["tempo"]["jsonData"]["tracesToMetrics"]
    assert sources[back["datasourceUid"]]["isDefault"]
    known = {metric.name for metric in (OPERATIONS, OPERATION_ERRORS, OPERATION_DURATION)}
    for query in back["queries"]:
        (metric,) = re.findall(r"(\w+)\{\$\$__tags\}", query["query"])
        assert metric in known
    # Labels of the metrics are attributes of the spans.
    assert {tag["key"] for tag in back["tags"]} <= set(OPERATION_LABELS)


def test_no_merchant_gets_traces_which_are_of_all_orgs(repository: Path) -> None:
    for source in datasources(repository):
        if "secureJsonData" in source:
            assert source["type"] == "prometheus"
            assert "exemplarTraceIdDestinations" not in source["jsonData"]
