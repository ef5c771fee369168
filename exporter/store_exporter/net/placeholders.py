"""Pages that web servers, hosting panels and registrars show where there is no site, as data.

They come with HTTP 200 where a site was deleted, its virtual host is gone or its domain leads to
another machine. Titles are compared as a whole, and marks are addresses and attributes that no
text for people has, so that no shop is taken for one of them, though it sells hosting.
"""

from __future__ import annotations

import re

_SERVER, _PANEL = "a web server's default page", "a hosting panel's default page"
_SUSPENDED, _PARKED = "the notice of a suspended account", "a parked domain's page"
_FILES = "a list of files"

_TITLES = (
    (r"welcome to (nginx|openresty|tengine|angie)( on .{1,30})?!", _SERVER),
    (r"apache2?( debian| ubuntu)? default page(: it works)?", _SERVER),
    (r"it works!( apache httpd)?", _SERVER),
    (r"test page for (the )?((apache|nginx) )?http server on .{1,40}", _SERVER),
    (r"test page for (the ssl/tls-aware )?apache installation( on web site)?", _SERVER),
    (r"(apache )?http server test page( powered by:? .{1,40})?", _SERVER),
    (r"iis ?(windows( server)?|\d{1,2}(\.\d)?)", _SERVER),
    (r"microsoft internet information services \d{1,2}", _SERVER),
    (r"apache tomcat/\d[\d.]{0,12}", _SERVER),
    (r"caddy works!|powered by lighttpd|welcome to xampp", _SERVER),
    # cPanel, Plesk and its predecessors, DirectAdmin, aaPanel, ISPmanager.
    (r"default web ?site page", _PANEL),
    (r"(web server's|domain) default page", _PANEL),
    (r"default (plesk|psa|parallels plesk panel) page", _PANEL),
    (r"apache is functioning normally", _PANEL),
    (r"(congratulations, the )?site is created successfully!|恭喜.站点创建成功.", _PANEL),
    (r"website \S{1,80} is ready\. the content is to be added\.?", _PANEL),
    (r"(this )?(account|website|site|domain)( has been)? suspended[.!]?", _SUSPENDED),
    (r"suspended domain|your website has been suspended!", _SUSPENDED),
    (r"(index of|directory listing for) /.*", _FILES),
    (
        r"parked domain( name on hostinger dns system)?|domain parking|namecheap parking page",
        _PARKED,
    ),
    (r".{3,60} is for sale \| hugedomains", _PARKED),
)
_MARKS = (
    ("/cgi-sys/defaultwebpage.cgi", _PANEL),
    # ISPConfig, in every language.
    ("<b>standard_index.html</b>", _PANEL),
    ("/cgi-sys/suspendedpage.cgi", _SUSPENDED),
    ("<html data-adblockkey=", _PARKED),
    ("img1.wsimg.com/parking-lander/", _PARKED),
    ('window.location.href="/lander"', _PARKED),
    ("img.sedoparking.com", _PARKED),
)
"""In lower case."""


def kind(title: str, page: str) -> str:
    """Return what stands where there is no site; "" for any other page.

    Args:
        title: of the page, or all of its text where it has none.
        page: its source in lower case.
    """
    by_title = (what for known, what in _TITLES if re.fullmatch(known, title, re.IGNORECASE))
    by_mark = (what for mark, what in _MARKS if mark in page)
    return next(by_title, "") or next(by_mark, "")
