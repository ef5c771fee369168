"""The Helm chart: what it renders is valid, fits together, and is what our own program takes."""

from __future__ import annotations

import argparse
import hashlib
import subprocess
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from store_exporter import __version__
from store_exporter.commands import module_of
from store_exporter.config import load
from tests.deploy.conftest import (
    CONFIG,
    EVERYTHING,
    SEVERAL,
    VALUES,
    Helm,
    Object,
    Render,
    Values,
    of_kind,
)
from tests.servers import tool

pytestmark = pytest.mark.real


def test_the_charts_version_is_the_programs(chart: Path) -> None:
    found = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    assert (found["version"], found["appVersion"]) == (__version__, __version__)


def keys(tree: Mapping[str, Any], *, schema: bool) -> set[str]:
    """Every key that the chart defines, a section's with its path."""
    found = set()
    for key, value in tree.items():
        inner = value.get("properties") if schema else value
        if isinstance(inner, dict) and inner and key not in {"config", "resources"}:
            found |= {f"{key}.{name}" for name in keys(inner, schema=schema)}
        else:
            found.add(key)
    return found


def test_each_value_is_checked_and_each_check_has_a_value(chart: Path) -> None:
    values = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    schema = yaml.safe_load((chart / "values.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(values, schema)
    open_ended = {"dashboards.labels.grafana_dashboard", "dashboards.annotations.grafana_folder"}
    closed = {"dashboards.labels", "dashboards.annotations", "global"}
    assert keys(values, schema=False) - open_ended == (
        keys(schema["properties"], schema=True) - closed
    )


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_helm_finds_nothing_to_complain_of(helm: Helm, values: Values) -> None:
    done = helm("lint", values, "--strict")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"config": CONFIG, "shards": 2}, "config.state_database has to name a PostgreSQL"),
        ({"config": CONFIG, "replicas": 2}, "config.state_database has to name a PostgreSQL"),
        ({"shards": 0}, "shards"),
        ({"secrets": ["../etc"]}, "secrets"),
        ({"serviceMonitor": {"intervall": "15s"}}, "intervall"),
    ],
)
def test_values_that_cannot_work_are_refused(helm: Helm, values: Values, says: str) -> None:
    done = helm("template", values)
    assert done.returncode != 0
    assert says in done.stderr


def test_the_objects_are_valid(render: Render, validate: Callable[[list[Object]], None]) -> None:
    validate([found for values in VALUES.values() for found in render(values)])


def test_a_name_stands_once(render: Render) -> None:
    found = [(one["kind"], one["metadata"]["name"]) for one in render(EVERYTHING)]
    assert len(found) == len(set(found))


def pods(objects: list[Object]) -> list[Mapping[str, Any]]:
    return [found["spec"]["template"] for found in of_kind(objects, "StatefulSet")]


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_the_program_takes_its_arguments(render: Render, values: Values) -> None:
    for pod in pods(render(values)):
        (container,) = pod["spec"]["containers"]
        command, *arguments = container["args"]
        parser = argparse.ArgumentParser()
        import_module(module_of(command)).add_arguments(parser)
        parser.parse_args([argument.replace("$(SHARD)", "0") for argument in arguments])


@pytest.mark.parametrize("values", [VALUES["one store"], EVERYTHING], ids=["one", "everything"])
def test_what_the_program_reads_is_there(render: Render, values: Values) -> None:
    objects = render(values)
    config = yaml.safe_load(of_kind(objects, "ConfigMap")[0]["data"]["store-exporter.yml"])
    for pod in pods(objects):
        (container,) = pod["spec"]["containers"]
        volumes = {found["name"] for found in pod["spec"]["volumes"]} | {"state"}
        assert {found["name"] for found in container["volumeMounts"]} == volumes
        paths = [found["mountPath"] for found in container["volumeMounts"]]
        assert config["state_directory"] in paths
        for reference in references(config):
            assert any(reference.startswith(f"{path}/") for path in paths), reference
        for flag in container["args"]:
            if flag.endswith(".yml"):
                assert any(flag.split("=")[1].startswith(f"{path}/") for path in paths), flag


def references(tree: Any) -> list[str]:
    """The files that a configuration's secrets are in."""
    if isinstance(tree, dict):
        return [found for value in tree.values() for found in references(value)]
    if isinstance(tree, list):
        return [found for value in tree for found in references(value)]
    return [tree.removeprefix("file:")] if str(tree).startswith("file:") else []


def test_the_configuration_is_valid(render: Render, tmp_path: Path) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text(
        of_kind(render(SEVERAL), "ConfigMap")[0]["data"]["store-exporter.yml"], encoding="utf-8"
    )
    assert [store.domain for store in load(file, resolve=False).stores] == ["shop.acme.example"]


