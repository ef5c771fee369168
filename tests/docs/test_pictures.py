"""The drawn picture of the architecture names what is there."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"


def test_what_the_picture_shows_as_ours_is_a_folder_or_module(repository: Path) -> None:
    elements = list(ET.parse(repository / "docs/pictures/architecture.svg").getroot())  # noqa: S314
    ours = []
    for box, title in pairwise(elements):
        if box.tag == f"{SVG}rect" and box.get("class") in ("ours", "core"):
            ours.append(title.text or "")
    assert len(ours) == 9
    package = repository / "exporter/store_exporter"
    places = [package / name.replace(".", "/") for name in ours]
    assert [p for p in places if not p.is_dir() and not p.with_suffix(".py").is_file()] == []
