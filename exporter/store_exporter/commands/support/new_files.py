"""The files that `init` writes: secrets, and the configuration with the new store."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from ...config import Config, ConfigError, addition, load
from ...stores.model import Secret
from .questions import UnansweredError

_HEADER = """\
# Created by `store-exporter init`. Each key is explained in docs/configuration.md.

"""


def store_secrets(
    written: ExitStack,
    secrets: Mapping[str, Secret],
    domain: str,
    config_file: Path,
    folder: Path | None = None,
) -> dict[str, str]:
    """Write secrets into files that only their owner can read, and return references to them.

    An existing file is never overwritten.

    Args:
        written: removes the files when it is closed.
        secrets: the secrets by the names of the credentials.
        domain: the store's domain, the name of its folder.
        config_file: the configuration, which will refer to the files.
        folder: the folder for the secrets; `secrets` beside the configuration by default.
    """
    chosen = folder or config_file.parent / "secrets"
    references = {}
    for name, secret in secrets.items():
        path = chosen / domain / name
        for made in [each for each in path.parents if not each.exists()][::-1]:
            made.mkdir(mode=0o700)
            written.callback(_remove_if_empty, made)
        with open(path, "x", encoding="utf-8", opener=_private) as file:
            written.callback(path.unlink)
            file.write(secret.reveal())
        shown = os.path.relpath(path, config_file.parent)
        references[name] = f"file:{path.absolute() if folder else shown}"
        print(f"  {name} goes into {path}")
    return references


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def relative_path(path: str, file: Path) -> str:
    """Return a path relative to the configuration's folder, as the configuration needs it."""
    supplied = Path(path).expanduser()
    return str(supplied) if supplied.is_absolute() else os.path.relpath(supplied, file.parent)


def one_store_config(file: Path, before: Config | None, entry: Mapping[str, Any]) -> Config:
    """Load a configuration of this store only; its relative paths start at the file's folder.

    Raises:
        UnansweredError: it is not valid; the message has the reasons.
    """
    document = addition.alone(entry, before.data if before else {})
    with _beside(file, yaml.safe_dump(document)) as new:
        try:
            return load(new)
        except ConfigError as error:
            problems = (f"{problem.path}: {problem.message}" for problem in error.problems)
            raise UnansweredError("\n".join(problems)) from None


@contextmanager
def _beside(file: Path, text: str) -> Iterator[Path]:
    """Yield a file with a text in the folder of another file; delete it after the block."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor, name = tempfile.mkstemp(
            dir=file.parent, prefix=".store-exporter-", suffix=".yml"
        )
    except OSError as error:
        # The message names the configuration, not the temporary file.
        raise OSError(error.errno, f"cannot be written: {error.strerror}", str(file)) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as new:
            new.write(text)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def write_config(file: Path, before: Config | None, entry: Mapping[str, Any]) -> None:
    """Write the configuration or add the store to it; print the entry if neither is possible."""
    org = {"org": entry["org"]}
    if before is None:
        text = _HEADER + f"orgs:\n{addition.entry_text(org)}stores:\n{addition.entry_text(entry)}"
        with _beside(file, text) as new:
            new.chmod(0o644)
            os.link(new, file)  # unlike a rename, it fails if the file exists by now
        print(f"{file} was written.")
        return
    try:
        text = file.read_text(encoding="utf-8")
        if entry["org"] not in before.orgs:
            text = addition.with_entry(text, "orgs", org)
        text = addition.with_entry(text, "stores", entry)
    except ValueError as error:
        print(f"{file} was not changed: {error}. Add this under `stores`:\n")
        print(addition.entry_text(entry), end="")
        return
    with _beside(file, text) as new:
        load(new, resolve=False)
        shutil.copymode(file, new)
        new.replace(file.resolve())
    print(f"{file}: the store was added.")
