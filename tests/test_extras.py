"""A missing module gives the hint to install an extra only where the extra would bring it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest

from store_exporter import extras

ALWAYS = {
    *("store_exporter", "prometheus_client"),
    *("certifi", "httpcore", "idna", "pydantic_core", "requests", "yarl"),
}
"""Required by the core, or by what an extra brings: certifi and httpcore by httpx, pydantic_core by
pydantic, idna by httpx, yarl by aiohttp, requests by OpenTelemetry's exporter over HTTP."""

INSTALL = "pip install 'store-exporter[otlp]'"
GONE = """
import sys
class Gone:
    def find_spec(name, path=None, target=None):
        if name == {name!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Gone)
"""


@pytest.fixture(scope="module")
def declared(repository: Path) -> dict[str, set[str]]:
    """The distributions that each extra of pyproject.toml names, without the extras in extras."""
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    return {
        extra: {name_of(line) for line in lines if not line.startswith("store-exporter")}
        for extra, lines in project["optional-dependencies"].items()
        if extra != "all"
    }


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()


def brings(name: str, module: str) -> bool:
    """Whether a distribution has a module, or one of those that it is a bundle of."""
    start = re.compile(rf"{module.replace('.', '/')}[/.]")
    found = distribution(name)
    required = [name_of(line) for line in found.requires or () if "otlp-proto" in line]
    return any(start.match(str(file)) for file in found.files or ()) or any(
        brings(other, module) for other in required
    )


def test_the_modules_of_an_extra_are_those_that_its_distributions_bring(
    declared: dict[str, set[str]],
) -> None:
    assert extras.MODULES.keys() == declared.keys()
    for extra, names in declared.items():
        modules = extras.MODULES[extra]
        assert not [m for m in modules if not any(brings(name, m) for name in names)], extra
        assert not [n for n in names if not any(brings(n, module) for module in modules)], extra


def test_every_module_of_others_that_is_imported_belongs_to_an_extra(repository: Path) -> None:
    ours = {module.partition(".")[0] for known in extras.MODULES.values() for module in known}
    known = ours | set(sys.stdlib_module_names) | ALWAYS
    unknown = {}
    for file in (repository / "exporter/store_exporter").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                if name.partition(".")[0] not in known:
                    unknown[name] = file.name
    assert unknown == {}


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("httpx", "clients"),
        ("yaml", "server"),
        ("grafana_foundation_sdk", "mixin"),
        ("opentelemetry", "otlp"),
        ("opentelemetry.sdk", "otlp"),
        ("opentelemetry.exporter.otlp.proto.grpc", "otlp"),
        # Installed, but without this part; a dependency of a dependency; an application's own.
        ("aiohttp.not_there", None),
        ("multidict", None),
        ("acme.shop", None),
        ("http", None),
        ("", None),
    ],
)
def test_only_a_module_that_belongs_to_an_extra_gives_its_hint(
    module: str, extra: str | None
) -> None:
    advice = extras.missing(ModuleNotFoundError(f"No module named {module!r}", name=module), "x")
    expected = extra and f"x needs {module}: pip install 'store-exporter[{extra}]'"
    assert advice == expected


def test_another_failure_of_an_import_gives_no_hint() -> None:
    assert extras.missing(ImportError("cannot import name", name="httpx"), "x") is None
    assert extras.missing(ValueError("httpx"), "x") is None


def without(module: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python in which a module is not installed."""
    script = GONE.format(name=module) + code
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("opentelemetry", "pushing needs opentelemetry: pip install 'store-exporter[otlp]'"),
        (
            "opentelemetry.sdk",
            "pushing needs opentelemetry.sdk: pip install 'store-exporter[otlp]'",
        ),
        ("opentelemetry.semconv", "No module named 'opentelemetry.semconv'"),
    ],
)
def test_pushing_names_the_extra_only_when_it_is_what_is_missing(module: str, text: str) -> None:
    code = (
        "from store_exporter import start_otlp\n"
        "try: start_otlp()\n"
        "except ImportError as error: print(error)\n"
    )
    assert without(module, code).stdout == f"{text}\n"


SERVE = "from store_exporter import cli; sys.exit(cli.main(['serve']))"


def test_a_command_names_the_extra_that_it_lacks() -> None:
    done = without("yaml", SERVE)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "store-exporter serve needs yaml: pip install 'store-exporter[server]'\n"


def test_a_command_that_lacks_what_no_extra_brings_gives_no_hint() -> None:
    done = without("multidict", SERVE)
    assert done.returncode == 1
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'multidict'\n")
    assert "pip install" not in done.stderr
