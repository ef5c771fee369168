"""Pages that web servers, hosting panels and registrars show if there is no site, as data.

They have HTTP 200, and appear if a site was deleted, its virtual host is gone or its domain leads
to another machine. Titles are compared as a whole, and marks are addresses and attributes that text
for people does not contain. So a shop is not mistaken for one of them, even if it sells hosting.
"""

from __future__ import annotations

import re

from .patterns import late

_SERVER, _PANEL = "a web server's default page", "a hosting panel's default page"
SUSPENDED, PARKED = "the notice of a suspended account", "a parked domain's page"
ENDED = "the notice of a plan that has ended"
_TOOL = "the page of another program"
_FILES, _UNSET = "a list of files", "the page of a host that has no such site"
_CODE = "the source of a program"

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
    (r"welcome to (caddy|xampp|rocky linux|centos.{0,10})", _SERVER),
    (r"(welcome|congratulations?)( to| \|) (open)?litespeed( web server)?!?", _SERVER),
    (r"caddy works!|powered by lighttpd|openlitespeed", _SERVER),
    (r"(nginx proxy manager: )?default site", _SERVER),
    # cPanel, Plesk and its predecessors, DirectAdmin, aaPanel, ISPmanager.
    (r"default web ?site page", _PANEL),
    (r"(web server's|domain) default page", _PANEL),
    (r"default (plesk|psa|parallels plesk panel) page", _PANEL),
    (r"apache is functioning normally", _PANEL),
    (r"(congratulations, the )?site is created successfully!|恭喜.站点创建成功.", _PANEL),
    (r"website \S{1,80} is ready\. the content is to be added\.?", _PANEL),
    (r"plesk obsidian.{0,40}|directadmin default page|cyberpanel installed", _PANEL),
    (r"(hestiacp . )?success! your new web server is ready to use\.?", _PANEL),
    (r"没有找到站点", _PANEL),
    # CloudPanel; Kloxo; hosts that show their own name.
    (r"\S{3,60}\.\S{2,20} is no longer available", _UNSET),
    (r"(cloudpanel \| )?hello world :-\)|cloudpanel \| hello world", _PANEL),
    (r"kloxo control panel", _PANEL),
    (r"dreamhost|hostgator .{0,60}startup guide", _PANEL),
    (r"microsoft azure app service - welcome", _PANEL),
    # Web hosts, which show it until a site is uploaded.
    (r"site (non install.|not installed)( - ovh)?", _UNSET),
    (r"f.licitations ! votre domaine a bien .t. cr.. chez ovh.{0,20}", _UNSET),
    (r"(1&1 internet - |ionos - )?hier entsteht eine neue internetpr.senz\.?", _UNSET),
    (r"hosted by one\.com \| webhosting made simple", _UNSET),
    (r"future home of something quite cool\.?", _UNSET),
    (r"web hosting - courtesy of www\.bluehost\.com|welcome - bluehost\.com", _UNSET),
    (r"hetzner online gmbh - webhosting|web hosting by .{3,30} - gereserveerd", _UNSET),
    (r"(web ?)?site not (found|configured)( .{1,3} .{3,40})?", _UNSET),
    (r"(squarespace - )?(website expired|domain not claimed)", _UNSET),
    (r"microsoft azure web app - error 404|\S+\.\S+ doesn.t exist", _UNSET),
    (r"web app - unavailable", "the notice of a host that has stopped the site"),
    (r"(this )?(account|website|site|domain)( has been)? suspended[.!]?", SUSPENDED),
    (r"this (account|website|site|domain) (has been|is) suspended[.!]?", SUSPENDED),
    (r"suspended domain|your website has been suspended!", SUSPENDED),
    (r"compte suspendu|cuenta suspendida|conta suspensa", SUSPENDED),
    (r"account sospeso|konto gesperrt", SUSPENDED),
    (r"(hosting )?konto zawieszone|(аккаунт|сайт|хостинг) (заблокирован|отключ.н)", SUSPENDED),
    (r"(index of|directory listing for|directory:) \[?/.*", _FILES),
    # Caddy and IIS: the folder's path.
    (r"(\S{1,80} - )?/(\S{0,80}/)?", _FILES),
    (r"parked domain( name on hostinger dns system)?", PARKED),
    (r"domain parking|namecheap parking page", PARKED),
    (r".{3,60} is for sale \| hugedomains", PARKED),
    (r"(this domain|\S{3,60}) is parked", PARKED),
    (r".{3,60} (- )?this (website|domain) is for sale!?.*", PARKED),
    (r"(the )?domain( name)? \S{3,60} is for sale", PARKED),
    (r"(this )?domain( name)?( has)? expired|expired domain", PARKED),
    # What a server shows once the shop's files or its virtual host are gone.
    (r"(php [\d.]{1,10}\S{0,30} - )?phpinfo(\x28\x29)?|laravel", _TOOL),
    (r"phpmyadmin|login - adminer|apache status|(nginx )?server status", _TOOL),
    (r"(cpanel|webmail|whm) login|plesk( obsidian)?( [\d.]{1,12})?", _TOOL),
    (r"roundcube webmail( login| :: welcome to roundcube webmail)?", _TOOL),
    (r"routeros( router configuration page)?|synology diskstation|grafana", _TOOL),
    (r"sign in( -|) \[?jenkins\]?", _TOOL),
)
_TITLE = late(
    "|".join(
        f"(?P<t{number}>{known.replace('(', '(?:')})" for number, (known, _) in enumerate(_TITLES)
    ),
    re.IGNORECASE,
)
"""All titles at once, each in a group by its number, with no other groups."""
_PARTS = (
    (_PANEL, "default page", "domyślna", "page par défaut", "standardseite", "new site is ready"),
    (_PANEL, "por defecto del dominio", "страница по умолчанию", "výchozí stránka", "初期ページ"),
    (_PANEL, "new web hosting account", "welcome to your new web", "control de hosting"),
    (_PANEL, "new web server is ready", "success! success!"),
    (_PANEL, "default index page", "default index.", "welcome to your website", "hello world :-)"),
    (_PANEL, "hier entsteht eine neue", "welcome to synology web station"),
    (_SERVER, "server test page", "successfully installed", "server is running"),
    (PARKED, "domain has recently been registered", "domain name for sale"),
    (PARKED, "is parked", "parked by", "parked at", "domain parking", "domain reserved"),
    (PARKED, "domain profile - afternic", "protected by markmonitor"),
    (_UNSET, "domain not connected", "connectyourdomain", "your website is ready"),
    (PARKED, "gereserveerd voor een klant"),
    (SUSPENDED, "verification suspension"),
    (_UNSET, "neuer webspace"),
    (_UNSET, "domain not configured", "domain is not configured", "noch nicht verknüpft"),
    (_UNSET, "gerade erst eingerichtet", "domain wurde erfolgreich eingerichtet"),
    (_UNSET, "votre hébergement est prêt", "isn't connected to a website", "no such app"),
    (_UNSET, "custom domain has not been configured"),
    (_UNSET, "wurde soeben eingerichtet", "未备案", "only one step left", "暂时无法访问"),
    (_UNSET, "neuer internetauftritt", "welcome to ovh", "アップロードされていません"),
    (_UNSET, "want your own website?", "no site for domain", "unknown site", "無効なurlです"),
    (_UNSET, "site you were looking for", "do you want to register", "that site's not here"),
)
"""Parts of the text of pages without a mark of the platform whose shop should be there."""
_MARKS = (
    ("/cgi-sys/defaultwebpage.cgi", _PANEL),
    # ISPConfig, in every language.
    ("<b>standard_index.html</b>", _PANEL),
    ("/cgi-sys/suspendedpage.cgi", SUSPENDED),
    ("<html data-adblockkey=", PARKED),
    ("img1.wsimg.com/parking-lander/", PARKED),
    ('window.location.href="/lander', PARKED),
    ("sedoparkingurl", PARKED),
    ("img.sedoparking.com", PARKED),
    ("parkingcrew.net/", PARKED),
    ("congratulation! you have successfully installed the openlitespeed", _SERVER),
    # If PHP does not run, the source of its files is shown.
    ("<?php", _CODE),
)
"""In lower case."""


def kind(title: str, page: str) -> str:
    """Return the kind of a page shown in place of a missing site; "" for any other page.

    `title` is all of its text if it has no title, `page` the head of its source in lower case.
    """
    match = _TITLE.fullmatch(title)
    if match is not None and match.lastgroup is not None:
        return _TITLES[int(match.lastgroup[1:])][1]
    return next((what for mark, what in _MARKS if mark in page), "")


def kind_of_stranger(words: str) -> str:
    """Return the kind of a page that the shop's platform did not make; "" for any other page.

    Args:
        words: its title and its other text, in lower case.
    """
    return next((what for what, *parts in _PARTS if any(part in words for part in parts)), "")
