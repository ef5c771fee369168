"""A key stands in one place: what follows from it changes with it, or fails at once."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from store_exporter.commands.support import slo_file
from store_exporter.config import Config
from store_exporter.config.model import alerting, platform, web
from store_exporter.config.model.file import Root
from store_exporter.config.model.reference import sections
from store_exporter.config.model.section import Section
from store_exporter.config.model.store import Limits, ProbeSection, ProxySection
from store_exporter.config.yaml.explain import by_key
from store_exporter.contract import Collector, Probe
from store_exporter.history import tenants
from store_exporter.platforms import base
from store_exporter.stores.model import Schedule, Store
from tests.config.example import EXAMPLE

MODULES = (alerting, web, slo_file)
"""Modules with further mappings; imported, so that all of them are found."""

EDITS = {
    "config/model/store.py": {
        "\n\nclass ScheduleSection(Section):": (
            '    retries: int | None = Field(None, ge=1, le=9, description="Attempts.")'
        ),
        "\n\nclass ProbeSection(ScheduleSection):": (
            '    jitter: Duration | None = Field(None, description="Leeway.")'
        ),
    },
    "config/model/file.py": {
        "\n    defaults: Any": '    motto: str = Field("", description="Words.")',
    },
    "stores/model.py": {
        "\n    ca_file: str | None = None": "    retries: int = 3",
        "\n    critical: bool | None = None": "    jitter: float = 0",
    },
    "config/load.py": {"\n    prometheus_url: str | None": "    motto: str"},
    "platforms/woocommerce/platform.py": {
        '\n        Setting(\n            "credentials_in_query"': (
            '        Setting("colour", "Its colour.", default="red"),'
        ),
    },
}
"""Keys as somebody would add them, by what they stand before: one line for the key, one for the
field that its value goes to."""

SCRIPT = """
import json, sys
from store_exporter.config import ConfigError, load
from store_exporter.config.model.reference import tables
from store_exporter.platforms import base

def read(text):
    open("f.yml", "w").write(text)
    try:
        return load("f.yml", resolve=False)
    except ConfigError as error:
        return str(error)

STORE = '''
motto: all well
orgs: [{org: acme}]
defaults: {%s, probes: {liveness: {jitter: 2s}}}
stores:
  - domain: a.example
    org: acme
    platform: woocommerce
    credentials: {consumer_key: env:A, consumer_secret: env:B}
    settings: {colour: blue}
    collectors: {orders: {jitter: 4s}}
'''
config = read(STORE % "retries: 7")
(store,) = config.stores
json.dump({
    "arrived": [
        config.motto, store.retries, store.probes["liveness"].jitter,
        store.collectors["orders"].jitter, store.settings["colour"],
    ],
    "refused": [read(STORE % "retries: 10"), read(STORE % "retires: 1")],
    "documented": tables([base.load("woocommerce")]),
}, sys.stdout)
"""


@pytest.fixture(scope="module")
def edited(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the package says with those keys in it."""
    folder = tmp_path_factory.mktemp("edited")
    package = folder / "store_exporter"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(repository / "exporter/store_exporter", package, ignore=ignore)
    for name, edits in EDITS.items():
        text = (package / name).read_text("utf-8")
        for old, new in edits.items():
            assert text.count(old) == 1, (name, old)
            text = text.replace(old, f"\n{new}{old}")
        (package / name).write_text(text, "utf-8")
    python = [sys.executable, "-c", SCRIPT]
    environ = {"PYTHONPATH": str(folder)}
    done = subprocess.run(
        python, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_key_that_is_added_arrives_where_it_is_used(edited: dict[str, object]) -> None:
    assert edited["arrived"] == ["all well", 7, 2.0, 4.0, "blue"]


def test_a_key_that_is_added_is_checked_and_suggested(edited: dict[str, object]) -> None:
    assert edited["refused"] == [
        "f.yml:4: defaults.retries: must be at most 9",
        "f.yml:4: defaults.retires: unknown key; did you mean retries?",
    ]


@pytest.mark.parametrize(
    "row",
    [
        "| `retries` | whole number | 3 | Attempts. |",
        "| `jitter` | duration |  | Leeway. |",
        "| `motto` | string |  | Words. |",
        "| `colour` | red | Its colour. |",
    ],
)
def test_a_key_that_is_added_is_documented(row: str, edited: dict[str, object]) -> None:
    assert f"{row}\n" in str(edited["documented"])


def mappings() -> Iterator[type[Section]]:
    """Every kind of mapping of the files, but for those that are made of a platform's lists."""
    waiting = [Section]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if (
                kind.__module__.startswith("store_exporter.")
                and kind.__module__ != platform.__name__
            ):
                yield kind


def test_every_key_has_a_place_for_its_value() -> None:
    store, schedule, config = ({f.name for f in fields(k)} for k in (Store, Schedule, Config))
    own = by_key(Limits).keys() - by_key(ProxySection).keys()
    assert own <= store, "the class Store needs a field of the same name"
    assert "proxy" in store
    assert by_key(ProbeSection).keys() <= schedule, "so does Schedule"
    top = Root.model_fields.keys() - {"defaults"}
    assert top == config - {"file", "data", "origin"}, "so does Config"


def test_every_key_is_read_by_something(repository: Path) -> None:
    read = {
        node.attr
        for file in (repository / "exporter/store_exporter").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    ignored = {
        f"{kind.__name__}.{name}" for kind in mappings() for name in kind.model_fields.keys() - read
    }
    assert not ignored, f"nothing reads these keys: {ignored}"


READ = re.compile(r"""(?:credentials|settings)(?:\.get\(|\[)["'](\w+)["']""")


@pytest.mark.parametrize("name", base.built_in())
def test_every_key_of_a_platform_is_read_and_every_one_that_is_read_is_declared(
    name: str, repository: Path
) -> None:
    platform = base.load(name)
    declared = {setting.name for setting in (*platform.credentials, *platform.settings)}
    folder = repository / "exporter/store_exporter/platforms"
    files = [f for f in (folder / name).rglob("*.py") if f.name != "platform.py"]
    files += (folder / "kit").rglob("*.py")
    code = "\n".join(file.read_text("utf-8") for file in files)
    ignored = {key for key in declared if f'"{key}"' not in code}
    assert not ignored, f"no module but platform.py names these: {ignored}"
    unknown = set(READ.findall(code)) - declared
    assert not unknown, f"platform.py does not declare these: {unknown}"


# Files of their own: docs/slo.md with tests/commands/support/test_slo_file.py, docs/migration.md.
ELSEWHERE = (slo_file.__name__, tenants.__name__)


def test_every_key_is_documented_with_its_meaning() -> None:
    documented = {
        (key, info.description)
        for keys in sections((EXAMPLE,)).values()
        for key, info in keys.items()
    }
    for kind in mappings():
        if kind.__module__ in ELSEWHERE:
            continue
        missing = {(key, info.description) for key, info in by_key(kind).items()} - documented
        assert missing == set(), kind.__name__
        assert all(info.description for info in kind.model_fields.values()), kind.__name__


def test_no_option_of_a_platform_hides_a_key_of_every_schedule() -> None:
    for name in base.built_in():
        platform = base.load(name)
        checks: list[Probe | Collector] = [*platform.probes.values()]
        for check in [*checks, *platform.collectors.values()]:
            assert not by_key(ProbeSection).keys() & check.options.keys(), check.name
