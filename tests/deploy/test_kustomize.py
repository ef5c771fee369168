"""The kustomizations: valid, and the same objects as the chart's."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store_exporter.config import load
from tests.deploy.conftest import Object, Render, of_kind, parsed
from tests.servers import running

pytestmark = pytest.mark.real


def built(folder: Path) -> list[Object]:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl on PATH: the kustomizations are not built")
    done = subprocess.run(
        [kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return parsed(done.stdout)


@pytest.fixture(scope="module")
def example(repository: Path) -> list[Object]:
    return built(repository / "deploy/kustomize/example")


def test_the_objects_are_valid(
    example: list[Object], validate: Callable[[list[Object]], None]
) -> None:
    validate(example)


def test_the_examples_configuration_is_valid_and_mounted(
    example: list[Object], tmp_path: Path
) -> None:
    (config,) = (
        found for found in of_kind(example, "ConfigMap") if "store-exporter.yml" in found["data"]
    )
    file = tmp_path / "store-exporter.yml"
    file.write_text(config["data"]["store-exporter.yml"], encoding="utf-8")
    (store,) = load(file, resolve=False).stores
    assert store.domain == "shop.acme.example"
    (pod,) = (found["spec"]["template"]["spec"] for found in of_kind(example, "StatefulSet"))
    (container,) = pod["containers"]
    paths = {found["name"]: found["mountPath"] for found in container["volumeMounts"]}
    assert paths["secret-acme"] == "/etc/store-exporter/secrets/acme"
    volumes = {found["name"]: found for found in pod["volumes"]}
    # The name ends in a hash of the content: another configuration is another pod.
    assert volumes["config"]["configMap"]["name"] == config["metadata"]["name"] != "store-exporter"


def test_everything_is_about_the_pods(example: list[Object]) -> None:
    (pods,) = of_kind(example, "StatefulSet")
    labels = pods["spec"]["template"]["metadata"]["labels"]
    (policy,) = of_kind(example, "NetworkPolicy")
    (budget,) = of_kind(example, "PodDisruptionBudget")
    (monitor,) = of_kind(example, "ServiceMonitor")
    services = of_kind(example, "Service")
    selectors = [
        pods["spec"]["selector"]["matchLabels"],
        policy["spec"]["podSelector"]["matchLabels"],
        budget["spec"]["selector"]["matchLabels"],
        *(service["spec"]["selector"] for service in services),
    ]
    assert all(selector and selector.items() <= labels.items() for selector in selectors)
    wanted = monitor["spec"]["selector"]["matchLabels"]
    assert all(wanted.items() <= service["metadata"]["labels"].items() for service in services)


def test_what_the_pod_runs_is_ready_and_reads_a_changed_config_map(
    example: list[Object], tmp_path: Path
) -> None:
    (pods,) = of_kind(example, "StatefulSet")
    (container,) = pods["spec"]["template"]["spec"]["containers"]
    (config,) = (
        found["data"]["store-exporter.yml"]
        for found in of_kind(example, "ConfigMap")
        if "store-exporter.yml" in found["data"]
    )

    def here(text: str) -> str:
        text = text.replace("/etc/store-exporter", f"{tmp_path}/etc")
        text = text.replace("/var/lib/store-exporter", f"{tmp_path}/state")
        return text.replace("=:10847", "=127.0.0.1:0")

    secret = tmp_path / "etc/secrets/acme"
    secret.mkdir(parents=True)
    (secret / "key").write_text(f"ck_{'a' * 40}\n", encoding="utf-8")
    (secret / "secret").write_text(f"cs_{'b' * 40}\n", encoding="utf-8")
    mounted = tmp_path / "etc/config"
    mount(mounted, "1", here(config))
    ready = container["readinessProbe"]["httpGet"]["path"]
    with running(
        "store-exporter",
        [here(argument) for argument in container["args"]],
        directory=tmp_path,
        listening=r"http://(127\.0\.0\.1:\d+)",
        ready=ready,
        program=str(Path(sys.executable).with_name("store-exporter")),
    ) as server:
        assert server.get(container["livenessProbe"]["httpGet"]["path"])
        mount(mounted, "2", here(config).replace("shop.acme", "books.acme"))
        reload = urllib.request.Request(f"{server.url}/-/reload", method="POST")
        with urllib.request.urlopen(reload, timeout=60):
            page = server.get("/config").decode()
    assert "books.acme.example" in page
    assert "shop.acme.example" not in page


def mount(folder: Path, version: str, text: str) -> None:
    """Change a ConfigMap's file as the kubelet does: by a link to another folder."""
    content = folder / f"..{version}"
    content.mkdir(parents=True)
    (content / "store-exporter.yml").write_text(text, encoding="utf-8")
    new = folder / "..data_tmp"
    new.symlink_to(content.name)
    new.replace(folder / "..data")
    if version == "1":
        (folder / "store-exporter.yml").symlink_to("..data/store-exporter.yml")


def test_every_dashboard_is_there(example: list[Object], repository: Path) -> None:
    shown: dict[str, Any] = {}
    for found in of_kind(example, "ConfigMap"):
        if found["metadata"].get("labels", {}).get("grafana_dashboard") == "1":
            shown |= found["data"]
    assert shown == {
        file.name: file.read_text(encoding="utf-8")
        for file in (repository / "grafana/dashboards").glob("*.json")
    }


def test_the_base_is_what_the_chart_makes_of_its_defaults(render: Render, repository: Path) -> None:
    chart = {
        (found["kind"], found["metadata"]["name"].removeprefix("watch-")): plain(found)
        for found in render({})
        if found["kind"] != "ConfigMap"
    }
    base = {
        (found["kind"], found["metadata"]["name"]): plain(found)
        for found in built(repository / "deploy/kustomize/base")
    }
    assert base == chart


NAMES = {"selector", "labels", "matchLabels", "podSelector", "annotations", "namespace"}


def plain(tree: Any) -> Any:
    """An object without what Helm and kustomize name each in their own way."""
    if isinstance(tree, dict):
        found = {key: plain(value) for key, value in tree.items() if key not in NAMES}
        return {key: value for key, value in found.items() if value}
    if isinstance(tree, list):
        return [plain(value) for value in tree]
    return tree.replace("watch-store-exporter", "store-exporter") if isinstance(tree, str) else tree
