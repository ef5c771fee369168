"""A shop that is closed for now is told from one that fails."""

from __future__ import annotations

import json

import pytest

from store_exporter.errors import StoreError
from store_exporter.net import documents as answers
from store_exporter.net.fronts import says_closed
from store_exporter.net.marks import GENERIC
from store_exporter.net.pages import judged
from tests.net.responses import response

CLOSED = [
    "Wir führen gerade Wartungsarbeiten durch.",
    "<html><head><title>Shop</title></head><body><h1>Hello</h1><p>Down for maintenance.</p></html>",
    '"The site is under maintenance"',
    "<title>Shop</title><p>We are doing some work on our shop. It opens again in an hour.</p>",
    "<title>Sklep</title><p>Trwają prace serwisowe, które potrwają do rana.</p>",
    '[{"code": "maintenance", "message": "Updating"}]',
    "Our store is being updated. Please check back in 10 minutes.",
    '{"error": {"code": 503, "message": "Site en maintenance"}}',
]


@pytest.mark.parametrize("body", CLOSED)
def test_what_a_503_says_counts_wherever_it_stands(body: str) -> None:
    with pytest.raises(StoreError) as raised:
        answers.document(response(body, 503))
    assert raised.value.error_type == "maintenance"


@pytest.mark.parametrize(
    "title",
    [
        *("Prossimamente", "Kommer snart", "Binnenkort online", "Demnächst verfügbar", "近日公開"),
        *("Již brzy otevíráme", "Hamarosan nyitunk", "即将上线", "Under opbygning"),
        *("Nous revenons bientôt", "Torniamo subito", "We zijn zo terug", "Vi er snart tilbage"),
        *("Sivusto on huollossa", "Vietne tiek apkopta", "Svetainė tvarkoma"),
    ],
)
def test_a_page_that_says_in_any_language_that_a_shop_opens_soon_is_a_closed_shop(
    title: str,
) -> None:
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    assert says_closed(page) == title
    assert judged(503, {}, page, GENERIC)[0] == "maintenance"
    assert not says_closed(page.replace("</h1>", '</h1><a href="/cart">.</a>'))


@pytest.mark.parametrize(
    "sentence",
    [
        "The server is unable to respond due to maintenance downtime or capacity problems.",
        "Entweder ist der Server derzeit überlastet oder wegen Wartungsarbeiten nicht verfügbar.",
        "Stránka není dostupná kvůli údržbě nebo kapacitním problémům.",
        "Hay problemas por mantenimiento o de capacidad.",
        "Le site est en maintenance ou le serveur manque de capacité.",
        "Wegens onderhoud of problemen met de capaciteit.",
        "Przerwa techniczna lub zbyt duże obciążenie.",
        "Fechado para manutenção ou por problemas de capacidade.",
        "På grund av underhåll eller kapacitetsbegränsningar.",
    ],
)
def test_maintenance_as_one_of_two_causes_is_a_failure(sentence: str) -> None:
    for source in (f"<h1>503</h1><p>{sentence}</p>", sentence):
        assert judged(503, {}, source, GENERIC)[0] == "server_error"
    assert answers.refusal(503, {}, {"message": sentence}) is None


@pytest.mark.parametrize("value", ["true", '"on"', "1"])
def test_a_success_that_says_that_the_shop_is_closed_is_none(value: str) -> None:
    with pytest.raises(StoreError, match="Back soon") as raised:
        answers.document(response(f'{{"maintenance_mode": {value}, "message": "Back soon"}}'))
    assert raised.value.error_type == "maintenance"


@pytest.mark.parametrize("value", ["false", '"off"', "0", "null", "[]"])
def test_a_shop_that_may_be_closed_and_is_not_is_open(value: str) -> None:
    assert "id" in answers.document(response(f'{{"maintenance": {value}, "id": 1}}'))


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("Maintenance", "We are adding server capacity."),
        ("Scheduled maintenance", "You will have your orders without surcharge."),
        ("503 Service Unavailable", "The site is under maintenance."),
        ("", "Wartung"),
    ],
)
def test_a_title_that_says_maintenance_names_the_cause(named: str, said: str) -> None:
    shown = named or said
    error = answers.no_document(response(f"<title>{named}</title><p>{said}</p>", 503))
    message = f"the store is closed for now: {shown}"
    assert (error.error_type, error.message) == ("maintenance", message)
    found = answers.refusal(503, {}, {"title": named, "message": said})
    assert found is not None
    assert found[0] == "maintenance"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("Error establishing a database connection", "If this lasts, contact maintenance."),
        ("Shop", "Error establishing a database connection. Is the host under maintenance?"),
        ("Too many requests", "See the status page for scheduled maintenance."),
        ("", "Too many requests. See the status page for scheduled maintenance."),
        ("Backend fetch failed", "Wartung: support@hoster.example"),
        ("Service Unavailable", "Please contact maintenance@host.example about it."),
        ("", "Service Unavailable, please contact maintenance@host.example"),
        ("Bad gateway", "Volvemos"),
        ("Service Unavailable", "The search index is being updated."),
        ("", "Service Unavailable, the cache is being upgraded"),
        ("503", "Serviço indisponível. Tente novamente em breve."),
        ("503", "A szolgáltatás nem érhető el. Próbálja újra hamarosan."),
    ],
)
def test_a_failure_is_one_whomever_its_page_says_to_ask_about_maintenance(
    named: str, said: str
) -> None:
    for source in (
        f"<title>{named}</title><p>{said}</p>",
        f"<h1>{named}</h1><p>{said}</p>",
        f"{named} {said}",
    ):
        assert judged(503, {}, source, GENERIC)[0] == "server_error"
    assert answers.refusal(503, {}, {"title": named, "message": said}) is None


def test_a_title_and_the_heading_that_repeats_it_are_quoted_once() -> None:
    page = "<title>Maintenance</title><h1>Maintenance</h1>"
    error = answers.no_document(response(page, 503))
    assert error.message == "the store is closed for now: Maintenance"


@pytest.mark.parametrize(
    "product",
    [
        {"id": 7, "coming_soon": True},
        {"name": "Pump", "coming_soon_category": "1"},
        {"maintenance_contract_available": True, "name": "Pump"},
        {"coming_soon": True} | {f"member_{n}": n for n in range(9)},
    ],
)
def test_a_product_that_is_coming_soon_closes_no_shop(product: dict[str, object]) -> None:
    assert answers.document(response(json.dumps(product))) == product


@pytest.mark.parametrize("name", ["maintenance", "maintenanceMode", "coming-soon", "site_offline"])
def test_json_of_few_members_says_that_a_shop_is_closed(name: str) -> None:
    found = answers.refusal(200, {}, {name: True, "message": "Wait"})
    assert found == ("maintenance", "the store is closed for now: Wait")
