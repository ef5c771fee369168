"""The demo's command line: `python -m store_demo`, which `scripts/demo` runs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
import time
from collections.abc import Awaitable

from . import parts
from .console import say, show_addresses, show_message
from .evidence import MissingEvidenceError
from .folder import running_folder
from .processes import StartError
from .scene import CHECK, DEMO
from .slack import SlackReceiver
from .stack import running
from .story import Story

_NEEDED = ("prometheus", "alertmanager")
INTERRUPTED = 130
"""Exit status of a program that Ctrl-C ended, as shells have it."""


async def demo() -> int:
    """Run the story for a person, then leave everything running until Ctrl-C."""
    slack = SlackReceiver(show_message)
    with running_folder() as folder:
        say(
            "Starting stores, shoppers, exporter, Alertmanager and Prometheus. In a minute one "
            "store fails and Slack is told."
        )
        async with running(DEMO, folder, slack) as stack:
            show_addresses(stack)
            story = Story(stack, DEMO, tell=lambda s: say(s, "yellow"), verified=say)
            await story.all_is_well()
            await story.store_fails()
            await story.store_recovers()
            await story.orgs_see_their_own()
            say("That was the story. Everything goes on until you press Ctrl-C.", "green")
            await asyncio.Event().wait()
    return 0


async def check() -> int:
    """Run the story unattended at a faster pace and say what was verified."""
    started = time.monotonic()
    slack = SlackReceiver(show_message)
    with running_folder() as folder:
        async with running(CHECK, folder, slack) as stack:
            show_addresses(stack)
            story = Story(
                stack, CHECK, tell=say, verified=lambda fact: say(f"verified: {fact}", "green")
            )
            await story.all_is_well()
            await story.store_fails()
            await story.store_recovers()
            await story.shoppers_restart()
            await story.orgs_see_their_own()
            await story.figures_agree()
    say(f"The demo works: all verified in {time.monotonic() - started:.0f} s.", "green")
    return 0


def run(main: Awaitable[int]) -> int:
    """Run a coroutine until it ends or the process is asked to; then let it clean up."""

    async def guarded() -> int:
        task = asyncio.ensure_future(main)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            say("Stopped, with everything that was started.")
            return INTERRUPTED

    return asyncio.run(guarded())


def arguments() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Run stores, shoppers, the exporter, Prometheus, Alertmanager and a Slack "
        "receiver on this machine, and let one store fail.",
    )
    parser.add_argument(
        "--check", action="store_true", help="run the story unattended, verify it, and exit"
    )
    commands = parser.add_subparsers(dest="part", title="single parts, for docker-compose.yml")
    for name, part in parts.PARTS.items():
        command = commands.add_parser(name, help=part.help, description=part.help)
        for option, meaning in part.options.items():
            command.add_argument(option, required=True, help=meaning)
    return parser


def main() -> int:
    """Run the demo, or one part of it; returns the exit status."""
    options = arguments().parse_args()
    if options.part:
        return run(parts.PARTS[options.part].run(options))
    absent = [name for name in _NEEDED if shutil.which(name) is None]
    if absent:
        print(
            f"Not on PATH: {', '.join(absent)}. Run scripts/demo, which fetches what it can, or "
            "install Prometheus 3 and Alertmanager 0.31 or later.",
            file=sys.stderr,
        )
        return 1
    try:
        return run(check() if options.check else demo())
    except (MissingEvidenceError, StartError) as error:
        say(f"FAILED: {error}", "red")
        return 1


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
