"""grafana-foundation-sdk under the names used here.

Importing its classic schema causes a warning that v2 is preferred. Grafana's file provisioning does
not read v2 reliably yet, so this module uses the classic schema and suppresses the warning.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Prefer using dashboardv2", DeprecationWarning)
    from grafana_foundation_sdk.builders import (
        bargauge,
        heatmap,
        prometheus,
        stat,
        statetimeline,
        table,
        timeseries,
    )
    from grafana_foundation_sdk.builders import common as build_common
    from grafana_foundation_sdk.builders import dashboard as build
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models import dashboard as model
    from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
    from grafana_foundation_sdk.models.prometheus import PromQueryFormat

__all__ = [
    "DATASOURCE",
    "HeatmapColorMode",
    "JSONEncoder",
    "PromQueryFormat",
    "bargauge",
    "build",
    "build_common",
    "common",
    "heatmap",
    "model",
    "prometheus",
    "stat",
    "statetimeline",
    "table",
    "timeseries",
]

DATASOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
"""The Prometheus server that the dashboard's variable `datasource` names."""
