"""Marks of responses that did not come from the store itself: texts and headers, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from ..errors import ErrorName
from . import phrases, placeholders
from .redactor import Redactor
from .refusals import NOTICES


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What to look for in responses. Texts are in lower case; a platform adds its own to `GENERIC`.

    Attributes:
        challenges: headers that only services send that refuse or test visitors, with the
            service's name.
        servers: texts in the header Server, with the name of the server in front of the store.
        blockers: texts in the head of a page or of JSON, with the name of the service that writes
            them.
        limits: texts anywhere in a page that refuses too many requests, with the name of the
            service that writes them.
        interstitials: the same for pages that test or refuse a visitor, whatever their status; no
            page of a shop contains one.
        notices: like `interstitials`, but searched for in short pages only.
        tests: parts of the titles of pages that test a visitor, in many languages.
        detours: parts of the paths of such pages, with a ? at their end.
        pages: texts; every page that the platform makes contains at least one of them.
        plugins: texts of pages and JSON with which the platform refuses a request because a plugin
            tells it to.
        plugin_files: regular expressions of addresses of a plugin's files; the group is its name.
        theme_files: parts of addresses of files of the shop's own design. The plugins whose files
            such a page uses only help to make it.
        failures: texts of pages that the platform sends as a success although they report a
            failure, with the error type and a description of the failure.
        setup_pages: texts of the platform's pages for setting up a new site, with a description.
        setup_paths: parts of the paths of such pages, with a description.
        maintenance: texts of a page with status 503 that says that the store is closed for now.
        closed: parts of words for "closed for now" in titles and messages, in many languages.
        closed_sites: parts of the sentences that the platform's own page uses for it in its title
            or first heading; a shop that sells maintenance uses other words.
        refused: parts of titles of pages that refuse a visitor, in many languages.
        own_codes: regular expressions of the values of `code` in the platform's own errors.
        own_members: members of the platform's own errors.
        login_pages: texts of a page that asks for a password.
        login_paths: parts of the paths and queries of such pages.
        secrets: regular expressions that match the platform's credentials.
    """

    challenges: tuple[tuple[str, str], ...] = ()
    servers: tuple[tuple[str, str], ...] = ()
    blockers: tuple[tuple[str, str], ...] = ()
    limits: tuple[tuple[str, str], ...] = ()
    interstitials: tuple[tuple[str, str], ...] = ()
    notices: tuple[tuple[str, str], ...] = ()
    tests: tuple[str, ...] = ()
    detours: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    plugin_files: tuple[str, ...] = ()
    theme_files: tuple[str, ...] = ()
    failures: tuple[tuple[str, ErrorName, str], ...] = ()
    setup_pages: tuple[tuple[str, str], ...] = ()
    setup_paths: tuple[tuple[str, str], ...] = ()
    maintenance: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    closed_sites: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    own_codes: tuple[str, ...] = ()
    own_members: tuple[str, ...] = ()
    login_pages: tuple[str, ...] = ()
    login_paths: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    def plus(self, more: Marks) -> Marks:
        """Return these marks and some more."""
        names = [one.name for one in fields(self)]
        return Marks(**{name: getattr(self, name) + getattr(more, name) for name in names})

    def challenged_by(self, headers: Mapping[str, str]) -> str:
        """Return the service that refuses or tests visitors, from the headers; "" for none."""
        return next((who for name, who in self.challenges if name in headers), "")

    def server(self, headers: Mapping[str, str]) -> str:
        """Return the name of the server in front of the store; "" if the headers do not show it."""
        server = headers.get("server", "").lower()
        return next((who for text, who in self.servers if text in server), "")

    def refuser(self, headers: Mapping[str, str], low: str) -> str:
        """Return the name of what refuses a request with a page or JSON; "" if nothing shows it.

        What stands in front of the store passes on what the store wrote. The text is in lower case.
        """
        is_themed = any(mark in low for mark in self.theme_files)
        if not is_themed and (plugin := self.plugin_of(low)):
            return f"the store's plugin {plugin}"
        if is_themed or any(mark in low for mark in self.plugins):
            return "a plugin of the store"
        return self.server(headers)

    def plugin_of(self, low: str) -> str:
        """Return the one plugin whose files a page uses; "" for none or several.

        Args:
            low: the page, in lower case.
        """
        found = {name for files in self.plugin_files for name in re.findall(files, low)}
        return found.pop() if len(found) == 1 else ""

    def is_own(self, body: Any) -> bool:
        """Return whether JSON has the form of the platform's own errors."""
        if not isinstance(body, Mapping):
            return False
        if any(member in body for member in self.own_members):
            return True
        code = body.get("code")
        return isinstance(code, str) and any(re.match(own, code) for own in self.own_codes)

    @cached_property
    def redact(self) -> Redactor:
        """The redactor that hides the platform's credentials in a text, by their form."""
        return Redactor(patterns=self.secrets)

    @cached_property
    def closed_phrases(self) -> tuple[str, ...]:
        """Phrases that say that a shop is closed; no single words, as those occur in addresses."""
        return (*self.closed_sites, *(words for words in self.closed if " " in words))

    def failed(self, page: str) -> tuple[ErrorName, str] | None:
        """Return error type and message of a failure that a page reports, or None.

        Args:
            page: its source, in lower case.
        """
        # A mark may begin with a line break, and must match in the first line as well.
        lines = f"\n{page}"
        for mark, error_type, failure in self.failures:
            if mark in lines:
                return error_type, f"the page reports {failure}"
        return None

    def leads_to_test(self, path: str) -> bool:
        """Return whether this is the path of a page that tests visitors."""
        return any(mark in f"{path.lower()}?" for mark in self.detours)

    def leads_to_setup(self, path: str) -> str:
        """Return which page of set-up or of a hosting panel a path leads to; "" for others."""
        low = path.lower()
        setup = next((what for mark, what in self.setup_paths if mark in low), "")
        return setup or placeholders.kind("", low)

    def leads_to_login(self, path: str) -> bool:
        """Return whether a path with its query leads to a page that asks for a password."""
        return any(mark in path.lower() for mark in self.login_paths)


