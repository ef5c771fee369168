"""`store-exporter init`: prompts for a store, checks access to it, writes the configuration."""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from ..config import Config, ConfigError, load
from ..config.model import values
from ..errors import StoreError
from ..platforms import base
from ..platforms.base import Platform
from ..probing.jobs import jobs_of
from ..stores.model import Secret, Store
from . import doctor
from .support import arguments, new_files, questions, terminal
from .support.questions import Questions, UnansweredError

_CONNECT_SECONDS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    arguments.add_config_file(parser)
    parser.add_argument("--platform", help="the platform that runs the store")
    parser.add_argument("--url", help="the store's address, such as shop.example.com")
    parser.add_argument("--domain", help="its name in metrics (default: the host of its URL)")
    parser.add_argument("--org", help="the org that owns the store")
    parser.add_argument(
        "--credential",
        action="append",
        type=arguments.explained(questions.credential),
        default=[],
        metavar="NAME=REFERENCE",
        help="a credential as file:PATH or env:VARIABLE, as the configuration will contain it; "
        "repeat it for each credential of the platform (default: ask, and store in files)",
    )
    parser.add_argument(
        "--ca-file",
        metavar="FILE",
        help="PEM file with the issuer of its certificate, if the system does not trust it",
    )
    parser.add_argument("--proxy-url", help="the proxy for requests to the store")
    parser.add_argument(
        "--secrets.directory",
        dest="secrets",
        type=Path,
        metavar="FOLDER",
        help="where typed credentials are stored (default: secrets beside the configuration)",
    )
    parser.add_argument(
        "--force", action="store_true", help="write the configuration even if a check fails"
    )


def run(args: argparse.Namespace) -> int:
    """Ask, check and write; 1 when nothing was written, 2 when a value is missing."""
    arguments.silence_log()
    try:
        return _run(args, Questions(may_ask=sys.stdin.isatty()))
    except UnansweredError as error:
        print(error, file=sys.stderr)
        return 2
    except ConfigError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"{where}{error.strerror}", file=sys.stderr)
    except (EOFError, KeyboardInterrupt):
        print()
    print("Nothing was written.", file=sys.stderr)
    return 1


def _run(args: argparse.Namespace, ask: Questions) -> int:
    file: Path = args.config_file
    before = load(file, resolve=False) if file.exists() else None
    entry, secrets = _entry(args, ask, before)
    with ExitStack() as written:
        entry["credentials"] |= new_files.store_secrets(
            written, secrets, entry["domain"], args.config_file, args.secrets
        )
        config = _looked_at(file, before, entry, ask)
        (store,) = config.stores
        found = asyncio.run(doctor.examine_all(config, [store.domain]))
        if before is not None and before.state_database is not None:
            # The configuration of this store alone has none, so its state directory was examined.
            del found[doctor.EXPORTER]
        print("", *doctor.text(found, terminal.width()), "", *_watched(store), sep="\n")
        failed = any(one.state == "fail" for findings in found.values() for one in findings)
        question = "A check failed. Write the configuration anyway?"
        if failed and not args.force and not ask.agrees(question):
            advice = "Nothing was written. Fix what failed and try again, or use --force."
            print(advice, file=sys.stderr)
            return 1
        new_files.write_config(file, before, entry)
        written.pop_all()
    again = "" if before is None else "reload the exporter if it runs, otherwise "
    print(f"\nNext: {again}store-exporter serve --config.file {file}")
    return 0


