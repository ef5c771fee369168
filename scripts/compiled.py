"""Keeps what pytest compiled of the tests for other checkouts, or takes what one of them kept.

usage: compiled.py keep|take FOLDER

pytest knows what it compiled of a file by the file's time, and has the file's place in it. In
another checkout both differ, but the content may be the same.
"""

from __future__ import annotations

import hashlib
import marshal
import shutil
import struct
import sys
from pathlib import Path
from types import CodeType

TESTS = Path(__file__).parents[1] / "tests"
TAG = sys.implementation.cache_tag


def main(verb: str, folder: Path) -> None:
    """Keep in the folder what pytest compiled, or take from there what is of files as they are."""
    for source in TESTS.rglob("*.py"):
        named = f"{source.relative_to(TESTS)}\n".encode() + source.read_bytes()
        kept = folder / hashlib.sha256(named).hexdigest()
        cache = source.parent / "__pycache__"
        if verb == "keep":
            for compiled in cache.glob(f"{source.stem}.{TAG}-pytest-*.pyc"):
                if compiled.read_bytes()[8:16] == age(source):
                    kept.mkdir(parents=True, exist_ok=True)
                    shutil.copy(compiled, kept)
        elif kept.is_dir():
            cache.mkdir(exist_ok=True)
            for compiled in kept.iterdir():
                (cache / compiled.name).write_bytes(renewed(compiled.read_bytes(), source))


def age(source: Path) -> bytes:
    """What is compared with the source."""
    about = source.stat()
    return struct.pack("<LL", int(about.st_mtime) & 0xFFFFFFFF, about.st_size & 0xFFFFFFFF)


def renewed(compiled: bytes, source: Path) -> bytes:
    """The same of the source as it is here."""
    code = moved(marshal.loads(compiled[16:]), str(source))  # noqa: S302 - by pytest, in our cache
    return compiled[:8] + age(source) + marshal.dumps(code)


def moved(code: CodeType, place: str) -> CodeType:
    """Code, and all that is in it, as that of a file at the place."""
    constants = (moved(one, place) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.replace(co_filename=place, co_consts=tuple(constants))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
