"""What shells complete, asked of a real bash, and the manual page, read by a real groff."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from store_exporter import cli
from store_exporter.commands import COMMANDS
from store_exporter.commands.support.parsers import commands

# What bash does at the tab key: it sets the words and calls the function that was registered.
PRESS_TAB = r"""
source /dev/stdin
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
complete -p store-exporter >/dev/null
_store_exporter store-exporter "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(capsys: pytest.CaptureFixture[str]) -> str:
    return printed(capsys, "completion", "bash")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["s"], {"serve", "state", "stores", "sizing"} & set(COMMANDS)),
        (["ser"], {"serve"}),
        (["serve", "--web.r"], {"--web.route-prefix"}),
        (["serve", "--config.file", "x", "--log.f"], {"--log.format"}),
        (["serve", "--log.format", ""], {"logfmt", "json"}),
        (["serve", "--log.format", "=", "j"], {"json"}),
        (["serve", "--log.format", "="], {"logfmt", "json"}),
        (["completion", ""], {"bash", "zsh", "fish"}),
        (["serve", "--config.file", ""], {""}),
        (["nonsense", "--"], {""}),
    ],
)
def test_bash_completes_commands_flags_and_their_values(
    script: str, words: list[str], expected: set[str]
) -> None:
    argv = ["bash", "-c", PRESS_TAB, "bash", "store-exporter", *words]
    done = subprocess.run(argv, input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(done.stdout.removesuffix("\n").split("\n")) == expected


def test_zsh_gets_the_same_through_its_own_bridge(
    capsys: pytest.CaptureFixture[str], script: str
) -> None:
    text = printed(capsys, "completion", "zsh")
    assert text.startswith("#compdef store-exporter\n")
    assert text.endswith(script)
    if zsh := shutil.which("zsh"):
        done = subprocess.run([zsh, "-n"], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_fish_knows_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "completion", "fish")
    for name, _, arguments in commands():
        assert f"-n __fish_use_subcommand -f -a {name} " in text
        for flag in (flag for argument in arguments for flag in argument.flags):
            kind = "-l" if flag.startswith("--") else "-s"
            assert f"_from {name}' {kind} {flag.lstrip('-')} " in text
    if fish := shutil.which("fish"):
        asked = "complete -C 'store-exporter serve --log.format '"
        argv = [fish, "-c", f"{text}\n{asked}"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        assert {"logfmt", "json"} <= set(done.stdout.split())


def test_the_manual_page_names_every_command_and_flag(capsys: pytest.CaptureFixture[str]) -> None:
    page = printed(capsys, "man")
    for name, _, arguments in commands():
        assert f"\n.SS {name.replace('-', chr(92) + '-')}\n" in page
        for flag in (flag for argument in arguments for flag in argument.flags):
            assert f"\\fB{flag.replace('-', chr(92) + '-')}\\fR" in page


def test_groff_finds_no_fault_with_the_manual_page(capsys: pytest.CaptureFixture[str]) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not there")
    argv = [groff, "-man", "-ww", "-Tascii", "-P-c", "-P-b", "-P-u"]
    page = printed(capsys, "man")
    done = subprocess.run(argv, input=page, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--web.route-prefix PATH" in " ".join(done.stdout.split())


def test_a_command_whose_extra_is_missing_is_named_without_its_flags(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(name: str) -> object:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr("store_exporter.commands.support.parsers.import_module", gone)
    assert {name for name, _, _ in commands()} == set(COMMANDS)
