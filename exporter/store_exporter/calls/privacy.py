"""Masks customers' data in messages by patterns: addresses, numbers and names.

The patterns mask too much rather than too little: a message serves to find the cause of a failure,
and that never needs the customer's address. The `Redactor` masks secrets.
"""

from __future__ import annotations

import re

MASK = "<hidden>"

_KEYS = (
    "(?:first|last|full|given|family|user|customer|display|billing|shipping|nick)?[_-]?name",
    "(?:billing|shipping|customer)[_-][a-z0-9_-]{1,30}",
    "company|address(?:[_-]?(?:line)?[_-]?[12])?|street|city|postcode|post[_-]?code|zip(?:[_-]?code)?",
    "phone|mobile|e?mail|email[_-]?address|login|recipient|customer|birthday|date[_-]?of[_-]?birth",
    "iban|bic|card(?:[_-]?number)?|pan|cvc|cvv",
)
_WORD = r"""[^\s,;&}\])"'<>]"""
_VALUE = (
    r"""(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|"""
    # Without quotes, a value is a word and the capitalised words after it: Jane Mary Doe.
    rf"{_WORD}+(?:\s(?-i:[A-Z]){_WORD}*){{0,3}})"
)
_WEB = (
    r"(?P<keep>\b[a-z][a-z0-9+.-]{1,20}:\\?/\\?/"
    r"(?:[^\s/?#@\"'<>]*@)?(?P<host>[^\s/?#\"'<>\\@]*))\\?[/?#][^\s\"'<>]*"
)
_QUERY = r"(?P<keep>[?&][^\s=&?\"'<>]{1,100}=)[^\s&\"'<>]+"
_KEY = (
    rf"(?P<keep>(?<![a-z0-9_])\\?[\"']?(?:{'|'.join(_KEYS)})\\?[\"']?"
    rf"\s{{0,3}}[:=]\s{{0,3}})\\?{_VALUE}"
)
_AT = r"(?:@|%40|\uff20|\ufe6b|&#0*64;|&#x0*40;|\\u0040)"
_PART = r"[^\s@\uff20\ufe6b<>\"'(),;:=&?/\\]"
# A match begins where a word begins, so a long word is searched only once.
_MAIL = rf"(?<!{_PART}){_PART}+?{_AT}{_PART}+"
_SPACE = r"[\s.()/\-\u00ad\u2010-\u2015\u200b-\u200d\u2060\ufe63\uff0d]"
_NUMBER = rf"[+(]{{0,2}}\d(?:{_SPACE}{{0,3}}\d){{6,}}"
_CUT = rf"(?:(?<!\d)(?:\d{_SPACE}{{0,3}})+|(?<!\S)\S+?)(?:…|\.\.\.)"

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Web addresses: only the host is kept, because paths and queries contain names.
        _WEB,
        # Values of a query without its address.
        _QUERY,
        # Values of keys of customers' data: "first_name": "…", email=…
        _KEY,
        # E-mail addresses: plain, encoded, or with an at sign of another width.
        _MAIL,
        # Seven digits or more, with the separators of phone and card numbers.
        _NUMBER,
        # A word that was cut off earlier: it may be the beginning of any of these.
        _CUT,
    )
)
_DATE = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", re.ASCII)


def hide(text: str) -> str:
    """Return the text with everything masked that looks like a customer's data.

    That is e-mail addresses, phone and card numbers, the part of web addresses after the host, and
    the values of keys such as `first_name`. A date alone is kept.
    """
    for pattern in _PATTERNS:
        text = pattern.sub(_hidden, text)
    return text


def _hidden(match: re.Match[str]) -> str:
    kept = match.groupdict()
    if kept.get("host") is not None:
        scheme = kept["keep"].partition(":")[0]
        return f"{scheme}://{kept['host']}/{MASK}"
    if not kept and _DATE.fullmatch(match.group()):
        return match.group()
    return f"{kept.get('keep', '')}{MASK}"
