"""Real servers for tests: Prometheus, Alertmanager, VictoriaMetrics, PostgreSQL, promtool, amtool.

`scripts/tools` puts the programs into .tools/bin; a test that needs a missing one is skipped, and
pytest's summary names what was missing. Every server listens on a loopback port that the system
chose, keeps its files in the folder given, is ready when handed over, and is ended (it and no other
process) afterwards. When one does not start, the error ends with the last lines of its log.

In a test, take a factory from tests/conftest.py; mark the test `real`:

    @pytest.mark.real
    def test_prometheus_reads_our_page(prometheus: PrometheusFactory) -> None:
        server = prometheus(f'''
            scrape_configs:
              - job_name: ours
                scrape_interval: 100ms
                static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
        ''')
        eventually(lambda: server.query("up"), lambda found: found == [({...}, 1.0)])

Factories: `prometheus(config, *flags)`, `alertmanager(config, *flags)`, `victoria_metrics(*flags)`.
Native histograms, the remote-write receiver and reloading are on in Prometheus. Debian builds it
without the OTLP receiver; VictoriaMetrics has one at /opentelemetry/v1/metrics. For one server per
module or session use the context managers of the same names below, with a folder from
`tmp_path_factory`.

A program: `subprocess.run([tool("promtool"), "check", "metrics"], ...)`.
"""

from __future__ import annotations

from tests.servers.postgresql import Postgresql, postgresql
from tests.servers.process import (
    Server,
    StartError,
    eventually,
    missing_tools,
    pause,
    running,
    tool,
)
from tests.servers.programs import (
    AlertmanagerFactory,
    PrometheusFactory,
    VictoriaMetricsFactory,
    alertmanager,
    prometheus,
    victoria_metrics,
)

__all__ = [
    "AlertmanagerFactory",
    "Postgresql",
    "PrometheusFactory",
    "Server",
    "StartError",
    "VictoriaMetricsFactory",
    "alertmanager",
    "eventually",
    "missing_tools",
    "pause",
    "postgresql",
    "prometheus",
    "running",
    "tool",
    "victoria_metrics",
]
