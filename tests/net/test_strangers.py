"""Pages that came as a success where a shop's front should be, told by what they say."""

from __future__ import annotations

import time

import pytest

from store_exporter.net.fronts import instead_of_shop, says_closed
from store_exporter.net.marks import GENERIC
from store_exporter.net.pages import judged

HOST = "shop.example.com"


def page(title: str, heading: str = "", rest: str = "") -> str:
    shown = f"<h1>{heading}</h1>" if heading else ""
    head = f"<head><meta charset='utf-8'><title>{title}</title></head>"
    return f"<!DOCTYPE html><html>{head}<body>{shown}{rest}</body></html>"


ENDED, TOOL = "the notice of a plan that has ended", "the page of another program"
PARKED, SUSPENDED = "a parked domain's page", "the notice of a suspended account"
PANEL, UNSET = "a hosting panel's default page", "the page of a host that has no such site"

PLACES = [
    *(
        (title, PARKED)
        for title in (
            *("Diese Domain ist reserviert", "Domein gereserveerd - Voorbeeld", "Reserved domain"),
            *("Hello, this domain has been purchased here", "Domain Registered at Example"),
            *("shop.example.com | Registrado en Ejemplo", "Domena jest zaparkowana - Przykład"),
            *("Dominio registrato - Esempio", "Домен shop.example.com зарегистрирован"),
            *("Истёк срок регистрации домена", "Expired - domain expired", "Gereserveerd domein"),
            *(
                "Domäne reserviert? Domain geparkt!",
                "Domänen är parkerad",
                "域名已过期",
                "该域名已注册",
            ),
            *("Domain shop.example.com has been seized", "Домен не привязан к сайту"),
            *("Ce domaine est réservé", "Domínio expirado", "Doména vypršela: doména vypršela"),
        )
    ),
    *(
        (title, SUSPENDED)
        for title in (
            *("Ce site est suspendu", "Sitio suspendido", "Sito sospeso", "Site suspenso"),
            *("Serwis został zablokowany", "Webhosting byl pozastaven", "Сайт приостановлен"),
            *("Сайт временно отключён", "Hesap Ask\u0131ya Al\u0131nd\u0131", "站点已暂停"),
            *("Website Disabled", "Website shop.example.com has been suspended", "该网站已过期"),
            *("Deze website is opgeschort", "Suspended Domain", "Dominio desactivado"),
            *("Your Website has been temporarily suspended!", "User suspended"),
        )
    ),
    *(
        (title, ENDED)
        for title in (
            *("Your hosting has expired", "Hosting expired", "Your hosting plan has expired"),
            *("Account has expired", "Your subscription has expired", "Free trial expired"),
            *("Hosting wygasł", "Ihr Hosting-Paket ist abgelaufen", "Tu hosting ha caducado"),
            *("Votre hébergement a expiré", "Срок действия хостинга истёк", "Expired hosting"),
            *("Hosting đã hết hạn sử dụng", "This website's premium plan expired"),
        )
    ),
    *(
        (title, PARKED)
        for title in (
            *("This domain may be for sale", "Shop.example.com - Domain Name For Sale | Example"),
            *("Buy this domain", "The domain is available for purchase"),
        )
    ),
    *(
        (title, PANEL)
        for title in (
            *(
                "Página por defecto del dominio",
                "Страница по умолчанию",
                "CloudPanel | Hello World",
            ),
            *("New Web Hosting Account!", "Welcome to your new website", "Kloxo Control Panel"),
        )
    ),
    *(
        (title, UNSET)
        for title in ("Host | No Site For Domain", "404 error unknown site!", "無効なURLです。")
    ),
]


@pytest.mark.parametrize(
    "title",
    [
        *("PHP 8.2.15 - phpinfo()", "phpinfo()", "phpMyAdmin", "Login - Adminer", "Apache Status"),
        *("cPanel Login", "Webmail Login", "Roundcube Webmail :: Welcome to Roundcube Webmail"),
        *("RouterOS router configuration page", "Sign in [Jenkins]", "Sign in - Jenkins"),
    ],
)
def test_another_program_in_the_place_of_the_shop_is_none_however_long_its_page_is(
    title: str,
) -> None:
    for rest in ("", "<tr><td>System</td><td>Linux</td></tr>" * 2000):
        error_type, message = instead_of_shop(page(title, "Hello", rest), HOST) or ("", "")
        assert (error_type, TOOL in message) == ("invalid_response", True)


