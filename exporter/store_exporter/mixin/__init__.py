"""Dashboards, recording rules, alerts and their documentation as code, from the metric catalogue.

    names         the names by which alerts and dashboards refer to each other
    policy        every threshold, window, label and address, in one place
    promql        selectors and expressions from metrics of the catalogue
    model         what a rule, an alert and a runbook are
    series        names of recorded series
    rules         recording rules; `seasonal` what is normal at this hour of the week, `costs`
                  what an hour brings, `surges` refunds and abandoned carts
    objectives    what a service level objective is
    slo           the rules of the objectives
    alerts        one module per subject
    alertmanager  routes, inhibition, times; `receivers`, `slack` and `mail` its messages, which
                  say what `texts` has and lead where `links` allows
    runbook       a page for each alert
    dashboards    one module per dashboard
    reference     documentation pages; `sections` parts of written ones
    files         all of it as files, for `store-exporter generate`

Nothing here names a metric as text: a metric renamed in the catalogue is renamed in
every query, panel, alert and page.
"""
