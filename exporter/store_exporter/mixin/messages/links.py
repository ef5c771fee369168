"""Where the links of a message lead: to the platform's own tools, or to those of an org.

Alertmanager, Prometheus and the exporter show every org, so a merchant's message never leads there.
It leads to the Grafana and the runbooks that the configuration names for the org, and nowhere where
it names none.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..names import Dashboard, Dashboards
from .go_templates import when

MAX_URL = 3_000
"""Characters of an address; Slack refuses longer ones."""

MOST_STORES = 30
"""How many stores the address of a dashboard names at most."""


@dataclass(frozen=True, slots=True)
class ReceiverLinks:
    """Whose tools a receiver may be led to.

    Attributes:
        grafana: address of the org's own Grafana, without a final slash; none when empty.
        runbooks: address under which the runbooks are public; none when empty.
        tools: whether it is the platform, whose annotations and tools are linked as they are.
    """

    grafana: str = ""
    runbooks: str = ""
    tools: bool = False


PLATFORM = ReceiverLinks(tools=True)
NOWHERE = ReceiverLinks()


@dataclass(frozen=True, slots=True)
class Link:
    """An address as a template, and the condition under which it is one."""

    url: str
    condition: str

    def when(self, text: str) -> str:
        """A text that is there only when the link is."""
        return when(self.condition, text)

    def template(self) -> str:
        """The address, or nothing."""
        return self.when(self.url)


_FIRST = "(index (or .Alerts.Firing .Alerts) 0)"
"""What a message leads to: where some of its alerts are over, one that goes on."""
_FIRING = 'eq .Status "firing"'

# The page of Alertmanager reads the part after # as it stands, so a space must be %20, not +.
_VALUE = (
    'reReplaceAll "\\\\+" "%20" (. | printf "%.200s" | reReplaceAll "([\\\\\\"])" "\\\\$1"'
    ' | reReplaceAll "\\n" "\\\\n" | urlquery)'
)


def _silence() -> str:
    """The address of a new silence of the one alert that fires, or of what several have in common.

    It is filled in as a whole: in HTML, what is filled in within an address is escaped again.
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
# From an hour before the alert to now, or to a quarter of an hour after its end. Go counts a time's
# differences in nanoseconds. An address without a query gets an empty one: in HTML no condition may
# stand where a query begins.
_WITH_QUERY = 'reReplaceAll "^([^?]*)$" "${1}?"'
_RANGE = (
    f"&from={{{{ ({_FIRST}.StartsAt.Add -{_HOUR}).UnixMilli }}}}&to={{{{ if {_FIRING} }}}}now"
    f"{{{{ else }}}}{{{{ ({_FIRST}.EndsAt.Add {_QUARTER}).UnixMilli }}}}{{{{ end }}}}"
)
_LENGTH = len("?&from=1234567890123&to=1234567890123")
"""Of what is added to a dashboard's address."""


def of(links: ReceiverLinks) -> dict[str, Link]:
    """The links of a receiver's messages, by their labels; `Alerts` is that of the title."""
    if links.tools:
        return {
            "Alerts": Link(
                "{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}", "true"
            ),
            "Runbook": _annotated("Annotations.runbook_url", f"({_FIRING})"),
            "Dashboard": _dashboard(),
            "Silence": Link(_silence(), _FIRING),
            "Query": _annotated("GeneratorURL"),
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
    """The address of the alerts' dashboard."""
    found = _annotated("Annotations.dashboard_url", longest=MAX_URL - _LENGTH)
    return Link(_of_all(f"{_FIRST}.Annotations.dashboard_url"), found.condition)


def _of_all(url: str) -> str:
    """The address of a dashboard that shows every store that a message is about, and its time.

    The alerts of a message have one name, so they lead to one page. Where they are about several
    stores, the first one's address gets the others' as well. Of more than `MOST_STORES` it names
    none, and so shows all.

    Args:
        url: the address that the first alert has, as an expression.
    """
    every = '$url = reReplaceAll "var-%s=[^&]*&?" "" $url'
    others = "".join(
        f"{{{{ if not .CommonLabels.{label} }}}}{{{{ {every % label} }}}}{{{{ end }}}}"
        for label in ("org", "platform")
    )
    is_new = f'and (lt (len $url) {MAX_URL - 500}) (not (match (printf "%s(&|$)" $one) $url))'
    each = (
        '{{ range .Alerts.Firing }}{{ $one := printf "var-domain=%s" (.Labels.domain | urlquery) }}'
        f'{{{{ if {is_new} }}}}{{{{ $url = printf "%s&%s" $url $one }}}}{{{{ end }}}}{{{{ end }}}}'
    )
    others += when(f"gt (len .Alerts.Firing) {MOST_STORES}", f"{{{{ {every % 'domain'} }}}}", each)
    several = f"and (gt (len .Alerts.Firing) 1) {_FIRST}.Labels.domain"
    return f"{{{{ $url := {url} | {_WITH_QUERY} }}}}{when(several, others)}{{{{ $url }}}}{_RANGE}"


def _annotated(field: str, more: str = "", *, longest: int = MAX_URL) -> Link:
    """An address that the first alert carries, if it is one that Slack accepts."""
    value = f"{_FIRST}.{field}"
    is_url = f'(match "^https?://[^\\\\s<>\\"]+$" {value}) (lt (len {value}) {longest})'
    return Link(f"{{{{ {value} }}}}", f"and {more} {is_url}" if more else f"and {is_url}")