@pytest.mark.parametrize(
    "text",
    [
        "Related searches. The Sponsored Listings displayed above are served by a third party.",
        "This domain has recently been registered at Example.",
        "The domain may be for sale. Inquire now.",
        "Hosting đã hết hạn sử dụng và đang bị tạm ngưng.",
    ],
)
def test_a_page_that_names_only_its_address_is_judged_by_its_text(text: str) -> None:
    found = instead_of_shop(page(HOST, "", f"<p>{text}</p>"), HOST)
    assert found is not None
    assert found[0] == "invalid_response"


@pytest.mark.parametrize(
    "title",
    [
        *("Domains for sale - the shop of names", "Sale of expired wines", "Grafana Books"),
        *("Plans of houses", "Subscription boxes", "PHP for beginners", "Learn phpinfo()"),
        *("The plan: never sell food that has expired", "Trial packages from 3 €"),
        *("Blumen Meier :: Welcome to our shop", "Expired Film Shop - the site of analog cameras"),
        *("Free trial of expired wines", "Discounts on expired package goods"),
        *("Site für abgelaufene Filme", "Service of expired and rare film"),
    ],
)
def test_a_shop_that_sells_plans_domains_or_books_is_a_shop(title: str) -> None:
    assert instead_of_shop(page(title, "Our offers", "<p>Buy now</p>"), HOST) is None


@pytest.mark.parametrize(("title", "what"), PLACES)
def test_a_page_where_there_is_no_site_is_known_in_many_languages(title: str, what: str) -> None:
    told_by_a_heading = page("Example", title) if what in (PARKED, SUSPENDED) else page(title)
    for source in (page(title), told_by_a_heading, page(title, "Hello")):
        error_type, message = instead_of_shop(source, HOST) or ("", "")
        assert (error_type, what in message) == ("invalid_response", True), source


@pytest.mark.parametrize("status", [403, 404, 410])
@pytest.mark.parametrize("title", ["Site suspended", "Ce domaine est réservé", "Reserved domain"])
def test_where_a_host_has_no_such_site_no_api_is_missed(status: int, title: str) -> None:
    assert judged(status, {}, page("Host", title), GENERIC)[0] == "invalid_response"


TOLD = [
    *(
        (title, "server_error")
        for title in (
            *("503 Backend fetch failed", "503 first byte timeout", "502 Bad Gateway"),
            *("504 Gateway Time-out", "503 Service Temporarily Unavailable", "Error 500"),
            *(" 508 Resource Limit Is Reached", "500 - Internal server error.", "Server Error"),
            *("HTTP Status 500 \u2013 Internal Server Error", "500: INTERNAL_SERVER_ERROR"),
            *("shop.example.com | 521: Web server is down", "CDN | 502 Bad Gateway", "502 Error"),
            *("Fehler 500 - Interner Serverfehler", "Erreur 500 : Erreur interne", "Ошибка 500"),
            *("500 エラー", "Error 503 Servicio no disponible", "Application failed to respond"),
            *("Fastly error: unknown domain shop.example.com", "Internal Server Error"),
            *("Our services aren't available right now", "Bandwidth Limit Exceeded"),
            # As Varnish answers by itself with status 200.
            "Error 200 OK",
        )
    ),
    *(
        (title, "blocked")
        for title in (
            "403 Forbidden",
            "Error 403",
            "401 Authorization Required",
            "406 Not Acceptable",
        )
    ),
    *(
        (title, "invalid_response")
        for title in ("404 Not Found", "404 \u2014 Page Not Found", "Page not found | Example")
    ),
    ("Some trouble | 503 - Webservice currently unavailable", "server_error"),
    ("429 Too Many Requests", "rate_limited"),
]


@pytest.mark.parametrize(("title", "error_type"), TOLD)
def test_an_error_sent_as_a_success_is_classified_by_the_error_in_it(
    title: str, error_type: str
) -> None:
    for source in (page(title), page("", title), f"<html><body><h1>{title}</h1>\nSorry.</body>"):
        found = instead_of_shop(source, HOST)
        assert (found or ("", ""))[0] == error_type, source
        assert judged(200, {}, source, GENERIC)[0] == error_type


