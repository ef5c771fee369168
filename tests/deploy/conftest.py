"""What the chart and the kustomizations in deploy/ make, as objects."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers import tool

Object = Mapping[str, Any]
Values = Mapping[str, Any]
Helm = Callable[..., subprocess.CompletedProcess[str]]
Render = Callable[[Values], list[Object]]

STORE = {
    "domain": "shop.acme.example",
    "org": "acme",
    "platform": "woocommerce",
    "credentials": {
        "consumer_key": "file:/etc/store-exporter/secrets/acme/key",
        "consumer_secret": "env:ACME_SECRET",
    },
}
DATABASE = {
    "url": "postgresql://exporter@db.example.com/monitoring",
    "password": "file:/etc/store-exporter/secrets/database/password",
}
CONFIG = {"orgs": [{"org": "acme"}], "stores": [STORE]}
SEVERAL = {
    "shards": 3,
    "replicas": 2,
    "config": {**CONFIG, "state_database": DATABASE},
    "secrets": ["acme", "database"],
    "env": [{"name": "ACME_SECRET", "value": "cs_1"}],
}
EVERYTHING = {
    **SEVERAL,
    "web": {"existingSecret": "store-exporter-web", "tls": True},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {
        "enabled": True,
        "grafanaUrl": "https://grafana.example.com",
        "runbookUrl": "https://exporter.example.com/runbooks",
    },
    "dashboards": {"enabled": True},
}
VALUES: Mapping[str, Values] = {
    "defaults": {},
    "one store": {"config": CONFIG, "secrets": ["acme"], "persistence": {"enabled": False}},
    "shards and replicas": SEVERAL,
    "everything": EVERYTHING,
    "nothing besides": {
        "podDisruptionBudget": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "existingConfigMap": "mine",
    },
}


@pytest.fixture(scope="session")
def chart(repository: Path) -> Path:
    return repository / "deploy/helm/store-exporter"


@pytest.fixture(scope="session")
def helm(chart: Path, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Runs helm on the chart with values: `helm("lint", values, "--strict")`.

    For the oldest Kubernetes that the chart takes.
    """
    program, folder = tool("helm"), tmp_path_factory.mktemp("helm")
    env = {f"HELM_{kind}_HOME": str(folder / kind) for kind in ("CACHE", "CONFIG", "DATA")}

    def run(command: str, values: Values, *flags: str) -> subprocess.CompletedProcess[str]:
        file = folder / "values.yml"
        file.write_text(yaml.safe_dump(dict(values)), encoding="utf-8")
        argv = [program, command, str(chart), f"--values={file}", "--kube-version=1.28.0", *flags]
        return subprocess.run(argv, capture_output=True, text=True, check=False, env=env)

    return run


@pytest.fixture(scope="session")
def render(helm: Helm) -> Render:
    """The chart's objects for values; rendered once for the same values."""
    done: dict[str, list[Object]] = {}

    def objects(values: Values) -> list[Object]:
        key = json.dumps(values)
        if key not in done:
            found = helm("template", values, "--name-template=watch", "--namespace=monitoring")
            assert found.returncode == 0, found.stderr
            done[key] = parsed(found.stdout)
        return done[key]

    return objects


def parsed(text: str) -> list[Object]:
    """The documents of a file, read by libyaml: rules and dashboards are a megabyte."""
    return [found for found in yaml.load_all(text, Loader=yaml.CSafeLoader) if found]


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    return [found for found in objects if found["kind"] == kind]


@pytest.fixture(scope="session")
def operator_schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schemas of the Prometheus operator's objects, as kubeconform looks for them."""
    operator = Path(tool("prometheus-operator-crds"))
    folder = tmp_path_factory.mktemp("schemas")
    for name in ("servicemonitors", "prometheusrules"):
        file = operator / f"monitoring.coreos.com_{name}.yaml"
        definition = parsed(file.read_text(encoding="utf-8"))[0]["spec"]
        (version,) = (found for found in definition["versions"] if found["storage"])
        schema = f"{definition['names']['kind'].lower()}_{version['name']}.json"
        strict = closed(version["schema"]["openAPIV3Schema"])
        (folder / schema).write_text(json.dumps(strict), encoding="utf-8")
    return folder


def closed(schema: Any) -> Any:
    """A schema that knows no keys but those that it names, as the API server prunes them."""
    if isinstance(schema, list):
        return [closed(found) for found in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    if "properties" in found and "x-kubernetes-preserve-unknown-fields" not in found:
        found.setdefault("additionalProperties", False)
    return found


@pytest.fixture
def validate(operator_schemas: Path, tmp_path: Path) -> Callable[[list[Object]], None]:
    """Fails when kubeconform finds an object that is not valid, or of no known kind.

    It asks the schemas of the oldest Kubernetes that the chart takes, and of a new one.
    """
    program, versions = tool("kubeconform"), sorted(Path(tool("kubernetes-schemas")).iterdir())

    def check(objects: list[Object]) -> None:
        file = tmp_path / "objects.yml"
        file.write_text(yaml.dump_all(objects, Dumper=yaml.CSafeDumper), encoding="utf-8")
        for version in versions:
            schemas = (
                f"{version}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
                f"{operator_schemas}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json",
            )
            argv = [program, "-strict", "-summary"]
            argv += [word for schema in schemas for word in ("-schema-location", schema)]
            done = subprocess.run([*argv, str(file)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, (version.name, done.stdout)
            assert f"Valid: {len(objects)}," in done.stdout

    return check
