"""The code that all platforms share. A platform's own folder contains only what differs.

    connection.py  the connection to one store, and the base class of its API
    reading/       JSON read strictly: fields, lists, money, days of the shop's calendar
    auth/          authentication of requests
    rest/          APIs of resources and of lists in numbered pages
    graphql/       documents, connections and a rate limit in points
    operations/    plans of the operations, by subject
    client/        the clients that applications use, and the drivers that run plans for them
    monitoring/    probes, collectors and the checks of `doctor`
    order_book/    counters of orders that count each order once

A folder imports only from the folders above it.
"""
