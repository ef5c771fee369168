"""docker-compose.yml is valid, complete and harmless."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.compose.conftest import Compose
from tests.servers import tool


@pytest.mark.real
def test_the_file_fulfils_the_compose_specification(compose: Compose) -> None:
    schema = json.loads(Path(tool("compose-spec.json")).read_text(encoding="utf-8"))
    # Named, because the schema spells its draft's address in a way that jsonschema does not know.
    jsonschema.Draft7Validator(schema).validate(compose.document)


@pytest.mark.real
def test_docker_compose_itself_accepts_it_without_any_variable(repository: Path) -> None:
    file = repository / "docker-compose.yml"
    done = subprocess.run(
        [tool("docker-compose"), "--file", str(file), "config", "--quiet"],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_mounted_path_is_committed_and_mounted_read_only(
    compose: Compose, repository: Path
) -> None:
    git = shutil.which("git")
    assert git
    mounts = [mount for name in compose.services for mount in compose.mounts(name)]
    assert mounts
    for mount in mounts:
        assert (repository / mount.source).exists(), mount
        listed = subprocess.run(
            [git, "ls-files", mount.source],
            cwd=repository,
            capture_output=True,
            text=True,
            check=True,
        )
        assert listed.stdout, f"{mount.source} is not committed: a fresh clone has nothing there"
        assert mount.read_only, mount


def test_every_named_volume_is_declared_and_used(compose: Compose) -> None:
    volumes = (
        volume.split(":")[0]
        for service in compose.services.values()
        for volume in service.get("volumes", [])
    )
    assert {name for name in volumes if not name.startswith(".")} == set(
        compose.document["volumes"]
    )


WITHOUT_DIGEST = {"tempo", "label-proxy"}
"""Services of images whose digest nobody else names, by whom ours could be checked."""


def test_images_are_pinned_or_built_here(compose: Compose) -> None:
    for name, service in compose.services.items():
        if "build" in service:
            target = build.get("target") if isinstance(build := service["build"], dict) else None
            assert service["image"] == f"store-exporter{f'-{target}' if target else ''}:local"
        else:
            digest = "" if name in WITHOUT_DIGEST else "@sha256:[0-9a-f]{64}"
            assert re.search(rf":v?\d+\.\d+\.\d+{digest}$", service["image"]), name


def test_containers_run_without_root_or_privileges(compose: Compose) -> None:
    for name, service in compose.services.items():
        assert re.fullmatch(r"[1-9]\d*:\d+", service["user"]), name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["ulimits"] == {"core": 0}, f"{name}: a dump of its memory holds its secrets"
        assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & set(service), name


def test_services_may_finish_what_is_under_way_and_do_not_fill_the_disk_with_logs(
    compose: Compose, repository: Path
) -> None:
    pod = yaml.safe_load_all((repository / "deploy/kustomize/base/exporter.yaml").read_text())
    (grace,) = (
        each["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        for each in pod
        if each["kind"] == "StatefulSet"
    )
    for name, service in compose.services.items():
        assert service["stop_grace_period"] == f"{grace}s", name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name


def test_every_lasting_service_has_a_health_check(compose: Compose) -> None:
    # Tempo's image has no shell and no other program (its issue 6536), and nothing waits for it.
    for name in set(compose.lasting) - {"tempo"}:
        check = compose.services[name]["healthcheck"]
        assert check["test"][0] == "CMD", name
        assert set(check) >= {"interval", "timeout", "retries", "start_period"}, name


def test_a_service_waits_only_for_what_can_become_true(compose: Compose) -> None:
    for name, service in compose.services.items():
        for other, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in compose.services[other], f"{name} waits for {other}"
            else:
                assert wanted["condition"] == "service_completed_successfully"
                assert other not in compose.lasting, f"{name} waits for the end of {other}"


def test_ports_are_published_on_loopback_only(compose: Compose) -> None:
    published = [port for service in compose.services.values() for port in service.get("ports", [])]
    assert published
    assert all(re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port) for port in published)


def test_no_secret_is_in_the_file(compose: Compose, repository: Path) -> None:
    for name, service in compose.services.items():
        words = [*service.get("environment", {}), *compose.command(name)]
        secret = re.compile(r"(?i)passw|token|secret|credential|api_?key")
        # Where a secret is, may be said; test_access looks at the one that is made here.
        told = re.compile(r"__FILE$|^--[\w.]+=file:/")
        found = [word for word in words if secret.search(word) and not told.search(word)]
        assert not found or name == "grafana-password", name
    for name, secret_file in compose.document["secrets"].items():
        assert set(secret_file) == {"file"}, name
        default = re.fullmatch(r"\$\{\w+:-(\./\S+)\}", secret_file["file"])
        assert default, f"{name} has to be replaceable by a variable"
        address = (repository / default.group(1)).read_text(encoding="utf-8").strip()
        assert re.fullmatch(r"http://slack:9095/services/demo/[\w-]+", address), name


def test_each_profile_has_one_exporter_under_the_name_that_prometheus_asks(
    compose: Compose,
) -> None:
    exporters: dict[str, set[str]] = {}
    for name, service in compose.services.items():
        if "serve" in service.get("command", ()):
            (profile,) = service["profiles"]
            aliases = service.get("networks", {}).get("default", {}).get("aliases", [])
            exporters[profile] = {name, *aliases}
    assert exporters.keys() == {"demo", "own"}
    assert all("exporter" in names for names in exporters.values())


@pytest.mark.real
@pytest.mark.parametrize(
    ("flags", "simulated", "started"),
    [([], True, "exporter"), (["--profile", "own"], False, "own-exporter")],
)
def test_a_profile_starts_either_the_demo_or_ones_own_stores(
    repository: Path, flags: list[str], started: str, *, simulated: bool
) -> None:
    done = subprocess.run(
        [tool("docker-compose"), *flags, "config", "--services"],
        cwd=repository,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    names = set(done.stdout.split())
    assert {"prometheus", "grafana", "alertmanager", started} <= names
    assert {"stores", "shoppers", "slack", "configuration"} <= names or not simulated
    assert simulated or not {"stores", "shoppers", "slack", "configuration", "exporter"} & names
    assert not {"organisations", "own-organisations"} & names


def test_the_folder_of_ones_own_stores_keeps_keys_out_of_git(repository: Path) -> None:
    git = shutil.which("git")
    assert git
    for name in ("store-exporter.yml", "secrets/key"):
        argv = [git, "check-ignore", "--quiet", f"deploy/own/{name}"]
        assert subprocess.run(argv, cwd=repository, check=False).returncode == 0
