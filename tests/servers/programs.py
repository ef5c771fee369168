"""How each server is configured: its flags, how it tells its port, when it is ready."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Protocol

from tests.servers.process import Server, running

# Prometheus and Alertmanager say where they listen in the same words.
_LISTENING = r'msg="Listening on".* address=(127\.0\.0\.1:\d+)'


class PrometheusFactory(Protocol):
    """Starts a Prometheus for one test."""

    def __call__(self, config: str, *flags: str) -> Server: ...


class AlertmanagerFactory(Protocol):
    """Starts an Alertmanager for one test."""

    def __call__(self, config: str, *flags: str) -> Server: ...


class VictoriaMetricsFactory(Protocol):
    """Starts a VictoriaMetrics for one test."""

    def __call__(self, *flags: str) -> Server: ...


@contextmanager
def prometheus(
    config: str,
    directory: Path,
    *flags: str,
    program: str = "prometheus",
    patience: float = 60,
) -> Iterator[Server]:
    """Run Prometheus with that configuration; relative paths in it are relative to `directory`.

    `patience` is that of `running`: with much data it takes longer to start, to answer and to end.

    Raises:
        StartError: it did not start.
    """
    file = directory / "prometheus.yml"
    file.write_text(dedent(config), encoding="utf-8")
    argv = [
        f"--config.file={file}",
        f"--storage.tsdb.path={directory / 'prometheus'}",
        "--web.listen-address=127.0.0.1:0",
        "--web.enable-lifecycle",
        "--web.enable-remote-write-receiver",
        "--enable-feature=native-histograms",
        # Discovery hands targets over 5 s after the start; without this flag the first scrape may
        # be another 5 s later.
        "--scrape.discovery-reload-interval=100ms",
        *flags,
    ]
    with running(
        program,
        argv,
        directory=directory,
        listening=_LISTENING,
        ready="/-/ready",
        patience=patience,
    ) as server:
        yield server


@contextmanager
def alertmanager(
    config: str, directory: Path, *flags: str, folder: Path | None = None
) -> Iterator[Server]:
    """Run a lone Alertmanager with that configuration.

    Args:
        config: as text.
        directory: in which the configuration and its data are.
        flags: further ones.
        folder: in which it is started; the directory by default.

    Raises:
        StartError: it did not start.
    """
    file = directory / "alertmanager.yml"
    file.write_text(dedent(config), encoding="utf-8")
    argv = [
        f"--config.file={file}",
        f"--storage.path={directory / 'alertmanager'}",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
        *flags,
    ]
    with running(
        "alertmanager", argv, directory=folder or directory, listening=_LISTENING, ready="/-/ready"
    ) as server:
        yield server


@contextmanager
def victoria_metrics(directory: Path, *flags: str) -> Iterator[Server]:
    """Run a single-node VictoriaMetrics.

    Raises:
        StartError: it did not start.
    """
    argv = [
        f"-storageDataPath={directory / 'victoria-metrics'}",
        "-httpListenAddr=127.0.0.1:0",
        "-memory.allowedBytes=256MB",
        *flags,
    ]
    listening = r"started server at http://(127\.0\.0\.1:\d+)/"
    with running(
        "victoria-metrics", argv, directory=directory, listening=listening, ready="/health"
    ) as server:
        yield server
