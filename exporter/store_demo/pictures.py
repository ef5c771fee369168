"""Pictures of the running demo for the documentation: `python -m store_demo.pictures`.

The demo's store fails while they are taken. They replace those of an earlier run only when all of
them could be taken, so that none is of another day than the rest.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from store_exporter.mixin.names import Dashboard, Dashboards

from . import browser
from .__main__ import run
from .browser import Browser, BrowserError
from .console import say
from .evidence import MissingEvidenceError
from .processes import StartError
from .scene import DEMO
from .slack import SlackReceiver
from .stack import running
from .story import Story

NEEDED = ("prometheus", "alertmanager", "grafana")
DRAWN = """(shown => shown.length > 3 && shown.every(panel => {
  const content = panel.querySelector('[data-testid="data-testid panel content"]');
  return content && (content.innerText.trim() || content.querySelector('canvas'));
}))([...document.querySelectorAll('[data-viz-panel-key]')].filter(
  panel => panel.getBoundingClientRect().top < innerHeight))
 && document.querySelectorAll('[aria-label="Panel loading bar"]').length === 0"""
"""Whether all panels in the window show something, and none waits for figures."""
PHONE, SCREEN = 390, 1500
LASTING = 60
"""Seconds for which the store fails before the first picture, so that charts show it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture.

    Attributes:
        name: of its file, without the ending.
        at: the part of the demo that shows it.
        path: below that part's address.
        width, height: pixels of the window; a height of 0 takes the whole page.
        ready: JavaScript that is true when the page shows everything.
    """

    name: str
    at: str
    path: str
    width: int = SCREEN
    height: int = 0
    ready: str = "true"


def pictures(minutes: int) -> Iterator[Picture]:
    """What there is to show, of the last minutes."""

    def dashboard(of: Dashboard, height: int, width: int = SCREEN) -> Picture:
        path = f"/d/{of.uid}?from=now-{minutes}m&to=now&kiosk"
        name = of.name if width == SCREEN else f"{of.name}-phone"
        return Picture(name, "grafana", path, width, height, DRAWN)

    yield dashboard(Dashboards.FLEET, 2270)
    yield dashboard(Dashboards.SHOP, 2000)
    yield dashboard(Dashboards.SHOP, 1500, PHONE)
    yield dashboard(Dashboards.OPERATIONS, 1860)
    yield dashboard(Dashboards.ERRORS, 1860)
    yield dashboard(Dashboards.SLO, 1270)
    yield dashboard(Dashboards.EXPORTER, 1540)
    yield Picture("landing", "exporter", "/", 1000)
    yield Picture("slack", "slack", "/", 760)


async def take(page: Browser, addresses: Mapping[str, str], folder: Path, minutes: int) -> None:
    """Take all pictures into a folder; BrowserError if one does not show everything in time."""
    for each in pictures(minutes):
        url = addresses[each.at] + each.path
        png = await page.picture(url, each.width, each.height, ready=each.ready)
        await asyncio.to_thread((folder / f"{each.name}.png").write_bytes, png)
        say(f"{each.name}.png: {each.width} pixels wide, {len(png) // 1000} kB")


def keep(taken: Path, folder: Path) -> None:
    """Put the pictures into the documentation's folder."""
    shrink(taken)
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(taken.glob("*.png")):
        shutil.copyfile(file, folder / file.name)


def shrink(folder: Path) -> None:
    """Draw the pictures with 256 colours, which is a third of their size, where pngquant is."""
    program = shutil.which("pngquant")
    if program is None:
        say("There is no pngquant on PATH, so the pictures are as large as the browser made them.")
        return
    for file in sorted(folder.glob("*.png")):
        # Status 98 says that it would have grown.
        argv = [program, "--force", "--strip", "--skip-if-larger", "--ext=.png", str(file)]
        subprocess.run(argv, check=False)  # noqa: S603 (a program of the machine, our own files)


async def make(program: str, folder: Path, minutes: int) -> int:
    """Run the demo until its store fails, and put pictures of it into a folder."""
    slack = SlackReceiver()
    with tempfile.TemporaryDirectory(prefix="store-exporter-pictures-") as name:
        directory, taken = Path(name) / "demo", Path(name) / "pictures"
        directory.mkdir()
        taken.mkdir()
        async with running(DEMO, directory, slack) as stack:
            story = Story(stack, DEMO, tell=say, verified=say)
            await story.all_is_well()
            say(f"For {minutes} minutes all is well, so that the charts have something to show.")
            await asyncio.sleep(minutes * 60)
            await story.store_fails()
            await asyncio.sleep(LASTING)
            async with browser.running(program) as page:
                # What was before the first look is not worth a chart's room.
                await take(page, stack.addresses, taken, minutes + 3)
        await asyncio.to_thread(keep, taken, folder)
    say(f"The pictures are in {folder}.", "green")
    return 0


def missing() -> list[str]:
    """What the pictures need and what is not on PATH."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    return absent if browser.program() else [*absent, "chromium"]


def arguments() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/pictures",
        description="Make the pictures of the documentation anew, from the demo in a real Grafana.",
    )
    parser.add_argument("folder", type=Path, help="where they are")
    parser.add_argument(
        "--minutes",
        type=int,
        default=5,
        help="how long all is well before a store fails (default: %(default)s)",
    )
    return parser


def main() -> int:
    """Make the pictures, or say what is missing; returns the exit status."""
    options = arguments().parse_args()
    if absent := missing():
        print(
            f"Not on PATH: {', '.join(absent)}. The pictures stay as they are. They need Grafana "
            "12 or later and the distribution's Chromium.",
            file=sys.stderr,
        )
        return 1
    # Times in the pictures are not those of whoever makes them.
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        return run(make(str(browser.program()), options.folder, options.minutes))
    except (BrowserError, MissingEvidenceError, StartError) as error:
        say(f"FAILED: {error}. The pictures stay as they are.", "red")
        return 1


if __name__ == "__main__":
    sys.exit(main())
