"""HTTP: metrics, probe, JSON API, health, reload and the landing page.

    app         the routes
    exporter    the running exporter, which `assembly` creates; `preparing` prepares a configuration
                before it is used, and `watching` has the stores of this process
    api         what applications request and report
    pages       pages for browsers
    security    authentication, and what every response has
    process     sockets, connections, logs, the event loop and the process itself

Every other module is one endpoint, or is shared by several endpoints.
"""
