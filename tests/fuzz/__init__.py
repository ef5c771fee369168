"""Anything that comes from elsewhere; `STORE_EXPORTER_FUZZ=5000` makes a long run of it."""

import os

EXAMPLES = int(os.environ.get("STORE_EXPORTER_FUZZ", "60"))
