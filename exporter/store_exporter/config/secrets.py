"""References in a configuration: secrets, as `env:NAME` or `file:PATH`, and readable files."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

from ..stores.model import Secret, Unreadable
from . import utf8

MAX_SECRET_BYTES = 64 * 1024

_CREDENTIALS = "$CREDENTIALS_DIRECTORY/"
"""Where systemd puts the secrets of a unit's LoadCredential."""
_REFERENCE = re.compile(r"(env|file):(.+)", re.DOTALL)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_Read = Callable[["SecretSource", Any], Secret | Path]


@dataclass(slots=True)
class SecretSource:
    """Where references are looked up.

    Attributes:
        directory: the configuration file's folder, where relative paths start.
        environ: the environment variables.
        resolve: whether secrets are read; otherwise only the form of references is checked, and
            every secret is empty, which is enough to generate rules from a configuration.
    """

    directory: Path
    environ: Mapping[str, str] = field(repr=False)
    resolve: bool = True

    def path(self, value: Any) -> Path:
        """Read a path, relative to the configuration file or below `$CREDENTIALS_DIRECTORY`.

        Raises:
            ValueError: the value is not a string, is empty, contains a null byte or begins with ~;
                or the variable is not set.
        """
        if not isinstance(value, str) or not value or "\0" in value:
            raise ValueError("is not a path; relative ones start at this file's folder")
        if value.partition("/")[0].startswith("~"):
            raise ValueError("is a path from ~, which only shells know; write it from /")
        if value.startswith(_CREDENTIALS):
            if not (folder := self.environ.get("CREDENTIALS_DIRECTORY")):
                raise ValueError(
                    "CREDENTIALS_DIRECTORY is not set; systemd sets it for the service, and as "
                    "root it may be set to /run/credentials/store-exporter.service"
                )
            return Path(folder) / value.removeprefix(_CREDENTIALS)
        return self.directory / value

    def readable(self, value: Any) -> Path:
        """Read a path as `path` does, and check that the file is readable.

        Raises:
            ValueError: as `path`, or the file is not readable.
        """
        path = self.path(value)
        try:
            _refuse_pipes(path, "the path")
            path.open("rb").close()
        except OSError as error:
            raise ValueError(f"cannot read the file: {error.strerror}") from None
        return path

    def afresh(self) -> SecretSource:
        """Return a source that reads everything again each time."""
        return SecretSource(self.directory, self.environ, self.resolve)

    def secret(self, value: Any) -> Secret:
        """Read the secret behind a reference.

        Raises:
            ValueError: clear text, an unset variable, or a file that is unreadable, empty or
                larger than 64 KiB. The message never holds the value.
        """
        kind, name = reference(value)
        if kind == "env":
            return self._variable(name)
        path = self.path(name)
        return self._file(path, name) if self.resolve else Secret("")

    def of_store(self, value: Any) -> Secret | Unreadable:
        """Read a secret of one store, whose absence must stop no other store.

        Raises:
            ValueError: the value is not a reference, which is a mistake in the file.
        """
        reference(value)
        try:
            return self.secret(value)
        except ValueError as error:
            return Unreadable(str(error))

    def _variable(self, name: str) -> Secret:
        if not self.resolve:
            return Secret("")
        # Tools that write secrets from the output of a command keep its line feed.
        if not (value := self.environ.get(name, "").strip("\r\n")):
            state = "is empty" if name in self.environ else "is not set"
            raise ValueError(f"the environment variable {name} {state}")
        return Secret(value)

    def _file(self, path: Path, name: str) -> Secret:
        try:
            _refuse_pipes(path, name)
            with path.open("rb") as file:
                content = file.read(MAX_SECRET_BYTES + 1)
        except OSError as error:
            raise ValueError(f"cannot read {name}: {error.strerror}") from None
        if len(content) > MAX_SECRET_BYTES:
            raise ValueError(f"{name} is larger than {MAX_SECRET_BYTES // 1024} KiB")
        try:
            text = utf8.text(content).strip("\r\n")
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None
        if not text:
            raise ValueError(f"{name} is empty")
        return Secret(text, partial(self._file, path, name))


def _refuse_pipes(path: Path, name: str) -> None:
    """Refuse anything but a file, because opening a pipe blocks until somebody writes into it."""
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ValueError(f"{name} is no regular file")


class OneReading(SecretSource):
    """The source for one reading of the configuration: it reads each secret and path only once."""

    __slots__ = ("_found", "_used")

    def __init__(self, source: SecretSource) -> None:
        super().__init__(source.directory, source.environ, source.resolve)
        self._found: dict[tuple[_Read, str], Secret | Path | str] = {}
        self._used: set[tuple[_Read, str]] = set()

    def secret(self, value: Any) -> Secret:
        """Read the secret behind a reference; see `SecretSource.secret`."""
        return cast("Secret", self._once(SecretSource.secret, value))

    def readable(self, value: Any) -> Path:
        """Read the path of a readable file; see `SecretSource.readable`."""
        return cast("Path", self._once(SecretSource.readable, value))

    def _once(self, read: _Read, value: Any) -> Secret | Path:
        if not isinstance(value, str):
            return read(self, value)
        found = self._look(read, value)
        self._used.add((read, value))
        if isinstance(found, str):
            raise ValueError(found)
        return found

    def _look(self, read: _Read, value: str) -> Secret | Path | str:
        """Return the content, or the reason why it cannot be read."""
        if (found := self._found.get((read, value))) is None:
            try:
                found = read(self, value)
            except ValueError as error:
                found = str(error)
            self._found[read, value] = found
        return found

    def changes(self, before: OneReading) -> set[str]:
        """Read everything that an earlier reading read, and return the references that changed."""
        return {
            value
            for (read, value), found in before._found.items()
            if self._look(read, value) != found
        }

    def forget_but(self, named: Collection[str]) -> None:
        """Forget what was read for `changes` alone, except what a configuration still names.

        Args:
            named: the strings of the configuration, to which reused stores may refer.
        """
        for key in list(self._found):
            if key not in self._used and key[1] not in named:
                del self._found[key]


def reference(value: Any) -> tuple[str, str]:
    """Split a reference into its kind, `env` or `file`, and its name.

    Raises:
        ValueError: it is not a reference; the message does not repeat it.
    """
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a secret in clear text; write env:NAME or file:PATH instead")
    kind, name = match.groups()
    if kind == "env" and not _VARIABLE.fullmatch(name):
        raise ValueError("env: is not followed by the name of an environment variable")
    if kind == "file" and not (name.isprintable() and len(name) <= 1000):
        raise ValueError("file: is not followed by a path")
    return kind, name
