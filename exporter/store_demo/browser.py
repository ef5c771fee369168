"""Headless Chromium, driven by its DevTools protocol: opens pages and takes pictures of them."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
"""Names under which distributions have it."""

PHONE = 600
"""Pixels below which a window is a phone's."""
LOW = 200
"""Pixels of a window that is lower than any page."""

_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
)
"""Options without which it asks hosts of its maker."""


class BrowserError(Exception):
    """The browser did not do what it was asked."""


def program() -> str | None:
    """The browser's path, or None where there is none."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


@dataclass(slots=True)
class Browser:
    """One page of a running browser."""

    socket: aiohttp.ClientWebSocketResponse
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def picture(
        self, url: str, width: int, height: int = 0, *, ready: str = "true", patience: float = 90.0
    ) -> bytes:
        """Open an address and return what it looks like as PNG.

        What is below the window is not in the picture, but a height of 0 takes the whole page.
        `ready` is JavaScript that is true when everything is there, twice in a row.

        Raises:
            BrowserError: the page did not get ready within the patience, in seconds.
        """
        # A page is at least as high as its window.
        await self._resize(width, height or LOW)
        opened = await self.ask("Page.navigate", url=url)
        if "errorText" in opened:
            raise BrowserError(f"{url}: {opened['errorText']}")
        expression = f"document.readyState === 'complete' && ({ready})"
        try:
            async with asyncio.timeout(patience):
                seen = 0
                while seen < 2:
                    await asyncio.sleep(0.5)
                    seen = seen + 1 if await self.evaluate(expression) is True else 0
        except TimeoutError:
            raise BrowserError(f"{url} was not ready after {patience:g} s") from None
        if not height:
            whole = await self.evaluate("document.documentElement.scrollHeight")
            await self._resize(width, int(str(whole)))
        taken = await self.ask("Page.captureScreenshot", format="png")
        return base64.b64decode(taken["data"])

    async def _resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < PHONE}
        await self.ask("Emulation.setDeviceMetricsOverride", **size)

    async def evaluate(self, expression: str) -> object:
        """The value of a JavaScript expression in the page; None where it throws."""
        answer = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    async def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the protocol and return its result, or raise BrowserError."""
        number = next(self._numbers)
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self.socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise BrowserError(f"the browser ended while it was asked for {method}")
            answer = message.json()
            # Events have no number.
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result


@asynccontextmanager
async def running(path: str, *, patience: float = 60.0) -> AsyncIterator[Browser]:
    """Start the browser at `path` with an empty profile, and end it when the block ends.

    Raises:
        BrowserError: it did not start within `patience` seconds.
    """
    with tempfile.TemporaryDirectory(
        prefix="store-exporter-browser-", ignore_cleanup_errors=True
    ) as profile:
        child = await asyncio.create_subprocess_exec(
            # Chromium's sandbox wants privileges that containers and root do not have; it opens
            # nothing here but the demo's own pages.
            *(path, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *_QUIET),
            *(f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with aiohttp.ClientSession() as session:
                async with asyncio.timeout(patience):
                    address = await _page(session, Path(profile) / "DevToolsActivePort")
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    yield Browser(socket)
        except TimeoutError:
            raise BrowserError(f"{path} did not start within {patience:g} s") from None
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()


async def _page(session: aiohttp.ClientSession, file: Path) -> str:
    """The address of the browser's one page, when it has written on which port it listens."""
    while True:
        await asyncio.sleep(0.2)
        try:
            port = (await asyncio.to_thread(file.read_text, "utf-8")).splitlines()[0]
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                targets = await answer.json()
        except (OSError, IndexError, aiohttp.ClientError):
            continue
        for target in targets:
            if target["type"] == "page":
                return str(target["webSocketDebuggerUrl"])
