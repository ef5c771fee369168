"""Dashboards, recording rules, alerts and their documentation as code, from the metric catalogue.

    names         the names by which alerts and dashboards refer to each other
    policy        every threshold, window, label and address, in one place
    promql        selectors and expressions from metrics of the catalogue
    go_templates  parts of the templates of alerts and messages
    model         what a rule, an alert and a runbook are
    series        names of recorded series
    wide          figures of many stores together, recorded for graphs of weeks
    objectives    what a service level objective is
    rules         recording rules: `recording` what panels and alerts read, `slo` objectives,
                  `seasonal` what is normal at this hour of the week, `costs` what an hour brings,
                  `surges` refunds and abandoned carts, `longterm` figures to keep for years
    alerts        one module per subject
    messages      `alertmanager` routes and times, `inhibition`; `receivers`, `slack`, `mail` and
                  `chat` its messages, which say what `texts` has and lead where `links` allows
    dashboards    `pages` one module per dashboard, made of `panels`, `columns` and `values`;
                  `drawing` Grafana's JSON of them
    documentation pages and sections that are made: `runbook`, `reference`, `sections`
    files         all of it as files, for `store-exporter generate`

Nothing here names a metric as text: a metric renamed in the catalogue is renamed in
every query, panel, alert and page.
"""