def test_a_status_that_stands_apart_from_its_name_is_one() -> None:
    for number, name, error_type in (
        ("503", "Service Unavailable", "server_error"),
        ("404", "Not Found", "invalid_response"),
        ("403", "Forbidden", "blocked"),
    ):
        assert (instead_of_shop(page(name, number), HOST) or ("", ""))[0] == error_type
    assert instead_of_shop(page("Jeans", "501"), HOST) is None


DATABASES = [
    *("Erreur lors de la connexion à la base de données", "Fehler bei der Datenbankverbindung"),
    *("Error al conectar con la base de datos", "Errore nella connessione al database"),
    *("Erro ao conectar ao banco de dados", "Fout bij de databaseverbinding"),
    *("Błąd łączenia z bazą danych", "Ошибка базы данных", "数据库连接错误"),
    *("データベース接続エラー", "Databasfel", "Fejl i databasen", "Chyba spojení s databází"),
    *("Veritabanı hatası", "Σφάλμα βάσης δεδομένων", "خطأ في قاعدة البيانات", "데이터베이스 오류"),  # noqa: RUF001  # Turkish, Greek
    *("Adatbázis hiba", "Tietokantavirhe", "Error establishing a database connection"),
    *("mysqli_real_connect(): (HY000/2002): No such file", "Too many connections"),
]


@pytest.mark.parametrize("said", DATABASES)
def test_a_lost_database_is_known_in_many_languages(said: str) -> None:
    for source in (page(said), page("Example", said)):
        found = instead_of_shop(source, HOST)
        assert (found or ("", ""))[0] == "server_error", source


COOKIE = (
    """<html><body><script>document.cookie="hp=ok; path=/";location.%s;</script></body></html>"""
)
WALLS = [
    *(COOKIE % loads for loads in ("reload()", "href=location.href", "replace('/?1')")),
    page("Sorry", "Sorry, this is not allowed."),
    page("Example", "", "<p>This request has been blocked by the website's protection."),
    page("Example", "You have been blocked", "<p>You are unable to see this site."),
    page("Example", "", "<p>You were blocked by the Shield."),
    page("Web Site Blocked", "Web Site Blocked"),
    page("Access to the requested URL was blocked"),
    page("403 Access Forbidden", "We are sorry, you are not allowed to proceed"),
    page("Bot Detection", "", "<form action='/x'>"),
    page("Establishing a secure connection ..."),
    page("Bu siteye erişim engellenmiştir"),
    page("Verifying", "", "<div class='cf-turnstile' data-sitekey='x'></div>"),
    page("Please check", "", "<div class='h-captcha' data-sitekey='x'></div>"),
    "<html><head><script src='/_Incapsula_Resource?S=1'></script></head><body></body></html>",
    "<html><head><script src='/__qrator/qauth.js'></script></head><body></body></html>",
    "<html><img src='/img/aesecure_denied.png'></html>",
    "<html><link href='/__zenedge/assets/x.css'></html>",
    "<html><iframe src='http://10.10.34.34?type=x'></iframe></html>",
]


SAID_BY_WALLS = [
    "Dear user, our firewall rated your request as suspicious. It was rated as suspicious.",
    "The transfer has triggered a web application firewall.",
    "Sorry, your request is a threat to the website and blocked by the defence system.",
    "We detected unusual activity from your address 192.0.2.7.",
    "Your request has been refused by the server.",
    "192.0.2.7 has been banned until Monday.",
    "The administrator has blocked your IP from this website.",
    "Error: too many attempts, try again tomorrow.",
    "Your computer may be sending automated queries.",
    "Server too busy for web crawlers.",
    "Forbidden. If you are not a bot, please send us the report.",
    "We can't tell if you're a human or a bot.",
    "You cannot access this store from your country.",
    "Visitors from your country are not permitted to browse this site.",
    "Anti-Crawler-Schutz ist aktiviert. Warte bitte 3 Sekunden.",
    "La protection anti-crawler vérifie votre navigateur.",
    "Please enable JS and disable any ad blocker",
    "Please turn on JavaScript and reload the page.",
    "Complete the security check. It is powered by CrowdSec.",
]