def test_each_shard_has_its_replicas_and_knows_its_number(render: Render) -> None:
    sets = of_kind(render(SEVERAL), "StatefulSet")
    assert [found["spec"]["replicas"] for found in sets] == [3, 3]
    selectors = [found["spec"]["selector"]["matchLabels"] for found in sets]
    assert selectors[0] != selectors[1]
    for pod, selector in zip(pods(render(SEVERAL)), selectors, strict=True):
        assert selector.items() <= pod["metadata"]["labels"].items()
        (container,) = pod["spec"]["containers"]
        assert "--shard=$(SHARD)/3" in container["args"]
        (shard, *_) = container["env"]
        path = shard["valueFrom"]["fieldRef"]["fieldPath"]
        assert (shard["name"], path) == (
            "SHARD",
            "metadata.labels['apps.kubernetes.io/pod-index']",
        )


def test_services_policies_and_monitors_select_the_pods_by_ports_that_exist(
    render: Render,
) -> None:
    objects = render(EVERYTHING)
    for pod in pods(objects):
        labels, (container,) = pod["metadata"]["labels"], pod["spec"]["containers"]
        ports = {port["name"] for port in container["ports"]}
        for service in of_kind(objects, "Service"):
            assert service["spec"]["selector"].items() <= labels.items()
            assert {port["targetPort"] for port in service["spec"]["ports"]} == ports
        (policy,) = of_kind(objects, "NetworkPolicy")
        assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        (budget,) = of_kind(objects, "PodDisruptionBudget")
        assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()
    (monitor,) = of_kind(objects, "ServiceMonitor")
    selector = monitor["spec"]["selector"]
    assert [found["key"] for found in selector["matchExpressions"]] == [
        "app.kubernetes.io/component"
    ]
    scraped = [
        service
        for service in of_kind(objects, "Service")
        if selector["matchLabels"].items() <= service["metadata"]["labels"].items()
        and "app.kubernetes.io/component" not in service["metadata"]["labels"]
    ]
    assert len(scraped) == 1
    # The rules look for this job.
    assert scraped[0]["metadata"]["labels"][monitor["spec"]["jobLabel"]] == "store-exporter"
    (endpoint,) = monitor["spec"]["endpoints"]
    assert (endpoint["port"], endpoint["scheme"]) == ("http", "https")


def test_the_pods_have_only_the_permissions_that_they_need(render: Render) -> None:
    for pod in pods(render(EVERYTHING)):
        spec, (container,) = pod["spec"], pod["spec"]["containers"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_another_configuration_is_another_pod(render: Render) -> None:
    before, after = (
        pods(render({"config": {"orgs": [{"org": org}]}}))[0]["metadata"]["annotations"]
        for org in ("acme", "globex")
    )
    assert before != after
    assert len(before["checksum/config"]) == hashlib.sha256().digest_size * 2


def test_rules_and_dashboards_are_the_generated_ones(render: Render, repository: Path) -> None:
    objects = render({"prometheusRule": {"enabled": True}, "dashboards": {"enabled": True}})
    files = [
        "prometheus/rules/recording.yml",
        "prometheus/rules/slo.yml",
        "alerts/rules/alerts.yml",
    ]
    rules = {
        found["metadata"]["name"]: found["spec"] for found in of_kind(objects, "PrometheusRule")
    }
    assert rules == {
        f"watch-store-exporter-{Path(file).stem}": yaml.safe_load(
            (repository / file).read_text(encoding="utf-8")
        )
        for file in files
    }
    shown: dict[str, str] = {}
    for found in of_kind(objects, "ConfigMap"):
        shown |= {name: text for name, text in found["data"].items() if name.endswith(".json")}
    assert shown == {
        file.name: file.read_text(encoding="utf-8")
        for file in (repository / "grafana/dashboards").glob("*.json")
    }


def test_alerts_lead_to_the_addresses_that_are_given(render: Render, tmp_path: Path) -> None:
    found = {one["metadata"]["name"]: one for one in of_kind(render(EVERYTHING), "PrometheusRule")}
    alerts = found["watch-store-exporter-alerts"]["spec"]
    text = yaml.safe_dump(alerts)
    assert "localhost" not in text
    assert "https://exporter.example.com/runbooks/StoreDown" in text
    file = tmp_path / "alerts.yml"
    file.write_text(text, encoding="utf-8")
    subprocess.run([tool("promtool"), "check", "rules", str(file)], check=True, capture_output=True)
