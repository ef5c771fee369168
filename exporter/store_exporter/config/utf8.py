"""Decodes text that people write: UTF-8, with or without a byte order mark."""

from __future__ import annotations

import codecs

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text(content: bytes) -> str:
    """Return text in UTF-8 without its byte order mark, which Windows puts before it.

    Raises:
        ValueError: it is not UTF-8; the message continues a sentence that begins with the name.
    """
    # UTF-16 without a mark is recognised by the zero byte in its first character.
    if content.startswith(_UTF16) or b"\0" in content[:2]:
        raise ValueError("is in UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
