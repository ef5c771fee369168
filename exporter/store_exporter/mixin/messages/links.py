"""The links of a message: to the platform's own tools, or to those of an org.

Alertmanager, Prometheus and the exporter show every org, so a merchant's message never links to
them. It links to the Grafana and the runbooks that the configuration names for the org; if it names
none, the message has no links.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..go_templates import each, when
from ..names import Dashboard, Dashboards

MAX_URL = 3_000
"""The most characters of an address; Slack refuses longer ones."""

MOST_STORES = 30
"""The most stores that the address of a dashboard names."""


@dataclass(frozen=True, slots=True)
class ReceiverLinks:
    """The tools that a receiver's messages may link to.

    Attributes:
        grafana: address of the org's own Grafana, without a final slash; empty for none.
        runbooks: address under which the runbooks are public; empty for none.
        tools: whether the receiver is the platform's, with links to its tools and annotations.
    """

    grafana: str = ""
    runbooks: str = ""
    tools: bool = False


PLATFORM = ReceiverLinks(tools=True)
NOWHERE = ReceiverLinks()


@dataclass(frozen=True, slots=True)
class Link:
    """The template of an address, and the condition under which there is one."""

    url: str
    condition: str

    def when(self, text: str) -> str:
        """A text that is shown only if there is a link."""
        return when(self.condition, text)

    def template(self) -> str:
        """The address, or nothing."""
        return self.when(self.url)


_ALERTS = "(or .Alerts.Firing .Alerts)"
_FIRST = f"(index {_ALERTS} 0)"
"""What a message links to: if some of its alerts ended, those that still fire."""
_FIRING = 'eq .Status "firing"'

# Alertmanager's page does not decode + in the part after #, so a space must be %20.
_VALUE = (
    'reReplaceAll "\\\\+" "%20" (. | printf "%.200s" | reReplaceAll "([\\\\\\"])" "\\\\$1"'
    ' | reReplaceAll "\\n" "\\\\n" | urlquery)'
)


def _silence() -> str:
    """The address of a new silence for the only alert that fires, or for several alerts' labels.

    The template makes the whole address, because HTML templates escape values within an address
    again.
    """
    matchers = "".join(
        f'{{{{ with $labels.{label} }}}}{{{{ $url = printf "%s{before}{label}%%3D%%22%s%%22"'
        f" $url ({_VALUE}) }}}}{{{{ end }}}}"
        for label, before in (
            ("alertname", ""),
            *((label, "%%2C%%20") for label in ("domain", "instance", "org")),
        )
    )
    labels = (
        "{{ $labels := .CommonLabels }}{{ if eq (len .Alerts.Firing) 1 }}"
        f"{{{{ $labels = {_FIRST}.Labels }}}}{{{{ end }}}}"
    )
    begun = '{{ $url := printf "%s/#/silences/new?filter=%%7B" .ExternalURL }}'
    return f'{labels}{begun}{matchers}{{{{ printf "%s%%7D" $url }}}}'


_HOUR, _QUARTER = 3_600 * 10**9, 900 * 10**9
# Go's durations are in nanoseconds. An address without a query gets an empty one, because HTML
# templates allow no condition at the start of a query.
_WITH_QUERY = 'reReplaceAll "^([^?]*)$" "${1}?"'
_TIMES = f"{{{{ $from := {_FIRST}.StartsAt }}}}{{{{ $to := {_FIRST}.EndsAt }}}}" + each(
    _ALERTS,
    when(".StartsAt.Before $from", "{{ $from = .StartsAt }}")
    + when(".EndsAt.After $to", "{{ $to = .EndsAt }}"),
)
_RANGE = f"&from={{{{ ($from.Add -{_HOUR}).UnixMilli }}}}&to=" + when(
    _FIRING, "now", f"{{{{ ($to.Add {_QUARTER}).UnixMilli }}}}"
)
"""From an hour before the first alert to now, or to a quarter of an hour after the last one."""
_LENGTH = len("?&from=1234567890123&to=1234567890123")
"""The time range that is added to a dashboard's address."""


def of(links: ReceiverLinks) -> dict[str, Link]:
    """The links of a receiver's messages, by their labels."""
    if links.tools:
        return {
            "Runbook": _annotated("Annotations.runbook_url", f"({_FIRING})"),
            "Dashboard": _dashboard(),
            "Silence": Link(_silence(), _FIRING),
            "Query": _annotated("GeneratorURL"),
            "Alerts": Link(
                "{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}", "true"
            ),
        }
    found = {}
    if links.runbooks:
        name = "{{ .CommonLabels.alertname | urlquery }}"
        found["Runbook"] = Link(
            f"{links.runbooks}/{name}", f'and ({_FIRING}) (match "^Store" .CommonLabels.alertname)'
        )
    if links.grafana:
        pages = [page for page in vars(Dashboards).values() if isinstance(page, Dashboard)]
        uids = "|".join(page.uid for page in pages if page.for_orgs)
        url = f"{_FIRST}.Annotations.dashboard_url"
        ours = f'{url} | reReplaceAll "^[^?]*/d/" "{links.grafana}/d/"'
        found["Dashboard"] = Link(
            _of_all(ours),
            f'match "^https?://[^\\\\s<>\\"?]+/d/({uids})([?][^\\\\s<>\\"]*)?$" {url}',
        )
    return found


def _dashboard() -> Link:
    found = _annotated("Annotations.dashboard_url", longest=MAX_URL - _LENGTH)
    return Link(_of_all(f"{_FIRST}.Annotations.dashboard_url"), found.condition)


def _of_all(url: str) -> str:
    """The address of a dashboard with every store of a message, and the time of its alerts.

    The alerts of a message have the same name, so they link to the same page. If they are about
    several stores, these are added to the address of the first alert. With more than `MOST_STORES`
    the address names no store, so the page shows all. So it does if they are about several
    platforms or processes.
    """
    every = '{{ $url = reReplaceAll "var-%s=[^&]*&?" "" $url }}'
    several = "".join(
        when(f"not .CommonLabels.{label}", every % label)
        for label in ("org", "platform", "job", "instance")
    )
    is_new = f'and (lt (len $url) {MAX_URL - 500}) (not (match (printf "%s(&|$)" $one) $url))'
    stores = each(
        _ALERTS,
        '{{ $one := printf "var-domain=%s" (.Labels.domain | urlquery) }}'
        + when(is_new, '{{ $url = printf "%s&%s" $url $one }}'),
    )
    stores = when(f"gt (len {_ALERTS}) {MOST_STORES}", every % "domain", stores)
    several += when(f"{_FIRST}.Labels.domain", stores)
    several = when(f"gt (len {_ALERTS}) 1", several)
    return f"{{{{ $url := {url} | {_WITH_QUERY} }}}}{several}{_TIMES}{{{{ $url }}}}{_RANGE}"


def _annotated(field: str, more: str = "", *, longest: int = MAX_URL) -> Link:
    """An address in an annotation of the first alert, if Slack accepts it."""
    value = f"{_FIRST}.{field}"
    is_url = f'(match "^https?://[^\\\\s<>\\"]+$" {value}) (lt (len {value}) {longest})'
    return Link(f"{{{{ {value} }}}}", f"and {more} {is_url}" if more else f"and {is_url}")
