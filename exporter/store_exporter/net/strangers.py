"""Classifies pages sent as a success that the shop's platform did not make, by words. No I/O.

Shops sell domains, databases, firewalls and suspended ceilings, so a single word proves nothing:
the subject of a notice and what it says about it must stand next to each other. Only pages without
a mark of the platform are examined, and only short ones: a shop whose front page another program
makes shows more. The words are those of registrars, hosts, control panels, web servers and plugins,
in the languages of shops.
"""

from __future__ import annotations

import re
from collections import Counter

from . import placeholders, refusals
from .marks import Marks
from .page_text import WebPage
from .patterns import late
from .refusals import Finding

_NEAR = r"(?: \S+\.\S+)?[^|\u2013\u2014:,]{0,28}"
_SAME_PART = r"(?:(?! - )[^|\u2013\u2014:]){0,70}"
_DOMAIN = (
    r"(?:\bdomain(?:s|names?|namen)?\b|domän(?:en|namn|namnet)?\b|domæne|domein|\bdomen[aeuy]?\b|\bdomén|\bdominio"
    r"|domínio|(?:nom de|ce|votre) domaine|домен|alan ad|ドメイン|域名|網域|도메인|tên miền)"
)
_ENDED = (
    r"(?:expired|abgelaufen|verlopen|expiré|expirad|caducad|scadut|wygas|vypršel|ист[её]к"
    r"|过期|到期|hết hạn)"
)
_HELD = (
    r"(?:parked|parkerad|parkeret|geparkt|geparkeerd|zaparkow|zaparkov|parcheggiat|estacionad"
    r"|aparcad|припаркован|reserved|reserviert|gereserveerd|réservé|reservad|riservat|zarezerwow"
    r"|rezervov|зарезервирован|registered|registriert|geregistreerd|registrera|registreret"
    r"|enregistré|registrad|registrat|zarejestrow|zaregistrov|зарегистрирован|purchased"
    r"|\bhosted|gehostet|hébergé|hospedad|utrzymywan|inactiv|seized|등록|取得され|登録され|已注册"
    rf"|не (?:прилинкован|привязан)|{_ENDED})"
)
_PLAN = (
    r"(?:\b(?:plan|package|service|subscription|trial)\b|\babonn?ement|\babono\b|héberge|hospedag)"
)
_SITE = (
    r"(?:\b(?:web ?)?site\b|webseite|website|webov|\bsito\b|\bsitio\b|сайт|stron[ay]\b|stránk"
    r"|hjemmeside|webbplats|hemsida|hosting|хостинг|webhotel|webspace|account\b|\bkonto|\bcuenta"
    r"|\bconta\b|\bcompte\b|\bhesap|аккаунт|网站|站点|網站|サイト|serwis|\bservicio\b|\bdomain\b|\buser\b"
    r"|\bdominio|domínio|домен)"
)
_STOPPED = (
    r"(?:suspended|suspendue?\b|suspendid[oa]|suspens[oa]\b|sospes[oa]|zawieszon|zablokowan"
    r"|wyłączon|gesperrt|opgeschort|pozastaven|приостановлен|отключ[её]н|заблокирован|ask\u0131ya"
    r"|tạm ngưng|暂停|停用|已过期"
    r"|disabled|deactivated|desactivad|desativad|deaktivier|désactivé|disattivat)"
)
_AWAY = (
    r"(?:unavailable|not available|niet bereikbaar|nicht erreichbar|indisponible|no disponible"
    r"|indisponível|non disponibile|non raggiungibile|niedostępn|недоступ|nedostupn|otillgänglig"
    r"|utilgængelig|利用できません|无法访问|暂时无法)"
)
_PLACES = (
    (placeholders.PARKED, late(f"{_DOMAIN}{_SAME_PART}{_HELD}")),
    (placeholders.PARKED, late(rf"\b{_HELD}\w{{0,3}} {_DOMAIN}\b")),
    (placeholders.SUSPENDED, late(f"{_SITE}{_NEAR}{_STOPPED}")),
    (
        placeholders.PARKED,
        late(
            r"^(?:\S+\.\S+ (?:\| |- |is )?)?(?:registered (?:at|by|with)|registrado en) \S+ *$"
            r"|ист[её]к.{0,30}домена"
            r"|^(?:the domain(?: name)? )?\S+\.[a-z]{2,15} (?:- )?"
            r"(?:is (?:available for purchase|for sale)\b|(?:diese .{1,20} )?steht zum verkauf)"
            r"|\bdomain(?: name)? (?:(?:may be|is) )?(?:for sale|available for purchase)\b"
            r"|\bbuy this domain\b|\bsponsored listings displayed above\b"
        ),
    ),
    (
        placeholders.SUSPENDED,
        late(r"\b(?:suspended|disabled) (?:domain|account|site|website)\b"),
    ),
    (
        placeholders.ENDED,
        # A shop may sell what has expired: then the word belongs to what follows it.
        late(
            rf"(?:{_SITE}|{_PLAN}){_NEAR}{_ENDED}\w{{0,3}}"
            r"(?=\W*$| ?[^\w ]| (?:on|since|am|le|el|il|sử)\b)"
        ),
    ),
    (placeholders.ENDED, late(rf"^{_ENDED}\w{{0,3}} (?:{_SITE}|{_PLAN})\W*$")),
)
_RIGHTS = late(
    r"(?:all rights|derechos|droits|direitos|diritti|prawa|rechten) (?:\w+ )?"
    r"(?:reserved|reservad\w+|réservés|riservati|zastrzeżone|voorbehouden)"
    r"|registered (?:trade|office|company|charity|in )|(?:trade ?marks?|company) registered"
)
"""Words of pages of all kinds that say nothing about a domain."""
_NAMELESS = late(
    r"(?:https?://)?[\w-]+(?:\.[\w-]+)+/?|welcome\W*|willkommen\W*|bienvenue\W*|hallo\W*|index|home"
    r"|(?:web ?)?site|domain|hosting|ionos\W*.*|strato\W*.*|ovh(?:cloud)?|infomaniak|mittwald|gandi"
    r"|all-inkl.*|aruba.*|froxlor.*|さくらのレンタルサーバ.*|ロリポップ.*"
)
"""Titles that are not the name of a shop: addresses, greetings and names of hosts."""
_UNAVAILABLE = late(f"{_SITE}{_NEAR}{_AWAY}")

