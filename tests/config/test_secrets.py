from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from store_exporter.config.secrets import SecretSource


def test_a_secret_comes_from_the_environment(tmp_path: Path) -> None:
    source = SecretSource(tmp_path, {"KEY": "ck_1234"})
    assert source.secret("env:KEY").reveal() == "ck_1234"


def test_a_secret_comes_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ck_1234\n")
    assert SecretSource(tmp_path, {}).secret("file:key").reveal() == "ck_1234"
    assert SecretSource(Path("/"), {}).secret(f"file:{tmp_path}/key").reveal() == "ck_1234"


def test_a_file_is_read_again_at_each_look(tmp_path: Path) -> None:
    source = SecretSource(tmp_path, {})
    (tmp_path / "key").write_text("old")
    assert source.secret("file:key").reveal() == "old"
    (tmp_path / "key").write_text("new")
    assert source.secret("file:key").reveal() == "new"


@pytest.mark.parametrize(
    "value", ["ck_0123456789", "ENV:KEY", "env:", "", 12345, None, True, ["env:KEY"]]
)
def test_clear_text_is_refused_without_repeating_it(value: object, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a secret in clear text") as caught:
        SecretSource(tmp_path, {}).secret(value)
    assert "ck_" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("env:MISSING", "the environment variable MISSING is not set"),
        ("env:EMPTY", "the environment variable EMPTY is empty"),
        ("env:ck-not a name", "env: is not followed by the name of an environment variable"),
        ("file:missing", "cannot read missing: No such file or directory"),
        ("file:empty", "empty is empty"),
        ("file:binary", "binary is not UTF-8 text"),
        ("file:wide", "wide is in UTF-16; save it as UTF-8"),
        ("file:large", "large is larger than 64 KiB"),
        ("file:a\nb", "file: is not followed by a path"),
        ("file:/dev/null", "/dev/null is no regular file"),
        ("file:pipe", "pipe is no regular file"),
        ("file:folder", "cannot read folder: Is a directory"),
        ("file:circle", "cannot read circle: Too many levels of symbolic links"),
    ],
)
def test_a_secret_that_cannot_be_had_says_why(value: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xff")
    (tmp_path / "wide").write_text("ck_1", encoding="utf-16")
    (tmp_path / "large").write_text("x" * (64 * 1024 + 1))
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SecretSource(tmp_path, {"EMPTY": "\n"}).secret(value)


def test_a_byte_order_mark_before_a_secret_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ck_1\n", encoding="utf-8-sig")
    assert SecretSource(tmp_path, {}).secret("file:key").reveal() == "ck_1"


def test_without_resolving_only_the_form_is_checked(tmp_path: Path) -> None:
    source = SecretSource(tmp_path, {}, resolve=False)
    assert source.secret("env:MISSING").reveal() == ""
    assert source.secret("file:missing").reveal() == ""
    with pytest.raises(ValueError, match="clear text"):
        source.secret("ck_1234")


def test_the_environment_does_not_show_in_a_source(tmp_path: Path) -> None:
    assert "hunter2" not in repr(SecretSource(tmp_path, {"KEY": "hunter2"}))
