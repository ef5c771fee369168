"""Every HTTP library whose exceptions are classified, behind one function."""

from __future__ import annotations

import asyncio
import json
import ssl
import urllib.request
from collections.abc import Callable

import aiohttp
import httpx
import requests
import urllib3

TIMEOUT = 0.5
"""Seconds for a server that does not respond."""
PATIENCE = 20.0
"""Seconds for one that does, on a busy machine."""

Fetch = Callable[..., object]
"""Gets JSON from an address, trusting a context or the authorities of a file, within seconds."""


def with_httpx(url: str, tls: ssl.SSLContext | None, ca_file: str | None, timeout: float) -> object:
    with httpx.Client(
        verify=tls or True, timeout=timeout, follow_redirects=True, trust_env=False
    ) as client:
        answer = client.get(url)
        answer.raise_for_status()
        return answer.json()


def with_httpx_async(
    url: str, tls: ssl.SSLContext | None, ca_file: str | None, timeout: float
) -> object:
    async def fetch() -> object:
        async with httpx.AsyncClient(
            verify=tls or True, timeout=timeout, follow_redirects=True, trust_env=False
        ) as client:
            answer = await client.get(url)
            answer.raise_for_status()
            return answer.json()

    return asyncio.run(fetch())


def with_aiohttp(
    url: str, tls: ssl.SSLContext | None, ca_file: str | None, timeout: float
) -> object:
    async def fetch() -> object:
        connector = aiohttp.TCPConnector(
            ssl=tls or True, resolver=aiohttp.ThreadedResolver(), use_dns_cache=False
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=timeout),
                raise_for_status=True,
            ) as session,
            session.get(url) as answer,
        ):
            return await answer.json()

    return asyncio.run(fetch())


def with_requests(
    url: str, tls: ssl.SSLContext | None, ca_file: str | None, timeout: float
) -> object:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, timeout=timeout, verify=ca_file or True)
        answer.raise_for_status()
        return answer.json()


def with_urllib3(
    url: str, tls: ssl.SSLContext | None, ca_file: str | None, timeout: float
) -> object:
    retries = urllib3.Retry(total=None, connect=0, read=0, other=0, redirect=3)
    with urllib3.PoolManager(ssl_context=tls, retries=retries) as pool:
        return pool.request("GET", url, timeout=timeout).json()


def with_urllib(
    url: str, tls: ssl.SSLContext | None, ca_file: str | None, timeout: float
) -> object:
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls)
    )
    with opener.open(url, timeout=timeout) as answer:
        return json.load(answer)


LIBRARIES: dict[str, Fetch] = {
    "httpx": with_httpx,
    "httpx_async": with_httpx_async,
    "aiohttp": with_aiohttp,
    "requests": with_requests,
    "urllib3": with_urllib3,
    "urllib": with_urllib,
}
