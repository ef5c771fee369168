"""Platforms of other distributions: found by their entry points, and a broken one hurts nobody."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store_exporter import cli
from store_exporter.config import Config, ConfigError, dump, load
from store_exporter.metrics.recorder import Recorder
from store_exporter.platforms import base, registry
from store_exporter.probing.jobs import jobs_of
from store_exporter.probing.runner import Runner
from store_exporter.probing.transport import Transport

USABLE = """
from store_exporter.contract import Collector, Probe, Report, Setting
from store_exporter.platforms.base import Platform

def nothing(api, run):
    yield from ()
    return Report(summary="nothing asked")

PLATFORM = Platform(
    name="acme",
    title="Acme Stores",
    credentials=(Setting("key", "The key.", secret=True, required=True),),
    settings=(),
    operations={},
    probes={"liveness": Probe("liveness", nothing, "Asks nothing.", liveness=True)},
    collectors={"shelves": Collector("shelves", nothing, "Counts shelves.", options={"rows": 3})},
    connect=lambda store: None,
    connection=lambda store, **clocks: None,
)
"""
ORG = "orgs: [{org: acme}]\nstores:\n"
ACME = """\
  - {domain: a.example, org: acme, platform: acme, credentials: {key: env:KEY, pin: "0123-4567"}}
"""
WOOCOMMERCE = """\
  - domain: w.example
    org: acme
    platform: woocommerce
    credentials: {consumer_key: env:CK, consumer_secret: env:CS}
