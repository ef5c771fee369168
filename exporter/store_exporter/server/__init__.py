"""HTTP: metrics, probe, JSON API, health, reload and the landing page.

    app         which address leads where
    exporter    the running exporter, which `assembly` puts together; `preparing` decides what a
                configuration comes to before it is used
    api         what applications request and report
    pages       pages for browsers
    security    authentication, and what every response has
    process     sockets, connections, logs, the event loop and the process itself

Everything else is one endpoint, or what several of them share.
"""
