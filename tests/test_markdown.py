"""Markdown of generated pages, and sections inside written ones."""

from __future__ import annotations

import pytest

from store_exporter import markdown

PAGE = """\
# Title

<!-- store-exporter generate: one -->

old

<!-- end of one -->

Text between.

<!-- store-exporter generate: two -->
<!-- end of two -->
"""


def test_a_page_is_blocks_with_blank_lines_between_and_a_line_break_at_the_end() -> None:
    assert markdown.page(["# A", "", "b", markdown.items(["c", "d"])]) == "# A\n\nb\n\n- c\n- d\n"


def test_a_cell_may_hold_what_separates_cells() -> None:
    table = markdown.table(("key", "value"), [("a|b", "`c`")])
    assert table == "| key | value |\n|---|---|\n| a\\|b | `c` |"


def test_sections_are_replaced_and_the_rest_of_the_page_stays() -> None:
    new = markdown.renewed(PAGE, {"one": "new\n", "two": "more"})
    assert "\nold\n" not in new
    assert "<!-- store-exporter generate: one -->\n\nnew\n\n<!-- end of one -->" in new
    assert "Text between." in new
    assert markdown.renewed(new, {"one": "new\n", "two": "more"}) == new


@pytest.mark.parametrize("sections", [{"one": ""}, {"one": "", "two": "", "three": ""}])
def test_a_page_must_have_exactly_the_sections_that_are_generated(sections: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="two" if len(sections) == 1 else "three"):
        markdown.renewed(PAGE, sections)
