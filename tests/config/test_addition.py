"""An entry is added to a file as a person would: nothing else changes, and comments stay."""

from __future__ import annotations

import pytest

from store_exporter.config.addition import with_entry

ENTRY = {"domain": "b.example", "credentials": {"key": "file:k"}}
ADDED = "  - domain: b.example\n    credentials:\n      key: file:k\n"


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("stores:\n  - domain: a.example  # the first\n", ""),
        ("stores:\n  - domain: a.example\n    # interval: 5m\n", ""),
        ("stores:\n  - {domain: a.example}\n", "\n# Who is told.\norgs: []\n"),
        ("stores:\n  - domain: a.example\n    credentials:\n      key: file:a\n\n", "orgs: []\n"),
        ("stores:\n  - domain: a.example\n", "\n# the end\n"),
        ("# Nothing yet.\nstores:\n", "orgs: []\n"),
        ("# Nothing yet.\nstores:\n", ""),
    ],
)
def test_an_entry_comes_behind_the_last_one(before: str, behind: str) -> None:
    blank = "\n" if before.endswith("\n\n") else ""
    before = before.rstrip("\n") + "\n"
    assert with_entry(before + blank + behind, "stores", ENTRY) == before + ADDED + blank + behind


def test_a_list_that_begins_at_the_margin_goes_on_there() -> None:
    before = "stores:\n- domain: a.example\n"
    at_the_margin = "- domain: b.example\n  credentials:\n    key: file:k\n"
    assert with_entry(before + "orgs: []\n", "stores", ENTRY) == (
        before + at_the_margin + "orgs: []\n"
    )


@pytest.mark.parametrize("before", ["", "# Only this.\n", "orgs:\n  - org: acme\n"])
def test_a_list_that_is_not_there_is_begun_at_the_end(before: str) -> None:
    assert with_entry(before, "stores", ENTRY) == f"{before}stores:\n{ADDED}"


def test_a_line_break_that_is_missing_at_the_end_is_made() -> None:
    assert with_entry("stores:\n  - domain: a.example", "stores", ENTRY).endswith(
        f"a.example\n{ADDED}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "stores: []\n",
        "stores: [{domain: a.example}]\n",
        "{orgs: [], stores: []}\n",
        "orgs: []\n...\n# behind the document's end\n",
    ],
)
def test_what_a_few_lines_cannot_do_is_left_to_the_person(text: str) -> None:
    with pytest.raises(ValueError, match="layout"):
        with_entry(text, "stores", ENTRY)
