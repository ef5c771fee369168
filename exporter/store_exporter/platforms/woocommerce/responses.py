"""What WooCommerce's error responses mean. No I/O.

The code decides, not the status: WordPress turns some errors into a 500 although nothing is broken,
and gives others the same status although different people must act. Sources: recordings of
WooCommerce 11.0.1, and its source for what was not recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ...contract import Response
from ...errors import REFUSALS, ErrorName, StoreError
from ...net import documents
from ..kit.reading.values import plain_text
from ..kit.rest.responses import RestReader, server_time
from .auth import needs_key
from .marks import MARKS

CODES: dict[str, ErrorName] = {
    # The shopper's: expected refusals.
    "woocommerce_rest_product_out_of_stock": "out_of_stock",
    "woocommerce_rest_product_partially_out_of_stock": "out_of_stock",
    "woocommerce_stock_availability_error": "out_of_stock",
    "woocommerce_rest_cart_coupon_error": "invalid_coupon",
    "woocommerce_rest_cart_coupon_disabled": "invalid_coupon",
    "woocommerce_rest_cart_coupon_invalid_code": "invalid_coupon",
    "woocommerce_coupons_error": "invalid_coupon",
    "woocommerce_rest_cart_invalid_product": "not_found",
    "woocommerce_rest_cart_invalid_key": "not_found",
    "woocommerce_rest_product_invalid_id": "not_found",
    "woocommerce_rest_shop_order_invalid_id": "not_found",
    "woocommerce_rest_order_invalid_id": "not_found",
    "woocommerce_rest_invalid_order_id": "not_found",
    "woocommerce_rest_shipping_zone_invalid": "not_found",
    "woocommerce_rest_term_invalid": "not_found",
    "woocommerce_rest_invalid_id": "not_found",
    "woocommerce_rest_product_invalid_quantity": "invalid_input",
    "woocommerce_rest_product_not_purchasable": "invalid_input",
    "woocommerce_rest_product_too_many_in_cart": "invalid_input",
    "woocommerce_rest_cart_product_sold_individually": "invalid_input",
    "woocommerce_rest_add_to_cart_error": "invalid_input",
    "woocommerce_rest_missing_variation_data": "invalid_input",
    "woocommerce_rest_invalid_variation_data": "invalid_input",
    "woocommerce_rest_variation_id_from_variation_data": "invalid_input",
    "woocommerce_rest_invalid_order_refund": "invalid_input",
    "woocommerce_rest_cannot_create_order_refund": "invalid_input",
    "invalid_quantity": "invalid_input",
    "readonly_quantity": "invalid_input",
    "woocommerce_rest_missing_nonce": "invalid_state",
    "woocommerce_rest_invalid_nonce": "invalid_state",
    "woocommerce_cart_error": "invalid_state",
    # The configuration's.
    "rest_no_route": "api_not_found",
    "rest_disabled": "api_not_found",
    "woocommerce_rest_authentication_missing_parameter": "unauthorized",
    "rest_not_logged_in": "unauthorized",
    # Of plugins that close the API to visitors; they do not look at the key either.
    "rest_cannot_access": "blocked",
    "rest_login_required": "blocked",
    # The application's.
    "rest_invalid_param": "invalid_request",
    "rest_missing_callback_param": "invalid_request",
    "rest_invalid_json": "invalid_request",
    # The store's.
    "rate_limit_exceeded": "rate_limited",
    "internal_server_error": "server_error",
    "woocommerce_rest_unknown_server_error": "server_error",
    "woocommerce_rest_cart_error": "server_error",
    "db_connection_error": "server_error",
}
"""Error type by WooCommerce's or WordPress' code."""

REPORTED: dict[str, ErrorName] = {
    **CODES,
    "woocommerce_rest_authentication_error": "unauthorized",
    **{f"woocommerce_rest_cannot_{verb}": "forbidden" for verb in ("view", "create", "edit")},
}
"""The same for an error that an application reports, of whose response no more is known."""

_AUTHENTICATION = "woocommerce_rest_authentication_error"
_UNKNOWN = "the store does not know the key (it was revoked, or its owner deleted)"
_UNSEEN = {
    "https": f"{_UNKNOWN}, or does not see it: a server before it may drop the Authorization "
    "header (then set credentials_in_query) or may not say that requests come over https",
    "http": "the store does not see the key: a server before it may drop the query, or may say "
    "that requests come over https",
}
"""Why WooCommerce takes a request with a key for an anonymous one (status 401), by its scheme. Over
http, where it requires a signature, it says that an unknown key is invalid."""
_RESIGNED = (
    "the signature does not match: the secret is wrong, or a server before the store changes the "
    "host or the path of requests, over which it is"
)
_PAGE = 100
"""The most items that WooCommerce puts on a page."""
_WINDOW = 900.0
"""Seconds by which WooCommerce lets the time of a signature differ from its own."""
_LATE = (
    "the clocks of this machine and of the store are {:.0f} s apart, and a signature is valid for "
    "900 s: correct the wrong one"
)
_NOT_OWNERS = (
    "the owner of the key may not do that: make a key for an administrator or a shop manager"
)
"""Why a known key is refused with status 403."""
_NO_ROUTE = (
    "WordPress responds without this part of WooCommerce's API: activate the plugin WooCommerce, "
    "or find the plugin that takes its API away"
)
_PERMISSIONS = re.compile(
    "permis|permes|berechtigung|rechte|autoris|autoriz|uprawnie|oprávněn|behörighet|rettighed|"
    "tilladelse|tillatelse|oikeu|jogosults|разрешен|прав на|дозвол|izin|izni|δικαιώματα|权限|權限|"
    "権限|권한|הרשא|صلاحي"
)
"""Words in the message about a known key that lacks a permission, in the shop's language."""
_ERROR = {"code", "message", "data", "additional_errors", "additional_data"}
"""Members of an error of WordPress."""
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")


