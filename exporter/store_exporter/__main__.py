"""`python -m store_exporter`."""

from .cli import main

raise SystemExit(main())
