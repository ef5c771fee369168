"""`python -m store_exporter` is `store-exporter`."""

import sys

from .cli import main

sys.exit(main())