class Reader(RestReader):
    """Reads responses of WordPress and WooCommerce."""

    marks = MARKS
    codes = CODES

    def read(self, response: Response) -> Any:
        """Return the JSON of a successful response.

        Raises:
            StoreError: with the error type that `CODES` or the status says, or the one that
                `documents.document` finds where it is no JSON.
        """
        body = documents.document(response, MARKS)
        if response.status < 400 and not _is_error(body):
            return body
        raise _explained(self.error(_status(response.status, body), body), response, body)

    def code_and_message(self, body: Any) -> tuple[str | None, str]:
        """Return the code and the message of an error; None and "" where they are malformed."""
        code, words = map(body.get, ("code", "message")) if isinstance(body, dict) else (None, "")
        known = code if isinstance(code, str) and _CODE.fullmatch(code) else None
        words = _failed_program(body) or words
        return known, plain_text(words[:2000]) if isinstance(words, str) else ""

    def error_type(self, status: int, code: str | None, message: str) -> ErrorName:
        """Return the error type; one code means a bad key or a missing permission."""
        if code == _AUTHENTICATION:
            return "forbidden" if _PERMISSIONS.search(message.lower()) else "unauthorized"
        return super().error_type(status, code, message)


READER = Reader()


def _failed_program(body: Any) -> str:
    """Return why PHP failed and where, which WordPress adds where it displays errors; else ""."""
    data = body.get("data") if isinstance(body, dict) else None
    error = data.get("error") if isinstance(data, dict) else None
    if not isinstance(error, dict):
        return ""
    words, file = error.get("message"), error.get("file")
    if not isinstance(words, str) or not isinstance(file, str):
        return ""
    why, _, _ = words.partition("\n")
    return f"a fatal error of PHP in {file} (line {error.get('line')}): {why}"


