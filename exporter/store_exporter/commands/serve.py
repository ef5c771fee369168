"""`store-exporter serve`: watch stores and serve their metrics, until a signal ends it."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..server.process.addresses import parse_address, web_paths
from ..server.process.large_work import without_pauses
from ..server.process.logs import FORMATS, LEVELS
from ..stores.inventory import Shard
from .support import arguments

PORT = 10847
TAKEN = ("api", "v1", "-", "calls", "config", "probe", "runbooks", "sd")
"""Where the paths of everything but the metrics begin; some of these need no password."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments, named as those of Prometheus' own exporters."""
    arguments.add_config_file(parser)
    parser.add_argument(
        "--config.check",
        dest="config_check",
        action="store_true",
        help="check the configuration files, list every problem, and exit",
    )
    _add_web_arguments(parser)
    parser.add_argument(
        "--log.level",
        dest="log_level",
        choices=LEVELS,
        default="info",
        help="what is logged: this level and those above it (default: %(default)s)",
    )
    parser.add_argument(
        "--log.format",
        dest="log_format",
        choices=FORMATS,
        default="logfmt",
        help="how a line of the log is written (default: %(default)s)",
    )
    parser.add_argument(
        "--shard",
        type=_shard,
        default=Shard(),
        metavar="INDEX/COUNT",
        help="this process's part of the stores, such as 0/3 for the first of three (default: all)",
    )


def _add_web_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where the server listens, and by which paths and rules it is reached."""
    parser.add_argument(
        "--web.listen-address",
        dest="addresses",
        action="append",
        type=arguments.explained(parse_address),
        metavar="HOST:PORT",
        help=f"where to listen; may be repeated (default: 127.0.0.1:{PORT}, or every interface "
        "when --web.config.file asks for passwords or certificates)",
    )
    parser.add_argument(
        "--web.systemd-socket",
        dest="systemd_socket",
        action="store_true",
        help="listen only on the sockets that systemd passes",
    )
    parser.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        type=_telemetry_path,
        default="/metrics",
        metavar="PATH",
        help="where the metrics are (default: %(default)s)",
    )
    parser.add_argument(
        "--web.external-url",
        dest="external_url",
        type=arguments.explained(_external_url),
        default="",
        metavar="URL",
        help="the URL under which clients reach this server, such as "
        "https://monitoring.example.com/stores/ of a proxy; its path is the prefix of "
        "every path",
    )
    parser.add_argument(
        "--web.route-prefix",
        dest="route_prefix",
        type=arguments.explained(_route_prefix),
        metavar="PATH",
        help="prefix of the path of incoming requests; / behind a proxy that removes the path "
        "(default: the path of --web.external-url)",
    )
    parser.add_argument(
        "--web.config.file",
        dest="web_file",
        type=Path,
        metavar="FILE",
        help="TLS and passwords, in the format of Prometheus' exporter-toolkit",
    )


def _external_url(text: str) -> str:
    web_paths(text)
    return text


def _route_prefix(text: str) -> str:
    web_paths(route_prefix=text)
    return text


def _shard(text: str) -> Shard:
    try:
        index, count = map(int, text.split("/"))
        return Shard(index, count)
    except ValueError:
        message = "must be INDEX/COUNT, the index from 0 and below the count"
        raise argparse.ArgumentTypeError(message) from None


def _telemetry_path(text: str) -> str:
    plain = text.replace("/", "").replace("-", "").replace("_", "").replace(".", "")
    if not text.startswith("/") or not plain.isalnum() or not plain.isascii():
        raise argparse.ArgumentTypeError("must be a path such as /metrics")
    if (first := text.split("/")[1]) in TAKEN:
        raise argparse.ArgumentTypeError(f"must not begin with /{first}, where other pages are")
    return text


@contextmanager
def _reloads_held() -> Iterator[None]:
    """Let no SIGHUP end the process until the block ends; one that comes early is handled later."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    try:
        yield
    finally:
        # The system drops a pending signal once it is ignored.
        handler = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
        signal.signal(signal.SIGHUP, handler)


def run(args: argparse.Namespace) -> int:
    """Serve until a signal; return 1 if the configuration has problems or an address is in use."""
    with _reloads_held():
        # Imported only to serve, because the imports take longer than printing the help.
        with without_pauses():
            from .support import serving

        return serving.run(args)
