"""Addresses of the repository in what is built: hatchling asks this for them.

They are those of whoever publishes the package, so they come from the environment variable
REPOSITORY_URL (https://host/owner/name). Without it the package names none, and the links of its
README lead to files beside it. What is built of a source distribution has what that was built with.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)(\[[^\]]*\]\()(?!\w+:|#)")


class RepositoryMetadata(MetadataHookInterface):
    """Sets `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add both to the project's metadata."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        repository = os.environ.get("REPOSITORY_URL", "").rstrip("/")
        if repository:
            metadata["urls"] = {
                "Source": repository,
                "Documentation": f"{repository}/tree/HEAD/docs",
                "Changelog": f"{repository}/blob/HEAD/CHANGELOG.md",
                "Issues": f"{repository}/issues",
            }
            text = with_addresses(text, repository, f"v{metadata['version']}")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def with_addresses(text: str, repository: str, revision: str) -> str:
    """Have a page's links lead to the repository, as of a revision; pictures to their bytes."""

    def address(link: re.Match[str]) -> str:
        is_picture, begin = link.groups()
        kind = "raw" if is_picture else "blob"
        return f"{is_picture}{begin}{repository}/{kind}/{revision}/"

    return _LINK.sub(address, text)
