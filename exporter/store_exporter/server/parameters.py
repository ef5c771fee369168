"""Parameters of requests, read with what is wrong with them in words."""

from __future__ import annotations

import re

from aiohttp import web

from .endpoints import ApiError


def number(request: web.Request, name: str, default: int, highest: int) -> int:
    """Return a whole number from 1 on.

    Raises:
        ApiError: it is none, or higher than may be.
    """
    text = request.query.get(name) or str(default)
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= highest:
        raise ApiError(400, f"{name} must be a whole number from 1 to {highest}")
    return int(text)
