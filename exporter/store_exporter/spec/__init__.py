"""The store operations as data: what each does, what it takes and what it returns.

    operations    the operations, the same on every platform
    operation     what a specification consists of
    results       what operations return
    sessions      a shopper's cart over several calls

Everything that lists operations reads `operations`: the metrics catalogue, the platforms' clients,
the command line and docs/operations.md. The recorder imports it too, so it must be cheap to import:
it does not import the results.
"""
