"""Bad files and the exact words in which each is refused: the table is `bad_files.txt`."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_exporter.config import ConfigError, load
from tests.config.example import PLATFORMS

ENVIRON = {
    "KEY": "ck_12345678",
    "TOKEN": "token-of-acme-0123",
    "SHORT": "abc",
    "LINES": "token-of-acme-01\ntoken-of-acme-02",
}
TABLE = (Path(__file__).parent / "bad_files.txt").read_text()
BAD_FILES = [entry.split("\n", 1) for entry in TABLE.removeprefix("=== ").split("\n=== ")]


def problems(folder: Path, content: bytes) -> list[str]:
    file = folder / "f.yml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(file, environ=ENVIRON, platforms=PLATFORMS)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{file}:") for line in lines)
    return [line.removeprefix(f"{file}:") for line in lines]


@pytest.mark.parametrize("entry", [body for _, body in BAD_FILES], ids=[n for n, _ in BAD_FILES])
def test_a_bad_file_is_refused_with_every_problem(entry: str, tmp_path: Path) -> None:
    text, expected = entry.split("--- is refused with\n")
    found, told = problems(tmp_path, text.encode()), expected.strip().splitlines()
    for index, (line, wanted) in enumerate(zip(found, told, strict=False)):
        # The table need not know every key that there is: it says … for them.
        if wanted.endswith(": …") and line.startswith(wanted.removesuffix("…")):
            found[index] = wanted
    assert found == told


def test_problems_of_all_parts_are_reported_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = (
        "stat_directory: x\n"
        "defaults: {concurrency: 0}\n"
        "orgs: [{org: acme, api_tokens: [env:NONE]}]\n"
        "stores:\n"
        "  - {domain: A.example, org: acme, platform: example, credentials: {key: NONE}}\n"
        "discovery: [{org: nobody, platform: example}]\n"
        "orgs: []\n"
    )
    assert [line.split(":", 2)[:2] for line in problems(tmp_path, text.encode())] == [
        ["1", " stat_directory"],
        ["2", " defaults.concurrency"],
        ["5", " stores[0].credentials.key"],
        ["5", " stores[0].domain"],
        ["5", " stores[0].org"],
        ["6", " discovery[0]"],
        ["6", " discovery[0].org"],
        ["6", " discovery[0].store.credentials"],
        ["7", " orgs"],
    ]


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    for path, said in (
        (
            tmp_path / "nowhere.yml",
            (
                f"there is no such file in {tmp_path}; `store-exporter init` writes one, "
                "--config.file names another"
            ),
        ),
        (tmp_path, "cannot be read: Is a directory"),
    ):
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert str(caught.value) == f"{path}: {said}"
    assert problems(tmp_path, b"\xff\xff") == [" is not UTF-8 text"]


def test_no_problem_repeats_what_may_be_a_secret(tmp_path: Path) -> None:
    secret = "ck_0123456789abcdef"
    text = (
        f"state_directory: [{secret}]\nprometheus_url: {secret}\n"
        f"orgs:\n  - org: '{secret}!'\n    api_tokens: [{secret}]\n"
        f"    alerts: {{slack: {secret}, email: [{secret}], webhook: {secret}}}\n"
        f"stores:\n  - domain: '{secret}'\n    org: '{secret}'\n    platform: {secret}\n"
        f"    url: {secret}\n    concurrency: {secret}\n    ca_file: {secret}\n"
        f"  - domain: b.example\n    org: acme\n    platform: example\n"
        f"    credentials: {{key: {secret}, user: [{secret}]}}\n"
        f"    settings: {{version: {secret}, legacy: {secret}}}\n"
        f"    probes: {{liveness: {{interval: {secret}, critical: {secret}}}}}\n"
        f"    collectors: {{orders: {{pages: {secret}, statuses: {secret}}}}}\n"
    )
    found = problems(tmp_path, text.encode())
    assert len(found) > 15
    assert not [line for line in found if secret in line]
