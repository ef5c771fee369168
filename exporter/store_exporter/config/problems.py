"""Problems of a configuration file: all of them at once, each with its line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing to correct, printed as `file:line: path: message`.

    Attributes:
        file: the file's name as supplied.
        line: counted from 1; 0 for the whole file.
        path: the place in the document, such as `stores[2].credentials`; "" for all of it.
        message: what is wrong and what would be right; never the value of a secret.
    """

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (where, self.path, self.message) if part)


class ConfigError(Exception):
    """A configuration that cannot be used; its message is one line for each problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def path_text(path: Iterable[str | int]) -> str:
    """Write a path of keys and indices as `stores[2].credentials`; "" for the whole document."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{shortened(step)}" if text else shortened(step)
    return text


def shortened(name: str) -> str:
    """Return any name, of any length, in a form that fits into one line of output."""
    clean = "".join(c if c.isprintable() else "?" for c in name)
    return clean if len(clean) <= 64 else clean[:61] + "..."


def suggestion(name: str, known: Iterable[str], *, missing: Sequence[str] = ()) -> str:
    """Suggest the name that was meant by an unknown one.

    Args:
        name: the unknown name.
        known: the names that are valid there.
        missing: required names that are absent; if no name is similar, a single one is suggested.
    """
    names = sorted(known)
    # Domains share their endings: those of any two stores of an org are half the same.
    cutoff = 0.8 if "." in name else 0.6
    if close := get_close_matches(name, names, n=1, cutoff=cutoff):
        return f"did you mean {close[0]}?"
    if len(missing) == 1:
        return f"did you mean {missing[0]}?"
    return f"known here: {', '.join(names)}" if names else "there are none"
