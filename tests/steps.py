"""How much work something is, in steps of Python, whatever else the machine does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Steps:
    """Counts the instructions that Python executes in this thread.

    Attributes:
        count: instructions so far.
    """

    def __init__(self) -> None:
        self.count = 0

    def trace(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        """Be called by the interpreter, as `sys.settrace` says."""
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        self.count += event == "opcode"
        return self.trace


@contextmanager
def counting() -> Iterator[Steps]:
    """Count the steps of what is called until the block ends.

    From Python 3.14 on a function is counted whole from the second time on that it is looked at, so
    do once without looking at the figure what is to be compared.
    """
    steps, before = Steps(), sys.gettrace()
    sys.settrace(steps.trace)
    try:
        yield steps
    finally:
        sys.settrace(before)