GENERIC = Marks(
    challenges=(
        ("cf-mitigated", "Cloudflare"),
        ("x-amzn-waf-action", "AWS WAF"),
        ("sg-captcha", "SiteGround"),
        ("x-sucuri-block", "Sucuri"),
        ("x-vercel-mitigated", "Vercel"),
        ("x-dd-b", "DataDome"),
        ("aesecure-code", "aeSecure"),
        ("x-dotdefender-denied", "dotDefender"),
        ("x-zen-fury", "Zenedge"),
    ),
    servers=(
        ("cloudflare", "Cloudflare"),
        ("akamai", "Akamai"),
        ("imunify360", "Imunify360"),
        ("sucuri", "Sucuri"),
        ("awselb", "AWS"),
        ("cloudfront", "CloudFront"),
        ("ddos-guard", "DDoS-Guard"),
        ("qrator", "Qrator"),
        ("hcdn", "Hostinger"),
        ("huaweicloudwaf", "Huawei Cloud"),
        ("arvancloud", "ArvanCloud"),
        ("yunjiasu", "Baidu"),
        ("stgw", "Tencent Cloud"),
        ("reblaze", "Reblaze"),
        ("zscaler", "Zscaler"),
    ),
    blockers=(
        ("just a moment...", "Cloudflare"),
        ("attention required! | cloudflare", "Cloudflare"),
        ("cf-error-details", "Cloudflare"),
        ('"cloudflare_error"', "Cloudflare"),
        ("sucuri website firewall", "Sucuri"),
        ("imunify360", "Imunify360"),
        ("mod_security", "ModSecurity"),
        ("not acceptable!", "ModSecurity"),
        ("incapsula incident", "Imperva"),
        ("_incapsula_resource", "Imperva"),
        ("errors.edgesuite.net", "Akamai"),
        ("akamai", "Akamai"),
        ("awswaf", "AWS WAF"),
        ("aws waf", "AWS WAF"),
        ("sgcaptcha", "SiteGround"),
        ("ddos-guard", "DDoS-Guard"),
        ("datadome", "DataDome"),
        ("captcha-delivery.com", "DataDome"),
        ("px-captcha", "HUMAN"),
        ("perimeterx", "HUMAN"),
        ("checking your browser", "a bot check"),
        ("please enable javascript and cookies", "a bot check"),
        ("captcha", "a bot check"),
        # Firewalls from China; hardly anything except these names distinguishes them.
        ("网站防火墙", "a firewall"),
        ("已被网站管理员设置拦截", "a firewall"),
        ("errors.aliyun.com", "Alibaba Cloud"),
    ),
    interstitials=(
        ("_cf_chl_opt", "Cloudflare"),
        ("__cf_chl_", "Cloudflare"),
        ("sec-if-cpt-container", "Akamai"),
        ("bm-verify=", "Akamai"),
        ("sec-cp-challenge", "Akamai"),
        ("sgcaptcha/", "SiteGround"),
        ("wsidchk", "Imunify360"),
        ("lsrecaptcha", "LiteSpeed"),
        ("sucuri_cloudproxy_js", "Sucuri"),
        ("incapsula incident id", "Imperva"),
        ("the requested url was rejected. please consult", "F5"),
        ('window["bobcmn"]', "F5"),
        ("fgd_icon", "Fortinet"),
        ("violation category: appfw", "Citrix"),
        ("security check by bitninja", "BitNinja"),
        ("cleantalk spamfirewall", "CleanTalk"),
        ("anubis_challenge", "Anubis"),
        ("/.within.website/", "Anubis"),
        ("crowdsec captcha", "CrowdSec"),
        ("/vercel/security/", "Vercel"),
        ("window.kpsdk={", "Kasada"),
        ("window.rbzns", "Reblaze"),
        ("__arcsjs", "ArvanCloud"),
        ("/wzws-waf-cgi/", "360"),
        # The hosts of free sites: a script that decrypts a cookie.
        ("slowaes.decrypt", "the hosting"),
    ),
    notices=NOTICES,
    tests=phrases.TESTS,
    detours=("captcha", "/challenge?", "/.within.website/", "/.lsrecap/", "/_guard/", "/cdn-cgi/"),
    maintenance=("maintenance mode", "under maintenance", "be right back"),
    closed=phrases.CLOSED,
    closed_sites=phrases.CLOSED_SITES,
    refused=phrases.REFUSED,
    login_pages=('type="password"', "type='password'"),
    login_paths=("/login", "/log-in", "password-protected=login"),
)
"""Marks of web servers, firewalls and CDNs in front of stores of any platform."""