_ERROR = (
    r"(?:error|erreur|fehler|errore|erro|fout|błąd|chyba|hata|ошибка|помилка|エラー|错误|錯誤|오류"
    r"|σφάλμα|fel|fejl|virhe|hiba|http|status|code|server)"
)
_STATUS = late(
    rf"(?:.{{1,60}} [|\u2013\u2014-] )?\W*(?P<error>(?:{_ERROR}\W+){{0,3}})(?P<status>[45]\d\d)\b"
    rf"(?:(?P<end>\W*$)|\W+(?P<phrase>{_ERROR}|bad |gateway|service (?:temporarily )?unav"
    r"|backend|first byte|internal|forbidden|access (?:denied|forb)|not |resource limit|bandwidth"
    r"|web server|connection|unauth|authorization|request|too many|origin|ssl |gone\b|method"
    r"|interne|proxy|serv[ií][cçz]|web ?service|page not|no healthy|time|loop|insufficient))",
    re.IGNORECASE,
)
"""A title that names an HTTP status, as web servers, CDNs and hosts write it."""
_FAILURES = late(
    r"internal server error|server error|bad gateway|gateway time-?out|application error"
    r"|service (?:temporarily )?unavailable|runtime error|application failed to respond"
    r"|fastly error: .{0,100}|(?:error - )?this function has crashed|backend fetch failed"
    r"|our services aren't available right now|guru meditation|(?:\d{3} )?bandwidth limit exceeded"
    r"|error: the request could not be satisfied|no input file specified|file not found"
    r"|upstream (?:connect|request) .{0,100}|(?:oops\W+|whoops\W+)?(?:looks like )?"
    r"something went wrong|(?:oops\W+)?an error (?:has )?occurred.{0,40}"
    r"|(?:http )?error \d{3}|error 200 .{1,60}|resource limit (?:is )?reached"
    r"|.{0,60}アクセスが集中.{0,40}"
)
_MISSING = late(
    r"(?:.{1,60} [|\u2013\u2014-] )?page not found(?: [|\u2013\u2014-] .{1,60})?", re.IGNORECASE
)
_DATABASE = late(
    r"database|databas|datenbank|bases? de (?:don|dat)|banco de dados|baz[aąęy] danych|баз[аыеуо]"
    r"|データベース|数据库|資料庫|databáz|veritaban|βάση|βάσης|قاعدة البيانات|מסד|adatbázis"
    r"|tietokan"
    r"|데이터베이스|baz[aăei]i? de date|cơ sở dữ liệu|basis data|ฐานข้อมูล"
)
_FAILED = late(
    r"error|erreur|fehler|\berro\b|fout|błąd|ошибк|помилк|エラー|错|錯|fel\b|fejl|chyb|hata"
    r"|σφάλμα|خطأ|שגיא|hiba|virhe|오류|eroare|lỗi|kesalahan|greška|грешка"
)
_SQL = late(r"mysqli?_\w{3,20}\(\)|sqlstate\[|^too many connections|too many connections$")
_REFUSALS = late(
    r"(?:request|visit|ip|ip address|access|you|\d{1,3}(?:\.\d{1,3}){3}) (?:\S+ ){0,5}"
    r"(?:been |were |was |is |are |got )(?:\w+ )?"
    r"(?:blocked|denied|rejected|refused|locked out|banned|intercepted|flagged)"
    r"|blocked (?:your|access to|because of)|(?:is|was|were|and) blocked by|denied by"
    r"|this is not allowed|request (?:blocked|denied|rejected)|not allowed to (?:proceed|access)"
    r"|your support id"
    r"|(?:site|page|url|ip|country) (?:was |is |has been )?blocked|incident id"
    r"|nsfocus|website protection|security service|(?:application|system) firewall|crowdsec"
    r"|detected (?:an )?(?:attack|attempted|unauthori)|(?:suspicious|unusual) activity"
    r"|rated as suspicious|erişim engel|if you are not a bot|human or a bot|bot or not\b"
    r"|bot protection|anti-crawler|automated (?:requests|queries)|for web crawlers"
    r"|extract information from this|too many (?:requests|attempts)|sending large amounts"
    r"|(?:access|visit|browse|view)[^.]{0,30} from your country"
    r"|your country[^.]{0,20} not (?:permitted|allowed)"
    r"|\b(?:javascript|js) and (?:disable|reload)"
)
"""Words of pages that refuse a visitor, in addition to the titles in `Marks.refused`."""
_TESTS = ("h-captcha", "g-recaptcha", "cf-turnstile", "_incapsula_resource")
"""Parts of the source of pages that only test a visitor."""
_SHOWN = late(
    r"<(?:script|img|meta|link|form|i?frame|svg|object|embed|video|canvas|picture|input|template)"
)
"""Elements that a page without words may show."""
_LITTLE = 300
"""The most characters of text of a page that tests visitors."""


