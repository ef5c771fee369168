"""One class, one name: a name that two classes have says nothing in a traceback or a search.

What documentation, messages and docstrings name is there: modules, keys, functions, labels.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.test_docs import pages


def narrows(node: ast.ClassDef) -> bool:
    """Whether a class is another folder's class of the same name for one platform.

    Its first line says so, as in `class Api(connection.Api)`.
    """
    bases = (base.value if isinstance(base, ast.Subscript) else base for base in node.bases)
    return any(isinstance(base, ast.Attribute) and base.attr == node.name for base in bases)


def test_no_class_name_is_defined_twice(repository: Path) -> None:
    package = repository / "exporter/store_exporter"
    defined: dict[str, set[str]] = defaultdict(set)
    for file in package.rglob("*.py"):
        module = file.relative_to(package).parts
        platform = module[0] == "platforms" and len(module) > 2 and module[1] != "kit"
        # What stands in the same place of two platforms is the same part of each.
        place = "/".join(("<name>", *module[2:]) if platform else module)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not narrows(node):
                defined[node.name].add(place)
    twice = {name: sorted(places) for name, places in defined.items() if len(places) > 1}
    assert not twice, f"rename one of each, or put it where other platforms have theirs: {twice}"


def test_every_module_that_is_written_of_exists(repository: Path) -> None:
    package, tests = repository / "exporter/store_exporter", repository / "tests"
    names = {file.name for folder in (package, tests) for file in folder.rglob("*.py")}
    missing = {
        f"{file.relative_to(package)}: {mention}"
        for file in package.rglob("*.py")
        for mention in re.findall(r"`([\w/<>.]+\.py)`", file.read_text("utf-8"))
        if mention.rpartition("/")[2] not in names
    }
    assert not missing, f"name what is there: {missing}"


NAME = re.compile(r"(?<![\w./:$%{=-])[a-z]+(?:_[a-z0-9]+)+(?![\w./:=-])")
"""A name of several words, which no sentence has otherwise."""

FOREIGN = {
    "Prometheus, Alertmanager and Grafana": (
        "alertmanager_notification always_scrape_classic_histograms auto_assign_org "
        "auto_assign_org_role clamp_max count_values evaluation_interval exported_org "
        "external_labels file_sd group_left group_right histogram_count histogram_fraction http_sd "
        "process_max_fds process_open_fds quantile_over_time rule_files sample_limit "
        "scrape_configs scrape_timeout target_info write_relabel_configs"
    ),
    "OpenTelemetry": "metric_expiration service_instance_id service_name",
    "databases and systemd": (
        "cache_size data_version integrity_check journal_mode locking_mode pg_try_advisory_lock "
        "pool_mode sd_listen_fds sd_notify sqlite_schema"
    ),
    "web servers, frameworks and libraries": (
        "insufficient_scope invalid_token on_connection_create_end on_connection_create_start "
        "on_startup post_fork raise_for_status reveal_type s_client worker_exit worker_init "
        "worker_shutdown"
    ),
    "answers of Slack and PagerDuty": "channel_is_archived invalid_payload no_service",
    "shops and their plugins": (
        "cash_on_delivery_cod coupon_email coupon_expired coupon_maximum_spend "
        "coupon_minimum_spend coupon_scheduled coupon_unknown coupon_unpublished "
        "coupon_usage_limit coupon_usage_limit_per_user error_code gift_card local_pickup "
        "manage_woocommerce post_modified product_status sanitize_key shopify_store_credit "
        "total_count total_pages total_weight unauthenticated_read_checkouts "
        "unauthenticated_read_product_listings unauthenticated_write_checkouts "
        "wc_get_price_decimals woocommerce_rest_orders_prepare_object_query"
    ),
    "applications": (
        "http_request_failed invalid_json max_redirect timeout_error woocommerce_usage_metrics"
    ),
    "explanations, of what is not there": "by_slot out_of_stok store_orders",
}
"""Names of other software that texts mention, by whose they are."""


def named(module: ast.Module) -> Iterator[str]:
    """What a module defines or uses by name, and its strings of one word."""
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.arg(arg=str(name)) | ast.keyword(arg=str(name)):
                yield name
            case ast.Constant(value=str(text)) if " " not in text:
                yield from re.findall(r"\w+", text)
            case ast.ImportFrom(module=str(name)) | ast.alias(name=name):
                yield from name.split(".")


def prose(module: ast.Module) -> Iterator[str]:
    """The docstrings of a module, and its messages."""
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def code_in(page: str) -> Iterator[str]:
    """What is marked as code in the sentences of a page."""
    yield from re.findall("`([^`\n]+)`", re.sub("(?ms)^```.*?^```$", "", page))


def definitions(folder: Path) -> Iterator[str]:
    """The modules of a folder, with their functions and classes."""
    for file in folder.rglob("*.py"):
        yield file.stem
        yield from re.findall(r"(?m)^ *(?:async )?(?:def|class) (\w+)", file.read_text("utf-8"))


def test_every_name_that_is_written_of_exists(repository: Path) -> None:
    package = repository / "exporter/store_exporter"
    modules = {file: ast.parse(file.read_text("utf-8")) for file in package.rglob("*.py")}
    known = {name for module in modules.values() for name in named(module)}
    for folder in ("exporter", "tests"):
        known |= set(definitions(repository / folder))
    for queries in package.rglob("*.graphql"):
        known |= set(re.findall(r"\w+", queries.read_text("utf-8")))
    texts = {file: prose(module) for file, module in modules.items()}
    texts |= {page: code_in(page.read_text("utf-8")) for page in pages(repository)}
    mentioned: dict[str, set[str]] = defaultdict(set)
    for file, found in texts.items():
        for name in NAME.findall("\n".join(found)):
            if name not in known:
                mentioned[name].add(str(file.relative_to(repository)))
    foreign = set(" ".join(FOREIGN.values()).split())
    unknown = {name: sorted(files) for name, files in mentioned.items() if name not in foreign}
    assert not unknown, f"correct these, or add those of other software to FOREIGN: {unknown}"
    gone = foreign - mentioned.keys()
    assert not gone, f"remove from FOREIGN what no text mentions: {gone}"
