"""What docker-compose.yml tells each program is what the program understands."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from store_exporter.commands import COMMANDS
from tests.compose.conftest import Compose
from tests.servers import Server, running, tool

PROGRAMS = {
    "prometheus": "prometheus",
    "alertmanager": "alertmanager",
    "label-proxy": "prom-label-proxy",
}
DEMO = [sys.executable, "-m", "store_demo"]
LISTENING = r'msg="Listening on".* address=(127\.0\.0\.1:\d+)'


def ours(compose: Compose) -> list[str]:
    return [name for name, service in compose.services.items() if "build" in service]


@cache
def help_of(*argv: str) -> str:
    done = subprocess.run([*argv, "--help"], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.real
@pytest.mark.parametrize("service", PROGRAMS)
def test_a_servers_flags_exist(compose: Compose, service: str) -> None:
    known = help_of(tool(PROGRAMS[service]))
    for word in compose.command(service):
        flag = word.split("=")[0].lstrip("-")
        assert re.search(rf"(?m)^\s+--?(\[no-\])?{re.escape(flag)}(=|\s|$)", known), word


def test_our_flags_exist(compose: Compose) -> None:
    for name in ours(compose):
        build = compose.services[name]["build"]
        program = DEMO if isinstance(build, dict) else [sys.executable, "-m", "store_exporter"]
        known = help_of(*program, compose.command(name)[0])
        flags = compose.flags(name)
        assert flags, name
        for flag in flags:
            assert flag in known, f"{name}: {flag}"


def test_a_health_check_uses_the_port_on_which_the_service_listens(compose: Compose) -> None:
    given = {"prometheus": "9090", "alertmanager": "9093", "grafana": "3000"}
    for name in set(compose.lasting) - {"tempo"}:
        flags = compose.flags(name)
        listens = [value for flag, value in flags.items() if flag.endswith("listen-address")]
        ports = {value.rpartition(":")[2] for value in listens if value}
        check = " ".join(compose.services[name]["healthcheck"]["test"])
        asked = re.findall(r"127\.0\.0\.1(?:', |:)(\d+)", check)
        assert set(asked) == (ports or {given[name]}), name


def test_python_of_health_checks_compiles(compose: Compose) -> None:
    for name in set(ours(compose)) & set(compose.lasting):
        command = compose.services[name]["healthcheck"]["test"]
        if command[1] == "store-exporter":
            assert command[2] in COMMANDS
            continue
        assert command[1:3] == ["python", "-c"]
        ast.parse(command[3])


def container(compose: Compose, service: str, repository: Path, root: Path) -> list[str]:
    """Lay out a container's file system below `root`; returns the arguments, moved there."""
    for mount in compose.mounts(service):
        target = root / mount.target.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        source = repository / mount.source
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    return [
        re.sub(r"=(/\S+)", rf"={root}\1", word)
        for word in compose.services[service]["command"]
        if "listen-address=0" not in word
    ]


def check_health(compose: Compose, service: str, url: str) -> None:
    """Run a service's health check against another address."""
    _, program, *arguments = compose.services[service]["healthcheck"]["test"]
    arguments = [re.sub(r"http://[\d.:]+", url, word) for word in arguments]
    subprocess.run([tool(program), *arguments], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.real
def test_prometheus_starts_with_all_rules_and_targets(
    compose: Compose, repository: Path, tmp_path: Path
) -> None:
    argv = container(compose, "prometheus", repository, tmp_path)
    version = subprocess.run(
        [tool("prometheus"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"version (\d+)\.(\d+)", version)
    assert found
    file = tmp_path / "etc/prometheus/prometheus.yml"
    if tuple(map(int, found.groups())) < (3, 8):
        # The file says that this key came with Prometheus 3.8.
        text = file.read_text(encoding="utf-8")
        assert text.count("  scrape_native_histograms: true\n") == 1
        file.write_text(text.replace("  scrape_native_histograms: true\n", ""), encoding="utf-8")
    argv.append("--web.listen-address=127.0.0.1:0")
    with running(
        "prometheus", argv, directory=tmp_path, listening=LISTENING, ready="/-/ready"
    ) as server:
        check_health(compose, "prometheus", server.url)
        groups = server.json("/api/v1/rules")["data"]["groups"]
        loaded = {Path(group["file"]).resolve() for group in groups}
        committed = [*repository.glob("prometheus/rules/*"), *repository.glob("alerts/rules/*")]
        assert {path.name for path in loaded} == {path.name for path in committed}
        config = yaml.safe_load(server.json("/api/v1/status/config")["data"]["yaml"])
        jobs = {job["job_name"] for job in config["scrape_configs"]}
        assert jobs == {"alertmanager", "application", "prometheus", "store-exporter"}


@pytest.mark.real
def test_alertmanager_starts_with_templates_and_the_webhook_from_a_file(
    compose: Compose, repository: Path, tmp_path: Path
) -> None:
    argv = container(compose, "alertmanager", repository, tmp_path)
    (secret,) = compose.services["alertmanager"]["secrets"]
    file = tmp_path / "etc/alertmanager/alertmanager.yml"
    text = file.read_text(encoding="utf-8")
    assert f"api_url_file: {secret['target']}\n" in text
    argv.append("--web.listen-address=127.0.0.1:0")
    with running(
        "alertmanager", argv, directory=tmp_path, listening=LISTENING, ready="/-/ready"
    ) as server:
        check_health(compose, "alertmanager", server.url)
        assert "ERROR" not in server.log()


def label_proxy(compose: Compose, directory: Path) -> AbstractContextManager[Server]:
    argv = [
        "-insecure-listen-address=127.0.0.1:0" if "listen-address" in word else word
        for word in compose.services["label-proxy"]["command"]
    ]
    check = compose.services["label-proxy"]["healthcheck"]["test"]
    return running(
        "prom-label-proxy",
        argv,
        directory=directory,
        listening=r"Listening insecurely on (127\.0\.0\.1:\d+)",
        ready=urlsplit(check[-1]).path,
    )


@pytest.mark.real
def test_the_label_proxy_refuses_a_request_that_names_no_org(
    compose: Compose, tmp_path: Path
) -> None:
    with label_proxy(compose, tmp_path) as server:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server.url}/api/v1/query?query=up", timeout=60)
        assert refused.value.code == 400
        assert b"X-Store-Org" in refused.value.read()
        refused.value.close()