_LINK = late(
    r"<a\s[^<>]{0,200}?href=[\"']?(?:https?://([^/\"'\s<>]{1,100}))?/([\w%-]{1,40}(?:/[\w%-]{1,40})?)"
)
"""The host of a link, if it names one, and the first two parts of its path."""
_PROGRAMS = (
    *("/_next/", "/_nuxt/", '="root"', "='root'", '="app"', "='app'", '="__next"'),
    *('="__nuxt"', '="___gatsby"', "add-to-cart", "add to cart", "addtocart"),
)
"""Parts of pages whose script shows a shop when it runs, and buttons of shops."""
_SHELVES = {"cart", "basket", "checkout", "shop", "store", "product", "products", "collections"}
"""Parts of the addresses of shops' links."""
_LINKS = 3
"""The fewest links to its own pages on a shop's front page; no notice has as many."""


def is_front(low: str) -> bool:
    """Return whether a page is a shop's front page, or a script that will show one.

    Args:
        low: its source, in lower case.
    """
    if any(mark in low for mark in _PROGRAMS):
        return True
    links = set(_LINK.findall(low))
    if any(not _SHELVES.isdisjoint(path.split("/")) for _, path in links):
        return True
    # A closed shop links to several social networks, but only once to each.
    hosts = Counter(host for host, _ in links)
    return any(number >= _LINKS for number in hosts.values())


