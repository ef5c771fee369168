"""Fuzzing that is led by what of the code was reached; see scripts/fuzz."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

NAME, FOLDER, *ARGUMENTS = sys.argv[1:]

with atheris.instrument_imports(include=["store_exporter"]):
    from tests.fuzz.targets import SEEDS, TARGETS

found = Path(FOLDER, NAME)
found.mkdir(parents=True, exist_ok=True)
for number, seed in enumerate(SEEDS.get(NAME, ())):
    (found / f"seed-{number}").write_bytes(seed)
atheris.Setup([NAME, f"-artifact_prefix={FOLDER}/{NAME}-", *ARGUMENTS, str(found)], TARGETS[NAME])
atheris.Fuzz()
