"""Fixtures for every test: factories of real servers (see tests/servers)."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from store_exporter.net import name_servers
from tests import forks, servers

# A change is refused for what it does: not by how busy the machine is, nor because an example that
# fails was found by chance in its run. `--hypothesis-profile=random` looks for such examples.
for name in ("project", "random"):
    settings.register_profile(
        name,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=name == "project",
    )
settings.load_profile("project")

# Programs written with Go collect garbage all the time while they hold as little as in tests; it is
# a sixth of what promtool does.
os.environ.setdefault("GOGC", "400")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: list[object]) -> None:
    """Import the tests once for all workers."""
    forks.fork_workers(config, specs)


@pytest.fixture(autouse=True)
def _name_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take this machine's name servers for good ones: a machine for tests may have none."""

    async def resolve() -> bool:
        return True

    monkeypatch.setattr(name_servers, "resolve", resolve)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Spread tests over workers as `--dist loadgroup` does."""
    if config.getoption("dist") != "loadgroup":
        return None
    from tests.spreading import Scheduling

    return Scheduling(config, log)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a test of a long text by how that begins.

    Every worker tells every name, and a name of megabytes is slow to tell and to print.
    """
    if isinstance(val, str | bytes) and len(val) > 100:
        return f"{val[:60]!a} and so on, {len(val)} in all"
    return None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Group the tests of a fixture that a module or a package shares, for `--dist loadgroup`.

    Each worker would make it for itself, and some of them take half a minute.
    """
    if not isinstance(item, pytest.Function) or item.get_closest_marker("xdist_group"):
        return
    scopes = {found[-1].scope for found in item._fixtureinfo.name2fixturedefs.values()}
    shared = item.path.parent if "package" in scopes else item.path
    if scopes & {"package", "module"}:
        name = str(shared.relative_to(item.config.rootpath))
        item.add_marker(pytest.mark.xdist_group(name))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules whose tests may take longest, so that no worker ends with one.

    Of the others, those come first whose tests run one after the other in one worker.
    """
    order: dict[Path, tuple[float, bool]] = {}
    for item in items:
        limit = item.get_closest_marker("timeout")
        longest = -limit.args[0] if limit else 0
        grouped = item.get_closest_marker("xdist_group") is None
        order[item.path] = min(order.get(item.path, (0, True)), (longest, grouped))
    # Tests of a module stay together, for the sake of its fixtures.
    items.sort(key=lambda item: order[item.path])


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Collect no garbage until the tests have been found; see `pytest_collection_finish`.

    Keep the literals of this package out of the examples of the profile `project`.

    Hypothesis draws them from whatever modules the process has imported by then, so they depend on
    which tests a worker was given before, and no setting turns them off.
    """
    gc.disable()
    if settings().derandomize:
        none = Constants()
        providers._get_local_constants = lambda: none
    if hasattr(config, "workerinput"):
        from tests.spreading import report_less

        report_less(config)


def pytest_collection_finish() -> None:
    """Keep the collector from looking through thousands of tests whenever one of them runs it.

    It runs seldom, too, because most of what tests leave is gone without it.
    """
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


@pytest.fixture(autouse=True)
def levels_of_logging() -> Iterator[None]:
    """What a test logs from, for a command configures the log of the whole process."""
    loggers = [logging.getLogger(name) for name in (None, "httpx", "httpcore", "asyncio")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def seed() -> int:
    """Of what a test does at random: another one in each run with the profile `random` alone."""
    return 1 if settings().derandomize else SystemRandom().randrange(10_000)


@pytest.fixture
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.PrometheusFactory]:
    """Starts Prometheus servers that end with the test."""
    with ExitStack() as stack:

        def start(config: str, *flags: str) -> servers.Server:
            folder = tmp_path_factory.mktemp("prometheus")
            return stack.enter_context(servers.prometheus(config, folder, *flags))

        yield start


@pytest.fixture
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.AlertmanagerFactory]:
    """Starts Alertmanagers that end with the test."""
    with ExitStack() as stack:

        def start(config: str, *flags: str) -> servers.Server:
            folder = tmp_path_factory.mktemp("alertmanager")
            return stack.enter_context(servers.alertmanager(config, folder, *flags))

        yield start


@pytest.fixture
def victoria_metrics(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[servers.VictoriaMetricsFactory]:
    """Starts VictoriaMetrics servers that end with the test."""
    with ExitStack() as stack:

        def start(*flags: str) -> servers.Server:
            folder = tmp_path_factory.mktemp("victoria-metrics")
            return stack.enter_context(servers.victoria_metrics(folder, *flags))

        yield start


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.Postgresql]:
    """A PostgreSQL for all tests; each makes a database of its own by `database`."""
    with servers.postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def repository() -> Path:
    """The project's folder."""
    return Path(__file__).parents[1]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end which servers were missing, so that skipped tests are not overlooked."""
    skipped = terminalreporter.stats.get("skipped", [])
    missing = servers.missing_tools([str(report.longrepr) for report in skipped])
    if missing:
        terminalreporter.section("tests were skipped for want of real servers", red=True)
        names = ", ".join(missing)
        terminalreporter.line(f"Not to be had: {names}. `scripts/test --all` gets them.")