def _entry(
    args: argparse.Namespace, ask: Questions, before: Config | None
) -> tuple[dict[str, Any], Mapping[str, Secret]]:
    """Return the configuration entry, and the secrets that must still be stored."""
    platform = _platform(args, ask)
    url = _address(args, ask, before)

    def no_credential(text: str) -> str:
        if platform.marks.redact(text) != text:
            raise ValueError(f"looks like a credential of {platform.title}, and metrics show it")
        return text

    def unused(text: str) -> str:
        name = values.domain(no_credential(text))
        if before and any(store.domain == name for store in before.stores):
            raise ValueError(f"{name} is in {args.config_file} already")
        return name

    host = urlsplit(url).hostname or ""
    domain = ask.text("Its name in metrics", "--domain", args.domain, unused, host)
    orgs = list(before.orgs) if before else []
    usual = orgs[0] if len(orgs) == 1 else ""

    def named(text: str) -> str:
        return values.org(no_credential(text))

    org = ask.text("Org that owns the store, as one word", "--org", args.org, named, usual)
    credentials = ask.credentials(platform, dict(args.credential))
    entry = {"domain": domain, "org": org, "platform": platform.name}
    if url != f"https://{domain}":
        entry["url"] = url
    if args.ca_file:
        entry["ca_file"] = new_files.relative_path(args.ca_file, args.config_file)
    if args.proxy_url:
        entry["proxy_url"] = args.proxy_url
    return {**entry, "credentials": dict(credentials.references)}, credentials.secrets


def _address(args: argparse.Namespace, ask: Questions, before: Config | None) -> str:
    """Return the store's address; a typed one that cannot be reached is asked for once more.

    Behind a proxy, this machine need not resolve names or reach hosts.
    """
    url = ask.text("Address of the store", "--url", args.url, questions.address)
    proxied = args.proxy_url or (before and any(store.proxy for store in before.stores))
    if args.url or proxied or not (reason := _unreachable(url)):
        return url
    terminal.say("  ", f"{reason}; press Enter if it will come to be, or is behind a proxy.")
    return ask.text("Address of the store", "--url", None, questions.address, url)


def _unreachable(url: str) -> str:
    """Return why this machine cannot connect to an address; "" if it can."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
    except (socket.gaierror, UnicodeError):
        return f"There is no host {host}"
    except TimeoutError:
        return f"Port {port} of {host} did not respond within {_CONNECT_SECONDS:g} s"
    except OSError as error:
        return f"Port {port} of {host} cannot be reached: {error.strerror}"
    return ""


def _platform(args: argparse.Namespace, ask: Questions) -> Platform:
    names = base.names()

    def known(name: str) -> str:
        if name not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return name

    question = f"Platform ({', '.join(names)})"
    platform = base.load(ask.text(question, "--platform", args.platform, known))
    if platform.unusable:
        raise UnansweredError(platform.unusable)
    return platform


def _looked_at(file: Path, before: Config | None, entry: dict[str, Any], ask: Questions) -> Config:
    """Load a configuration of this store only, with the address that its own one redirects to.

    Updates the entry: the address that will be watched, and the issuer of a certificate that the
    system does not trust.
    """
    config = new_files.one_store_config(file, before, entry)
    try:
        url, note = asyncio.run(questions.final(config.stores[0]))
    except StoreError as error:
        # The checks that follow report the failure itself.
        url, note = config.stores[0].url, ""
        if error.error_type == "tls_untrusted":
            terminal.say("  ", f"{url} could not be opened: {error}.")
            path = ask.optional("PEM file with the certificate's issuer", _file)
            if path:
                entry["ca_file"] = new_files.relative_path(path, file)
                return _looked_at(file, before, entry, ask)
            note = "Use --ca-file FILE to trust an issuer that the system does not know."
        elif config.stores[0].proxy is None and getproxies_environment():
            note = "The environment's proxy is not used; use --proxy-url if it is needed."
    if note:
        terminal.say("  ", note)
    if url != config.stores[0].url:
        entry.pop("url", None)
        if url != f"https://{entry['domain']}":
            entry["url"] = url
        config = new_files.one_store_config(file, before, entry)
    return config


def _file(path: str) -> str:
    if not Path(path).expanduser().is_file():
        raise ValueError("there is no such file")
    return path


def _watched(store: Store) -> Iterator[str]:
    """Yield the store's checks, and how often each runs."""
    yield f"Scheduled checks of {store.domain}:"
    by_interval: dict[float, list[str]] = {}
    for job in jobs_of(store):
        by_interval.setdefault(job.schedule.interval, []).append(job.name)
    for interval, names in sorted(by_interval.items()):
        yield f"  every {values.duration_text(interval):<4} {', '.join(names)}"
