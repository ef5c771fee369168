"""What the documentation has people type exists, with the flags and arguments that it gives."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
from importlib import import_module

import pytest

from store_exporter.commands import COMMANDS, module_of
from tests.docs.blocks import ROOT, Block, blocks, commands
from tests.servers import tool

BLOCKS = list(blocks("console", "sh"))
# Of the shell and of every system, or named with where to have them. What they are given is run
# where it is ours: pip's by tests/packaging, curl's by test_http.py and tests/ingest, the folders
# that helm and kubectl are given by tests/deploy.
TAKEN_AS_THEY_ARE = {
    ".", "cd", "chmod", "curl", "docker", "done", "echo", "environment", "export", "for", "git",
    "helm", "htpasswd", "install", "kubectl",
    "mkdir", "pip", "pipx", "printf", "psql", "python3", "sudo", "systemctl", "umask",
}  # fmt: skip
HELPFUL = ("alertmanager", "amtool", "prom-label-proxy", "prometheus", "promtool")
# With the very words of the page, by a test that has servers around them.
RUN_ELSEWHERE = {"vmagent": "tests/mixin/test_tenants.py"}
# Of the cluster's side of VictoriaMetrics, which scripts/tools does not fetch.
NOT_TO_BE_HAD = ("vmalert",)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_for_the_shell_has_no_mistake_of_syntax(block: Block) -> None:
    typed = re.findall(r"^\$ ((?:.*\\\n)*.*)$", block.text, re.MULTILINE)
    text = "\n".join(typed) or block.text
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_command_exists_and_takes_what_it_is_given(block: Block) -> None:
    found = list(commands(block))
    assert found
    for name, *arguments in found:
        if name == "store-exporter":
            parsed(arguments)
        elif name.startswith("scripts/"):
            assert os.access(ROOT / name, os.X_OK), name
        elif name in RUN_ELSEWHERE:
            assert (ROOT / RUN_ELSEWHERE[name]).is_file()
        elif name not in HELPFUL:
            assert name in TAKEN_AS_THEY_ARE or name in NOT_TO_BE_HAD or "bin/" in name, name


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Read a command line of ours as the program does; ends as it does where that refuses it."""
    command, *rest = arguments
    assert command in COMMANDS
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--version", action="version", version="")
    import_module(module_of(command)).add_arguments(parser)
    return parser.parse_intermixed_args(rest)


@pytest.mark.real
@pytest.mark.parametrize("program", HELPFUL)
def test_other_programs_have_the_flags_that_they_are_given(program: str) -> None:
    for block in BLOCKS:
        for name, *arguments in commands(block):
            if name != program:
                continue
            # With --help they read every flag and then do nothing.
            done = subprocess.run(
                [tool(program), *arguments, "--help"], capture_output=True, text=True, check=False
            )
            told = done.stdout + done.stderr
            assert not re.search(r"unknown \w+ flag|flag provided but not defined", told), told
