"""The code blocks of the documentation."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^( *)```(\w*)[^\n`]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A code block.

    Attributes:
        page: the page's path below the repository.
        line: the number of its first line in that page.
        language: the word behind the fence.
        text: what is in it, without the indentation of the list that it belongs to.
    """

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> Iterator[Block]:
    """Yield the blocks of all pages, or those in some languages."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in names.stdout.split():
        if not (ROOT / name).is_file():
            continue
        page = (ROOT / name).read_text(encoding="utf-8")
        for found in _BLOCK.finditer(page):
            if not languages or found[2] in languages:
                line = page.count("\n", 0, found.start(3)) + 1
                yield Block(name, line, found[2], dedent(found[3]))


def commands(block: Block) -> Iterator[list[str]]:
    """Yield the command lines of a block for a terminal, in words, without what was printed.

    In a block with prompts only what stands behind them is typed. Redirections, pipes, comments and
    the words of the shell's own loops are left out.
    """
    text = block.text.replace("\\\n", " ")
    if block.language == "console" and re.search(r"^\$ ", text, re.MULTILINE):
        text = "\n".join(re.findall(r"^\$ (.*)$", text, re.MULTILINE)) + "\n"
    lexer = shlex.shlex(text.replace("\n", "\n;\n"), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    command: list[str] = []
    for word in lexer:
        if set(word) == {">"}:
            next(lexer)
        elif not set(word) <= set(";&|<>()"):
            command.append(word)
        elif set(word) <= set(";&|"):
            while command and (command[0] == "do" or re.match(r"[A-Z_]+=", command[0])):
                command = command[1:]
            if command:
                yield command
            command = []
