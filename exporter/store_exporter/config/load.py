"""The configuration file as a whole: read, validated, every problem reported at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from select import POLLIN, poll
from typing import Any

from ..platforms.base import Installed, Platform
from ..stores.model import Store
from . import entries, problems, secrets, utf8
from .model import alerting
from .model.file import CallsSection, Root, StateDatabase
from .model.org import OrgSection
from .settling import LONGEST_SECONDS, settled
from .unchanged import UnchangedStores, texts_of
from .yaml import document
from .yaml.checker import Checker

PIPE_SECONDS = 10.0
"""How long to wait for who writes into a pipe, such as a command whose output is the file."""


@dataclass(frozen=True, slots=True)
class Config:
    """A valid configuration: the values of the keys of `Root`, and their origin.

    Attributes:
        data: the file's content, which has references to secrets but no secret.
        state_database: the database that keeps the state instead, if any.
        prometheus_years_url: base address of the Prometheus for more than 90 days, if any.
        calls: limits of the single calls to remember.
        error_classes: error types by the names that applications give to their errors.
        stores: the stores of the file, in its order.
        discovery: sources of further stores.
        alerts: where the platform's own alerts go.
        origin: the text and the references that it was read from.
    """

    file: Path
    data: Mapping[str, Any]
    state_directory: Path
    state_database: StateDatabase | None
    prometheus_url: str | None
    prometheus_years_url: str | None
    predecessor_api: bool
    calls: CallsSection
    error_classes: Mapping[str, str]
    orgs: Mapping[str, OrgSection]
    stores: tuple[Store, ...]
    discovery: tuple[entries.Discovery, ...]
    alerts: alerting.PlatformAlerts
    origin: Origin = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a configuration was read from.

    Attributes:
        digest: of the file's text.
        source: where references were looked up, and what they contained.
    """

    digest: bytes
    source: secrets.OneReading


def load(
    path: str | Path,
    *,
    environ: Mapping[str, str] = os.environ,
    platforms: Mapping[str, Platform] | None = None,
    resolve: bool = True,
    before: Config | None = None,
) -> Config:
    """Read and validate a configuration file.

    Args:
        path: the file; relative paths in it start at its folder.
        environ: where `env:` references are looked up.
        platforms: the platforms that stores may have; by default all that are installed, but only
            those that the file needs are imported.
        resolve: whether to read secrets; otherwise they are empty, which is enough to generate
            rules or dashboards.
        before: the configuration of the last reading, with the same environment and platforms. If
            nothing has changed since then, it is returned; otherwise its unchanged stores are
            reused.

    Raises:
        ConfigError: with every problem of the file.
    """
    path = Path(path)
    text = _text(path)
    plain = secrets.SecretSource(path.absolute().parent, environ, resolve)
    origin = Origin(blake2b(text.encode()).digest(), secrets.OneReading(plain))
    changes = set[str]()
    if before is not None:
        changes = origin.source.changes(before.origin.source)
        if not changes and origin.digest == before.origin.digest:
            return before
    parsed = document.parse(text, str(path))
    checker = Checker(parsed, origin.source)
    data = {} if parsed.data is None else parsed.data
    root = checker.validate(Root, data, ())
    if not isinstance(data, dict):
        raise problems.ConfigError(checker.problems)
    same = None if before is None else UnchangedStores(before.data, before.stores, data, changes)
    read_here = _entries(checker, data, Installed() if platforms is None else platforms, same)
    if root is None or checker.problems:
        raise problems.ConfigError(checker.problems)
    origin.source.forget_but(set(texts_of(data)))
    keys = {name: getattr(root, name) for name in Root.model_fields if name != "defaults"}
    keys["state_directory"] = root.state_directory or checker.source.directory / "state"
    return Config(file=path, data=data, origin=origin, **keys | read_here)


def _entries(
    checker: Checker,
    data: Mapping[str, Any],
    platforms: Mapping[str, Platform],
    same: UnchangedStores | None,
) -> dict[str, Any]:
    """Read the sections that consist of entries, by their keys; the checker notes problems."""
    defaults = entries.read_defaults(checker, data, platforms)
    orgs = entries.read_orgs(checker, data)
    names = entries.declared(data)
    reader = entries.StoreReader(checker, platforms, defaults, names, orgs, known=same)
    return {
        "alerts": alerting.read(checker, data, orgs),
        "orgs": orgs,
        "stores": tuple(reader.stores(data)),
        "discovery": tuple(reader.discovery(data)),
    }


def _text(path: Path) -> str:
    """Return the text of a configuration file, which is not empty."""
    text = read(path, "; `store-exporter init` writes one, --config.file names another")
    if not text.strip():
        # A program that writes the file in place empties it first, and a reload may come then.
        message = "is empty; `orgs: []` describes an exporter that watches nothing"
        raise problems.ConfigError([problems.Problem(str(path), 0, "", message)])
    return text


class Reading:
    """Reads a file repeatedly; entries that have not changed are not validated again.

    It waits while the file is being written, because a reload may be requested while another
    program writes.
    """

    def __init__(
        self,
        path: str | Path,
        before: Config | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._path = Path(path)
        self._before = before
        self._environ = environ

    def __call__(self) -> Config:
        """Read it as `load` does; block for a second, or up to ten, while it is being written.

        Raises:
            ConfigError: with every problem of the file.
        """
        if not settled(self._path):
            message = f"was still being written after {LONGEST_SECONDS:.0f} s; reload it once more"
            raise problems.ConfigError([problems.Problem(str(self._path), 0, "", message)])
        self._before = load(self._path, environ=self._environ, before=self._before)
        return self._before


def read(path: Path, missing: str = "") -> str:
    """Return a file's text; `missing` is advice for a missing file.

    Raises:
        ConfigError: it cannot be read, is a pipe into which nobody writes, or is not UTF-8.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            waiting = poll()
            waiting.register(file, POLLIN)
            if not waiting.poll(PIPE_SECONDS * 1000):
                raise ValueError("is a pipe into which nobody writes")
            os.set_blocking(file.fileno(), True)
            return utf8.text(file.read(document.MAX_BYTES + 1))
    except FileNotFoundError:
        message = f"there is no such file in {path.absolute().parent}{missing}"
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    except ValueError as error:
        message = str(error)
    raise problems.ConfigError([problems.Problem(str(path), 0, "", message)])


def _without_waiting(path: str, flags: int) -> int:
    """Open a file, even if it is a pipe that nobody has opened for writing yet."""
    return os.open(path, flags | os.O_NONBLOCK)
