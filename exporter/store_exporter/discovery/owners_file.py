"""Remembers across restarts which org owns which discovered domain: a file beside the state.

Without it, a domain that two orgs name would belong to none after a restart, and an adversary could
wait for a restart. Each change writes a new file and renames it. Losing the file loses no figure.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

_NAME = "owners.json"
_MAX_BYTES = 64 * 1024 * 1024


class OwnersFile:
    """The org of each domain that sources have named.

    Attributes:
        known: the org by domain, as passed to `keep` last.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self.known: Mapping[str, str] = self._read()
        self._unsaved = False

    def keep(self, owners: Mapping[str, str]) -> None:
        """Remember these owners. A write that fails is logged, and the next call tries again.

        It writes a file, so it must not be called in the event loop.
        """
        if owners == self.known and not self._unsaved:
            return
        self.known = owners
        domains: dict[str, list[str]] = {}
        for domain, org in owners.items():
            domains.setdefault(org, []).append(domain)
        # Replicas that share the folder write the same content, each to a file of its own.
        new = self._path.with_suffix(f".{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                new.unlink()
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with open(os.open(new, flags, 0o600), "w") as file:  # noqa: PTH123 - with its mode
                json.dump(domains, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            self._unsaved = False
        except OSError as error:
            self._unsaved = True
            log.error(
                "which org has which found domain is not remembered beyond this process",
                extra={"file": str(self._path), "problem": error.strerror},
            )

    def _read(self) -> Mapping[str, str]:
        try:
            with self._path.open("rb") as file:
                content = file.read(_MAX_BYTES)
            domains = json.loads(content)
            known = {domain: str(org) for org, listed in domains.items() for domain in listed}
            if not all(isinstance(domain, str) for domain in known):
                raise ValueError("not all are domains")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            log.error(
                "which org had which found domain is lost; domains that several orgs name are "
                "watched for none until one drops them",
                extra={"file": str(self._path)},
            )
            return {}
        return known
