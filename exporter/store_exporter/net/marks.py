"""By what an answer shows who gave it in the store's place, as data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .redactor import Redactor


@dataclass(frozen=True)
class Marks:
    """What to look for in answers. Texts are in lower case; a platform adds its own to `GENERIC`.

    Attributes:
        blockers: a text in the headers' names or the head of a page, and who writes it.
        maintenance: texts of a page that says the store is closed for now, with status 503.
        login_pages: texts of a page that asks for a password.
        login_paths: parts of the paths of such pages.
        secrets: regular expressions of what the platform's credentials look like.
    """

    blockers: tuple[tuple[str, str], ...] = ()
    maintenance: tuple[str, ...] = ()
    login_pages: tuple[str, ...] = ()
    login_paths: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    def plus(self, more: Marks) -> Marks:
        """Return these marks and some more."""
        return Marks(
            self.blockers + more.blockers,
            self.maintenance + more.maintenance,
            self.login_pages + more.login_pages,
            self.login_paths + more.login_paths,
            self.secrets + more.secrets,
        )

    @cached_property
    def redact(self) -> Redactor:
        """What hides the platform's credentials in a text, by their look."""
        return Redactor(patterns=self.secrets)

    def leads_to_login(self, path: str) -> bool:
        """Return whether this is the path of a page that asks for a password."""
        return any(mark in path.lower() for mark in self.login_paths)


GENERIC = Marks(
    blockers=(
        ("cf-mitigated", "Cloudflare"),
        ("just a moment...", "Cloudflare"),
        ("attention required! | cloudflare", "Cloudflare"),
        ("cf-error-details", "Cloudflare"),
        ("sucuri website firewall", "Sucuri"),
        ("imunify360", "Imunify360"),
        ("mod_security", "ModSecurity"),
        ("not acceptable!", "ModSecurity"),
        ("incapsula incident", "Imperva"),
        ("errors.edgesuite.net", "Akamai"),
        ("datadome", "DataDome"),
        ("checking your browser", "a bot check"),
        ("please enable javascript and cookies", "a bot check"),
        ("captcha", "a bot check"),
    ),
    maintenance=("maintenance mode", "under maintenance", "be right back"),
    login_pages=('type="password"', "type='password'"),
    login_paths=("/login",),
)
"""Marks of web servers, firewalls and CDNs, which stand before stores of any platform."""
