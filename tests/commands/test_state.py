"""What is kept is listed, moved and forgotten, and never while an exporter uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from store_exporter.cli import main
from store_exporter.probing.state.sqlite_state import SqliteState
from store_exporter.probing.state.storage import Key, Saved, StoreIdentity, Write

CONFIGURATION = """
orgs: [{org: acme}, {org: zen}]
stores:
  - {org: acme, domain: shop.example.com, platform: woocommerce, url: "https://shop.example.com",
     credentials: {consumer_key: "env:KEY", consumer_secret: "env:SECRET"}}
"""
NOW = StoreIdentity("acme", "woocommerce", "shop.example.com", "https://shop.example.com")
BEFORE = NOW._replace(address="https://old.example.com")
GONE = StoreIdentity("zen", "shopify", "gone.example.com", "https://gone.example.com")
NAME = "acme/woocommerce/shop.example.com@https://old.example.com"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEY", "ck_0123456789abcdef")
    monkeypatch.setenv("SECRET", "cs_0123456789abcdef")
    (tmp_path / "store-exporter.yml").write_text(CONFIGURATION)
    return tmp_path / "state"


@pytest.fixture
def kept(folder: Path) -> None:
    state = SqliteState(folder)
    state.put([Write(Key(*BEFORE, "orders"), '"old"', 0), Write(Key(*GONE, "orders"), "{}", 0)])
    # What belongs to no tenant's address is none's figures.
    state.put([Write(Key("acme", "woocommerce", "shop.example.com", "", "otlp"), "[]")])
    state.close()


def read(folder: Path, identity: StoreIdentity) -> Saved | None:
    state = SqliteState(folder)
    found = state.get(Key(*identity, "orders"))
    state.close()
    return found


@pytest.mark.usefixtures("kept")
def test_what_is_kept_is_listed_with_what_is_left_behind(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = SqliteState(folder)
    state.put([Write(Key(*NOW, "orders"), '"new"', 0)])
    assert main(["state", "list"]) == 0, "also while an exporter uses it"
    state.close()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [
        NAME,
        "acme/woocommerce/shop.example.com@https://shop.example.com",
        "zen/shopify/gone.example.com@https://gone.example.com",
        "stores:",
    ]
    assert ["left behind" in line for line in lines] == [True, False, True, False]
    assert lines[-1] == "stores: 3, not watched by this configuration: 2"
    main(["state", "list", "--format=json"])
    first = json.loads(capsys.readouterr().out)[0]
    assert (first["name"], first["documents"], first["watched"]) == (NAME, {"orders": 5}, False)


@pytest.mark.usefixtures("kept")
def test_a_store_is_given_what_was_kept_of_it_before(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["state", "move", NAME]) == 0
    assert "moved 1 documents" in capsys.readouterr().out
    assert read(folder, BEFORE) is None
    found = read(folder, NOW)
    assert found is not None
    assert found.document == '"old"'
    assert main(["state", "move", "zen/shopify/gone.example.com@https://gone.example.com"]) == 1
    assert "gone.example.com is not among the stores" in capsys.readouterr().err


@pytest.mark.usefixtures("kept")
def test_nothing_is_replaced_or_forgotten_unless_requested(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = SqliteState(folder)
    state.put([Write(Key(*NOW, "orders"), '"new"', 0)])
    state.close()
    gone = "zen/shopify/gone.example.com@https://gone.example.com"
    assert main(["state", "move", gone, "shop.example.com"]) == 1
    assert "has state already; --replace forgets it" in capsys.readouterr().err
    assert main(["state", "move", NAME, "--replace"]) == 0
    assert main(["state", "forget", gone]) == 0
    assert main(["state", "forget", gone]) == 1
    assert "there is no state of zen/shopify" in capsys.readouterr().err
    assert read(folder, GONE) is None


@pytest.mark.usefixtures("kept")
def test_a_store_that_is_moved_to_itself_loses_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["state", "move", NAME]) == 0
    name = NAME.replace("old.", "shop.")
    assert main(["state", "move", name, "--replace"]) == 1
    assert f"{name} already belongs to that store" in capsys.readouterr().err
    found = read(folder, NOW)
    assert found is not None
    assert found.document == '"old"'


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("action", ["move", "forget"])
def test_nothing_is_changed_while_an_exporter_uses_the_state(
    action: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = SqliteState(folder)
    assert main(["state", action, NAME]) == 1
    assert "is in use; end the exporters" in capsys.readouterr().err
    state.close()
    assert read(folder, BEFORE) == Saved('"old"', 1)


@pytest.mark.parametrize("arguments", [["list"], ["move", NAME], ["forget", NAME]])
def test_a_state_that_there_is_not_is_not_made(
    arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["state", *arguments]) == 1
    assert f"there is no {folder}/state.db: no exporter has saved" in capsys.readouterr().err
    assert not folder.exists()


def test_a_state_that_cannot_be_examined_is_reported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder.parent / "store-exporter.yml"
    file.write_text(f"state_directory: {'x' * 300}\n{CONFIGURATION}")
    assert main(["state", "list"]) == 1
    assert "state.db cannot be read: File name too long\n" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["list", "x"], ["move"], ["forget"], ["move", *"abc"]])
def test_a_wrong_number_of_names_is_reported(
    arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["state", *arguments]) == 2
    assert f"state {arguments[0]} takes" in capsys.readouterr().err
