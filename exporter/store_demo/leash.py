"""Runs a program that ends when its parent does: `python leash.py PARENT PROGRAM ARGUMENT...`.

A parent that was killed cannot stop its children any more; Linux does it then. A program of its
own, because code between fork and exec is not safe in a process that has threads. Elsewhere than
on Linux the program is run and nothing else.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


def main() -> None:
    """Become the program, unless the parent has already ended."""
    parent, *program = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        # It may have ended before that was said.
        if os.getppid() != int(parent):
            return
    os.execvp(program[0], program)  # noqa: S606 (the demo's own command lines; no shell is wanted)


if __name__ == "__main__":
    main()
