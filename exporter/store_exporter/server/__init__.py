"""HTTP: metrics, probe, JSON API, health, reload and the landing page.

    app         which address leads where
    exporter    the running exporter, which `assembly` puts together
    api         what applications ask for and report
    pages       what people look at in a browser
    security    who may come in, and what every answer has
    process     sockets, connections, logs, the event loop and the process itself

Everything else is one endpoint, or what several of them share.
"""