def judge(page: WebPage) -> Finding | None:
    """Classify a page without a mark of the platform; None if it may be a page of a shop."""
    if is_front(page.low):
        return None
    title, heading, text = page.title, page.heading, page.text
    begin = (text or "")[:80]
    said = title or heading or begin
    words = f"{title} {heading}".lower()
    numbered = f"{heading} {title}" if heading.isdecimal() else ""
    if said == begin and re.fullmatch(r"[45]\d\d", begin):
        # A page that shows nothing else.
        numbered = f"HTTP {begin}"
    blank = not said and text == "" and not _SHOWN.search(page.low)
    return (
        (("invalid_response", "the page shows nothing") if blank else None)
        or place(title, heading, text or "")
        or next(
            (found for found in map(_by_status, (title, heading, begin, numbered)) if found), None
        )
        or _lost_database(words, said)
        or _refused(page)
        or _closed(title.lower() if text is None else words, page.marks, said)
    )


def tells_of_lost_database(words: str) -> bool:
    """Return whether words in lower case report a database that cannot be reached."""
    return bool(_SQL.search(words) or (_DATABASE.search(words) and _FAILED.search(words)))


def _lost_database(words: str, said: str) -> Finding | None:
    if tells_of_lost_database(words):
        return "server_error", f"the page reports a lost database ({said})"
    return None


def tells_of_refusal(words: str) -> bool:
    """Return whether words in lower case refuse a visitor."""
    return _REFUSALS.search(words) is not None


def _refused(page: WebPage) -> Finding | None:
    title, heading, text, marks = page.title, page.heading, page.text, page.marks
    named = title.lower() if text is None else f"{title} {heading}".lower()
    only_tests = text is not None and len(text) <= _LITTLE and "<a " not in page.low
    if (
        any(word in named for word in (*marks.refused, *marks.tests))
        or tells_of_refusal(f"{title} {heading} {text or ''}".lower())
        or (only_tests and any(mark in page.low for mark in _TESTS))
    ):
        said = title or heading or (text or "")[:80]
        return "blocked", f"the request is refused before the store (HTTP 200: {said})"
    return None


def _closed(words: str, marks: Marks, said: str) -> Finding | None:
    named = (*marks.closed, *marks.closed_sites)
    if any(word in words for word in named) or _UNAVAILABLE.search(words):
        return "maintenance", f"the store is closed for now: {said}"
    return None


def place(title: str, heading: str, text: str = "") -> Finding | None:
    """Classify a page shown in place of a missing site; None if there may be a site.

    Args:
        title: title of the page.
        heading: its first heading.
        text: the text that it shows, if that is short.
    """
    is_named = title and not _NAMELESS.fullmatch(title.lower())
    # The text is about the site itself only if nothing names a shop.
    shown = [_RIGHTS.sub(" ", one.lower()) for one in (title, heading, "" if is_named else text)]
    what = placeholders.kind_of_stranger(" ".join(shown)) or next(
        (what for what, pattern in _PLACES if any(pattern.search(one) for one in shown)), ""
    )
    named = title or heading or text[:80]
    return ("invalid_response", f"instead of the store there is {what} ({named})") if what else None


def _by_status(words: str) -> Finding | None:
    """Return the failure that a title reports by its status, or only by the status' name."""
    match = _STATUS.match(words)
    if match and (match["phrase"] or match["error"]):
        found = refusals.by_status(int(match["status"]), "", "", "")
        error_type = found[0] if found and found[0] != "api_not_found" else "invalid_response"
        return (error_type, f"a page sent as a success reports HTTP {match['status']} ({words})")
    if _MISSING.fullmatch(words.strip(" .!")):
        return "invalid_response", f"the page does not exist ({words})"
    if _FAILURES.fullmatch(words.lower().strip(" .!?\u2026")):
        return "server_error", f"the page reports a failure ({words})"
    return None