@pytest.mark.parametrize("text", SAID_BY_WALLS)
def test_a_wall_is_known_by_its_sentences(text: str) -> None:
    for source in (page("", "", f"<p>{text}</p>"), page("Example", "Sorry", f"<p>{text}</p>")):
        assert (instead_of_shop(source, HOST) or ("", ""))[0] == "blocked"
        assert judged(200, {}, source, GENERIC)[0] == "blocked"


@pytest.mark.parametrize(
    "text",
    [
        "Our curtains: light is what they stop, and your room stays cool.",
        "Choose your country to visit our shop.",
        "We ship from your country, too. View all offers.",
        "Robots and bots for children, human by design.",
        "Enable JavaScript to see our offers.",
        "Fire walls, system furniture and applications.",
        "Do not miss an activity: unusual gifts for suspicious minds.",
    ],
)
def test_a_shop_that_speaks_of_such_things_is_a_shop(text: str) -> None:
    assert instead_of_shop(page("Example", "Welcome", f"<p>{text}</p>"), HOST) is None


@pytest.mark.parametrize("source", WALLS)
def test_a_wall_that_comes_as_a_success_is_a_wall(source: str) -> None:
    found = instead_of_shop(source, HOST)
    assert (found or ("", ""))[0] == "blocked"
    assert judged(200, {}, source, GENERIC)[0] == "blocked"


@pytest.mark.parametrize(
    "source",
    [
        page("Example", "Wir sind bald wieder da", "<p>Bis dahin!"),
        page("Site temporariamente indisponível"),
        page("Deze website is op dit moment niet bereikbaar."),
        page("Сайт временно недоступен"),
        page("只今準備中"),
    ],
)
def test_a_shop_that_is_closed_for_now_is_in_maintenance(source: str) -> None:
    assert (instead_of_shop(source, HOST) or ("", ""))[0] == "maintenance"


@pytest.mark.parametrize("source", ["<!-- {} -->", "<html><head></head><body></body></html>"])
def test_a_page_that_shows_nothing_is_no_shop(source: str) -> None:
    assert instead_of_shop(source, HOST) == ("invalid_response", "the page shows nothing")


SAID = [
    ("shop.example.com", "This domain was recently registered at Example.", PARKED),
    ("", "NOTICE: This domain name expired on 11/20/2026 and is pending renewal.", PARKED),
    ("www.example.com", "Diese Domain wurde bei Beispiel registriert.", PARKED),
    ("", "このドメインは、お名前.comで取得されています。", PARKED),
    ("Infomaniak", "Ce nom de domaine est enregistré chez nous.", PARKED),
    ("Welcome!", "This is the default index page of your website.", PANEL),
    ("Bienvenue", "Votre hébergement est prêt", UNSET),
    ("shop.example.com", "The web hosting account has been suspended.", SUSPENDED),
]


@pytest.mark.parametrize(("title", "text", "what"), SAID)
def test_where_no_shop_is_named_the_text_says_what_stands_there(
    title: str, text: str, what: str
) -> None:
    for status, source in ((200, page(title, "", text)), (404, page(title, "", text))):
        error_type, message = judged(status, {}, source, GENERIC)
        assert (error_type, what in message) == ("invalid_response", True)
    assert instead_of_shop(page("Example & Sons", "", text), HOST) is None


@pytest.mark.parametrize(
    "text",
    [
        "© 2026 shop.example.com. Domain and trademarks are ours. All rights reserved.",
        "© Dominio Ejemplo. Todos los derechos reservados.",
        "Our domain is wine. Registered office: 1 High Street.",
    ],
)
def test_who_reserves_rights_reserves_no_domain(text: str) -> None:
    assert instead_of_shop(page("shop.example.com", "", text), HOST) is None


def test_a_page_that_shows_only_a_status_is_classified_by_it() -> None:
    assert instead_of_shop("<html><body><div>404</div></body></html>", HOST) == (
        "invalid_response",
        "a page sent as a success reports HTTP 404 (HTTP 404)",
    )


