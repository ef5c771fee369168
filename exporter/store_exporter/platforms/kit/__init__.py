"""The code that all platforms share. A platform's own folder contains only what differs.

    connection.py  what is known of one store for as long as it is used, and the base of its API
    reading/       JSON read strictly: fields, lists, money, days of the shop's calendar
    auth/          how a request proves who sends it
    rest/          an API of resources and of lists in numbered pages
    graphql/       documents, connections and a rate limit of points
    operations/    plans of the operations, subject by subject
    client/        the clients that applications use, and the drivers that run plans for them
    monitoring/    probes, collectors and the checks of `doctor`
    order_book/    what is counted of orders, never twice

A folder imports only from the folders above it.
"""
