"""docker-compose.yml as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of the project inside a container."""

    source: str
    target: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Compose:
    """The file, with questions that several tests ask."""

    document: Mapping[str, Any]

    @property
    def services(self) -> Mapping[str, Mapping[str, Any]]:
        """The services by name."""
        services: Mapping[str, Mapping[str, Any]] = self.document["services"]
        return services

    def command(self, service: str) -> list[str]:
        """Entry point, where it is overridden, and arguments."""
        found = self.services[service]
        return [*found.get("entrypoint", []), *found.get("command", [])]

    def flags(self, service: str) -> dict[str, str]:
        """The flags passed to a program, with their values."""
        found = (word for word in self.command(service) if word.startswith("-") and "=" in word)
        return dict(word.split("=", 1) for word in found)

    def mounts(self, service: str) -> list[Mount]:
        """The project's files in a service's container."""
        volumes = (volume.split(":") for volume in self.services[service].get("volumes", []))
        return [
            Mount(source, target, mode == ["ro"])
            for source, target, *mode in volumes
            if source.startswith(".")
        ]

    @property
    def lasting(self) -> list[str]:
        """Services that run on, as opposed to one that prepares something and ends."""
        return [name for name, found in self.services.items() if found["restart"] != "no"]


@pytest.fixture(scope="session")
def compose(repository: Path) -> Compose:
    text = (repository / "docker-compose.yml").read_text(encoding="utf-8")
    return Compose(yaml.safe_load(text))