"""
TEXT = ORG + ACME + WOOCOMMERCE
ENVIRON = {"KEY": "key-of-a", "CK": "ck_0123456789", "CS": "cs_0123456789"}

Install = Callable[..., None]


def forget() -> None:
    """Have the registry look again."""
    for cached in (registry.names, registry.declared, base.load):
        cached.cache_clear()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution of one module, as an installer lays it out."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def put(
        text: str,
        *,
        name: str = "acme",
        distribution: str = "acme-stores",
        attribute: str = "PLATFORM",
    ) -> None:
        module = distribution.replace("-", "_")
        info = site / f"{module}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n"
        )
        (info / "entry_points.txt").write_text(
            f"[{registry.GROUP}]\n{name} = {module}:{attribute}\n"
        )
        (site / f"{module}.py").write_text(text)
        monkeypatch.delitem(sys.modules, module, raising=False)
        forget()

    yield put
    forget()


def read(folder: Path, text: str = TEXT) -> Config:
    file = folder / "store-exporter.yml"
    file.write_text(text)
    return load(file, environ=ENVIRON)


def test_a_platform_of_another_distribution_is_one_like_the_built_in_ones(
    install: Install, tmp_path: Path
) -> None:
    install(USABLE)
    assert base.names() == ("acme", *base.built_in())
    assert base.load("acme").title == "Acme Stores"
    (store, _) = read(tmp_path, TEXT.replace(', pin: "0123-4567"', "")).stores
    assert store.credentials["key"].reveal() == "key-of-a"  # type: ignore[union-attr]
    assert store.collectors["shelves"].options == {"rows": 3}
    with pytest.raises(ConfigError, match=r"credentials.pin: unknown key; did you mean key|known"):
        read(tmp_path)


def test_a_platform_that_nobody_brings_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    known = ", ".join(base.names())
    with pytest.raises(ConfigError, match=f"unknown platform; known here: {known}"):
        read(tmp_path)


BROKEN = "acme_stores of acme-stores 1.5 cannot be imported: "
NO_LIVENESS = (
    "acme_stores of acme-stores 1.5 must have one probe that decides on liveness, called liveness"
)
PROBLEMS = {
    "a module of its own is missing": (
        "import acme_secret_sauce",
        BROKEN + "ModuleNotFoundError: No module named 'acme_secret_sauce'",
    ),
    "it fails in its own way": (
        "1 / 0",
        BROKEN + "ZeroDivisionError: division by zero",
    ),
    "it was made for another release": (
        USABLE.replace("title=", "headline="),
        BROKEN + "TypeError: Platform.__init__() got an unexpected keyword argument 'headline'",
    ),
    "it names nothing": (
        "",
        BROKEN + "AttributeError: module 'acme_stores' has no attribute 'PLATFORM'",
    ),
    "it names something else": (
        "PLATFORM = 7",
        "acme_stores:PLATFORM of acme-stores 1.5 is no Platform",
    ),
    "it has another name": (
        USABLE.replace('name="acme"', 'name="acne"'),
        "acme_stores of acme-stores 1.5 calls itself acne",
    ),
    "nothing tells whether a store is up": (
        USABLE.replace("liveness=True", "liveness=False"),
        NO_LIVENESS,
    ),
    "the probe that rules go by has another name": (
        USABLE.replace('"liveness"', '"alive"'),
        NO_LIVENESS,
    ),
    "a check has two names": (
        USABLE.replace('{"shelves":', '{"shelf":'),
        "acme_stores of acme-stores 1.5 has shelves under the name shelf",
    ),
    "it ends the program": (
        "raise SystemExit('no licence')",
        BROKEN + "SystemExit: no licence",
    ),
    "it is no Python": (
        "def :",
        BROKEN + "SyntaxError: invalid syntax (acme_stores.py, line 1)",
    ),
    "a library of the system is missing": (
        "import ctypes; ctypes.CDLL('libacme.so.1')",
        BROKEN + "OSError: libacme.so.1: cannot open shared object file: No such file or directory",
    ),
}


@pytest.mark.parametrize("text", PROBLEMS.values(), ids=PROBLEMS)
async def test_a_platform_that_cannot_be_used_is_a_problem_of_its_stores_alone(
    text: tuple[str, str], install: Install, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    code, problem = text
    install(code)
    store, other = read(tmp_path).stores
    assert base.load("acme").unusable == f"the platform acme cannot be used: {problem}"
    assert (store.labels, store.credentials) == (("acme", "a.example", "acme"), {})
    assert other.credentials["consumer_key"].reveal() == "ck_0123456789"  # type: ignore[union-attr]
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, base.load("acme").unusable)

    transport = Transport()
    runner = Runner(Recorder(), transport)
    (job,) = jobs_of(store)
    result = await runner.run_anyway(job)
    await transport.close()
    assert (result.ok, result.error_type, result.message) == (
        False,
        "exception",
        f"the platform acme cannot be used: {problem}",
    )


def test_a_platform_that_two_distributions_bring_is_nobodys(install: Install) -> None:
    install(USABLE)
    install(USABLE, distribution="other-stores")
    assert base.load("acme").unusable == (
        "the platform acme cannot be used: it is brought by acme-stores 1.5 and other-stores 1.5; "
        "uninstall all but one"
    )


def test_no_distribution_takes_the_place_of_a_built_in_platform(install: Install) -> None:
    install(USABLE, name="woocommerce")
    assert "brought by acme-stores 1.5 and store-exporter;" in base.load("woocommerce").unusable


def test_only_a_missing_extra_gives_the_hint_to_install_it(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("import httpx")
    monkeypatch.setitem(sys.modules, "httpx", None)
    assert base.load("acme").unusable.endswith(
        "cannot be imported: it needs httpx: pip install 'store-exporter[clients]'"
    )


def test_nothing_is_shown_of_keys_that_nobody_can_validate(
    install: Install, tmp_path: Path
) -> None:
    install("1 / 0")
    text = TEXT + (
        "  - {domain: b.example, org: acme, platform: acme, settings: {pass: tell-nobody}}\n"
        "defaults: {probes: {liveness: {interval: 20s, key: tell-nobody}, x: {y: tell-nobody}}}\n"
        "discovery:\n"
        "  - {org: acme, platform: acme, files: [x.json], store: {credentials: {p: tell-nobody}}}\n"
    )
    config = read(tmp_path, text)
    assert [store.domain for store in config.stores] == ["a.example", "w.example", "b.example"]
    assert config.stores[0].probes["liveness"].interval == 20
    shown = dump.text(config)
    assert "tell-nobody" not in shown
    assert "0123-4567" not in shown
    assert "env:CK" in shown
    found = config.discovery[0].template.store("c.example")
    assert [job.name for job in jobs_of(found)] == ["liveness"]


def test_other_mistakes_of_such_a_store_are_still_reported(
    install: Install, tmp_path: Path
) -> None:
    install("1 / 0")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, TEXT.replace("a.example, org: acme", "A.example, org: nobody, x: 1"))
    problems = [line.split(": ", 1)[1] for line in str(caught.value).splitlines()]
    assert [problem.split(":")[0] for problem in problems] == [
        "stores[0].domain",
        "stores[0].org",
        "stores[0].x",
    ]


def test_the_commands_say_what_is_wrong_with_the_platform(
    install: Install,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install("1 / 0")
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    read(tmp_path)
    problem = base.load("acme").unusable
    file = f"--config.file={tmp_path / 'store-exporter.yml'}"
    assert cli.main(["probe", "a.example", file, "--format=json"]) == 1
    (check,) = json.loads(capsys.readouterr().out)["checks"]
    assert check["error"]["message"] == problem
    assert cli.main(["doctor", "a.example", file]) == 1
    assert f"FAIL  {problem}" in capsys.readouterr().out
    assert cli.main(["run", "check_stock", "--store=a.example", file]) == 2
    assert capsys.readouterr().err == f"{problem}\n"
    assert cli.main(["operations"]) == 0
    assert capsys.readouterr().err == f"{problem}\n"


def imported(folder: Path, text: str) -> set[str]:
    """Which platforms a process has imported after it has read a configuration."""
    (folder / "f.yml").write_text(text)
    code = (
        "import sys; from store_exporter.config import load\n"
        "load('f.yml', resolve=False)\n"
        "print(*sys.modules)"
    )
    python = [sys.executable, "-c", code]
    done = subprocess.run(python, cwd=folder, capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    return {n for n in base.built_in() if f"store_exporter.platforms.{n}.platform" in modules}


def test_platforms_are_imported_when_a_store_needs_them(tmp_path: Path) -> None:
    stores = ORG + WOOCOMMERCE
    assert imported(tmp_path, ORG) == set()
    assert imported(tmp_path, stores) == {"woocommerce"}
    common = "defaults: {probes: {liveness: {interval: 20s}}}\n"
    assert imported(tmp_path, stores + common) == {"woocommerce"}
    has = base.load("woocommerce").collectors
    name, option, default = next(
        (check.name, option, json.dumps(default))
        for check in base.load("shopify").collectors.values()
        for option, default in check.options.items()
        if option not in has[check.name].options
    )
    foreign = f"defaults: {{collectors: {{{name}: {{{option}: {default}}}}}}}\n"
    assert imported(tmp_path, stores + foreign) == set(base.built_in())