TITLES_OF_WALLS = [
    *("Verificação de segurança", "Sicherheitsüberprüfung", "セキュリティ検証", "Åtkomst nekad"),
    *("Hozzáférés megtagadva", "Доступ заборонено", "Truy cập bị từ chối", "Pääsy estetty"),
]


@pytest.mark.parametrize("title", TITLES_OF_WALLS)
def test_a_wall_is_known_by_its_title_or_heading_in_many_languages(title: str) -> None:
    for source in (page(title), page("Example", title)):
        assert (instead_of_shop(source, HOST) or ("", ""))[0] == "blocked"


ODD_NAMES = [
    *("Forbidden Planet - Comics", "Blocked Drains Ltd", "Suspended Ceilings Direct"),
    *("Luminaires suspendus - Site officiel", "Site réservé aux professionnels"),
    *("Domaine de la Côte - Vins réservés", "Domäne Beispiel", "Error Records", "404 Clothing"),
    *("501", "500 Degrees Pizza", "503 Motoring", "Studio 404", "Server racks", "Database Books"),
    *("Reserved - Fashion", "Registered Nurse Scrubs", "Parked Cars Models", "Default Clothing"),
    *("Bad Gateway T-Shirts", "Not Found Vintage", "Konto und Kasse", "Сайт мебели", "Success!"),
]
"""Names of shops with words that notices have."""


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_shop_of_any_name_is_a_shop_even_where_it_shows_little(name: str) -> None:
    assert instead_of_shop(page(name, "Welcome", "<p>Hello</p>"), HOST) is None


@pytest.mark.parametrize(
    "name",
    [
        *("Wartungsfreie Batterien", "Maintenance Supplies", "Coming Soon Records", "Captcha Cat"),
        *("Just a Moment Candles", "Access Denied Signs", "Databases and errors: the book"),
        *("This domain is parked: what it means", "503 Service Unavailable explained"),
    ],
)
@pytest.mark.parametrize(
    "rest",
    [
        '<a href="/cart">Cart</a>',
        "<a href=/a>A</a><a class='x' href='/b/c'>B</a><a href='/de'>C</a>",
        '<div id="root"></div><script src="/static/main.js"></script>',
        '<div id="__next"></div><script src="/_next/static/x.js"></script>',
        '<button name="add">Add to cart</button>',
    ],
)
def test_a_page_that_leads_through_a_shop_is_one_whatever_it_speaks_of(
    name: str, rest: str
) -> None:
    assert instead_of_shop(page(name, name, f"<p>{name}: request blocked.</p>{rest}"), HOST) is None


@pytest.mark.parametrize(
    "part",
    ["<style>", "<title>", "<!--", "<a href='/", "<", "<h1 ", "domain ", "error 5", "request is "],
)
def test_a_page_that_repeats_itself_without_end_is_read_in_time(part: str) -> None:
    source = part * 50_000
    assert instead_of_shop(source[:29_000], HOST) != ("", "")
    assert judged(200, {}, source, GENERIC)[0] != ""


@pytest.mark.parametrize(("before", "named"), [(0, True), (8_000, False), (16_000, True)])
def test_marks_are_looked_for_at_the_ends_of_a_page_however_long_it_is(
    before: int, named: bool
) -> None:
    source = f"<html>{'.' * before}captcha-delivery.com{'.' * (16_000 - before)}</html>"
    error_type, message = judged(403, {}, source, GENERIC)
    assert (error_type, "DataDome" in message) == ("blocked", named)


def test_the_program_of_a_test_and_its_cookie_are_not_quoted() -> None:
    found = instead_of_shop(COOKIE % "reload()", HOST)
    assert found == ("blocked", "a test of visitors responded instead of the store (HTTP 200)")


def test_a_program_that_looks_where_it_is_sends_nobody_there() -> None:
    source = COOKIE % "pathname;if(location.href == top.location.href) show()"
    assert instead_of_shop(source, HOST) is None


@pytest.mark.parametrize("part", ["<a ", "<a href='https://a.example", "<a href='/"])
def test_a_long_page_of_beginnings_of_links_is_searched_once(part: str) -> None:
    source = page("Coming soon", rest=f"<script>{part * (1_000_000 // len(part))}</script>")
    began = time.process_time()
    assert says_closed(source) == "Coming soon"
    assert time.process_time() - began < 1
