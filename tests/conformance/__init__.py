"""What every platform must do, on its simulated store or on a real one.

By default each platform's simulated store is asked, over a loopback socket. Two variables point
the same tests at a real store instead:

    STORE_EXPORTER_CONFORMANCE_URL=https://shop.example.com
    STORE_EXPORTER_CONFORMANCE_CREDENTIALS=ck_...:cs_...

The platform is the one whose credentials look like these. Nothing is changed in a real store, not
even a cart, unless STORE_EXPORTER_CONFORMANCE_WRITE=1; an order is cancelled only if
STORE_EXPORTER_CONFORMANCE_ORDER names it. STORE_EXPORTER_CONFORMANCE_CA_FILE is a PEM file with
further trusted issuers. A test for which the store has no data is skipped and says so.
"""