def _explained(error: StoreError, response: Response, body: Any) -> StoreError:
    """Add the cause of an error where the store's message lacks it, and blame no key wrongly."""
    code, kind, url = error.code or "", error.error_type, response.url
    is_refused = kind in REFUSALS
    # Some plugins refuse a visitor by saying that there is no API.
    is_closed = kind == "blocked" or (kind == "api_not_found" and error.status in (401, 403))
    cause = ""
    if code.startswith("jwt_auth_"):
        # The plugin takes the key for one of its tokens, and WooCommerce never sees the request.
        kind = "blocked"
        cause = (
            "a plugin that reads JSON web tokens refuses the Authorization header: set "
            "credentials_in_query, or exclude WooCommerce's API there"
        )
    elif (is_refused or is_closed) and not needs_key(url):
        # The request carried no key, so no key is to blame.
        kind = "blocked"
        cause = (
            "the store refuses a request that needs no key: a plugin closes the API to visitors, "
            "whom the blocks of cart and checkout need it for: exclude wc/store there"
        )
    elif is_closed:
        kind = "blocked"
        cause = "a plugin that closes the API to visitors refuses the request"
    elif is_refused:
        cause = _of_key(error, response)
    elif code == "rest_invalid_param" and _allows_fewer(body):
        kind, cause = "response_too_large", "a plugin of the store allows fewer items on a page"
    elif code == "rest_no_route" and "/wc/" in url:
        cause = _NO_ROUTE
    elif kind == "invalid_request" and code and code not in CODES and not needs_key(url):
        # A plugin's own rule for carts, such as a lowest quantity.
        kind = "invalid_input"
    message = f"{cause} ({error.message})" if cause else error.message
    return StoreError(kind, message, status=error.status, code=error.code)


def _allows_fewer(body: Any) -> bool:
    """Whether a page was refused that WooCommerce itself allows, as a hundred items are.

    The error usually says, in the shop's language, between which numbers it must be.
    """
    data = body.get("data") if isinstance(body, dict) else None
    params = data.get("params") if isinstance(data, dict) else None
    if not isinstance(params, (dict, list)) or "per_page" not in params:
        return False
    words = params["per_page"] if isinstance(params, dict) else ""
    return max(map(int, re.findall(r"[0-9]{1,9}", str(words))), default=0) < _PAGE


def _of_key(error: StoreError, response: Response) -> str:
    """Return why a correct key may be refused; "" where the store's own message says it."""
    code = error.code or ""
    if code.startswith("woocommerce_rest_cannot_"):
        is_known = error.error_type == "forbidden"
        return _NOT_OWNERS if is_known else _UNSEEN.get(urlsplit(response.url).scheme, "")
    if code == "invalid_username":
        # A key that WooCommerce does not know, WordPress takes for an application password.
        return _UNKNOWN
    if code == _AUTHENTICATION and (apart := _clocks_apart(response)) > _WINDOW:
        return _LATE.format(apart)
    is_signature = code == _AUTHENTICATION and "signature" in error.message.lower()
    return _RESIGNED if is_signature and error.error_type == "unauthorized" else ""


def _clocks_apart(response: Response) -> float:
    """Return the seconds between a signature's time and the store's; 0 if one is not known."""
    signed = parse_qs(urlsplit(response.url).query).get("oauth_timestamp", [""])[0]
    shown = server_time(response)
    return abs(shown - int(signed)) if shown is not None and signed.isdecimal() else 0.0


def _is_error(body: Any) -> bool:
    """Whether a body is an error although its status is not: some proxies change that to 200."""
    has_members = isinstance(body, dict) and {"code", "message"} <= body.keys() <= _ERROR
    return has_members and isinstance(body["code"], str) and isinstance(body["message"], str)


def _status(status: int, body: Mapping[str, Any]) -> int:
    """Return the status of an error; if a proxy changed it to a success, the one in the body."""
    data = body.get("data") if status < 400 else None
    named = str(data.get("status") if isinstance(data, dict) else data)
    return int(named) if re.fullmatch(r"[45][0-9]{2}", named) else status
