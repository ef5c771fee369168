"""Who may ask what: keys, basic authentication over https and OAuth 1.0a over http."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from .answers import ApiError, Call

_WINDOW = 15 * 60
_ERROR = "woocommerce_rest_authentication_error"
_REQUIRED = (
    "oauth_consumer_key",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
)
_HASHES = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}


@dataclass(frozen=True, slots=True)
class Key:
    """A REST API key: `permissions` is read, write or read_write."""

    consumer_key: str
    consumer_secret: str
    permissions: str = "read_write"


@dataclass(slots=True)
class Keys:
    """The keys of a store. Remove one from `active` to revoke it."""

    read_write: Key
    read_only: Key
    active: list[Key] = field(default_factory=list)

    def find(self, consumer_key: str) -> Key | None:
        """Return the active key of that name."""
        return next((key for key in self.active if key.consumer_key == consumer_key), None)

    def revoke(self, key: Key) -> None:
        """Take a key out of service, as when a shop's owner deletes it."""
        self.active.remove(key)


def make_keys(domain: str) -> Keys:
    """Return keys that are the same in each run for the same domain."""
    digest = hashlib.sha256(domain.encode()).hexdigest()
    pairs = [
        (f"ck_{digest[i : i + 20]}{i:020d}", f"cs_{digest[i + 20 : i + 40]}{i:020d}")
        for i in (0, 20)
    ]
    read_write, read_only = Key(*pairs[0]), Key(*pairs[1], permissions="read")
    return Keys(read_write, read_only, [read_write, read_only])


def _refused(message: str, code: str = _ERROR) -> ApiError:
    return ApiError(401, code, message)


class Access:
    """Checks who sent a request, with WooCommerce's own answers."""

    def __init__(self, keys: Keys, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._clock = clock
        self._nonces: dict[tuple[str, str], float] = {}

    def check(self, call: Call, url: str, *, secure: bool) -> None:
        """Let a request pass or refuse it.

        The URL, without its query, is part of an OAuth signature. Basic authentication counts on a
        secure connection only.

        Raises:
            ApiError: 401; an unknown key over https looks like a missing permission.
        """
        key = self._basic(call) if secure else None
        key = key or self._oauth(call, url)
        if key is None:
            verb = "list resources" if call.method == "GET" else "create resources"
            raise _refused(f"Sorry, you cannot {verb}.", "woocommerce_rest_cannot_view")
        needed = "read" if call.method in ("GET", "HEAD") else "write"
        if needed not in key.permissions:
            raise _refused(f"The API key provided does not have {needed} permissions.")

    def _basic(self, call: Call) -> Key | None:
        name = call.params.get("consumer_key", "")
        secret = call.params.get("consumer_secret", "")
        scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
        if not (name and secret) and scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return None
        key = self._keys.find(name) if name and secret else None
        if key is not None and not hmac.compare_digest(key.consumer_secret, secret):
            raise _refused("Consumer secret is invalid.")
        return key

    def _oauth(self, call: Call, url: str) -> Key | None:
        params = dict(call.params)
        missing = [name for name in _REQUIRED if not params.get(name)]
        if len(missing) == len(_REQUIRED):
            return None
        if missing:
            names = ", ".join(missing)
            word = "parameter" if len(missing) == 1 else "parameters"
            code = "woocommerce_rest_authentication_missing_parameter"
            raise _refused(f"Missing OAuth {word} {names}", code)
        key = self._keys.find(params["oauth_consumer_key"])
        if key is None:
            raise _refused("Consumer key is invalid.")
        self._check_signature(key, call.method, url, params)
        self._check_nonce(key, params["oauth_timestamp"], params["oauth_nonce"])
        return key

    def _check_signature(self, key: Key, method: str, url: str, params: Mapping[str, str]) -> None:
        algorithm = _HASHES.get(params["oauth_signature_method"])
        if algorithm is None:
            raise _refused("Invalid signature - signature method is invalid.")
        signed = {name: value for name, value in params.items() if name != "oauth_signature"}
        # WordPress sorts by name only and encodes names and values once before joining and once
        # more after.
        pairs = [f"{_encode(name)}={_encode(signed[name])}" for name in sorted(signed)]
        base = "&".join([method, _encode(url), _encode("&".join(pairs))])
        digest = hmac.new(f"{key.consumer_secret}&".encode(), base.encode(), algorithm).digest()
        expected = base64.b64encode(digest).decode()
        if not hmac.compare_digest(expected, params["oauth_signature"].replace(" ", "+")):
            raise _refused("Invalid signature - provided signature does not match.")

    def _check_nonce(self, key: Key, timestamp: str, nonce: str) -> None:
        now = self._clock()
        if not timestamp.isdecimal() or abs(now - int(timestamp)) > _WINDOW:
            raise _refused("Invalid timestamp.")
        if (key.consumer_key, nonce) in self._nonces:
            raise _refused("Invalid nonce - nonce has already been used.")
        while self._nonces and next(iter(self._nonces.values())) <= now - _WINDOW:
            del self._nonces[next(iter(self._nonces))]
        self._nonces[key.consumer_key, nonce] = now


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
