"""The store operations as data: what each does, what it takes and what it returns.

    operations    the operations, the same on every platform
    operation     what a specification consists of
    results       what operations return
    sessions      a shopper's cart over several calls

Everything that lists operations reads `operations`: the catalogue of metrics, the platforms'
clients, the command line and docs/operations.md. Importing it costs little, as the recorder does so
too: results are imported by those who make them.
"""
