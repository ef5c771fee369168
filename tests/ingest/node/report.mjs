// An application that reports by the official OpenTelemetry SDK, as docs/applications.md says.
// Reads steps from its arguments as JSON: each records calls and then flushes.
import { OTLPMetricExporter as Json } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as Proto } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationTemporality, AggregationType, MeterProvider, PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";

const { url, token, protocol, temporality, histogram, steps } = JSON.parse(process.argv[2]);

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const exporter = new (protocol === "json" ? Json : Proto)({
  url: `${url}/v1/metrics`,
  headers: { Authorization: `Bearer ${token}` },
  compression: "gzip",
  temporalityPreference:
    temporality === "delta" ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
});
const provider = new MeterProvider({
  resource: resourceFromAttributes({ "service.name": "shopbot", "service.instance.id": "one" }),
  readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  views:
    histogram === "exponential"
      ? [{ instrumentName: "store.operation.duration",
           aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }]
      : [],
});
const meter = provider.getMeter("shopbot");
const operations = meter.createCounter("store.operations", { unit: "{operation}" });
const errors = meter.createCounter("store.operation.errors", { unit: "{operation}" });
const duration = meter.createHistogram("store.operation.duration", {
  unit: "s",
  advice: { explicitBucketBoundaries: bounds },
});

for (const step of steps) {
  for (const { seconds, error, ...attributes } of step) {
    operations.add(1, attributes);
    duration.record(seconds, attributes);
    if (error) errors.add(1, { ...attributes, "error.type": error });
  }
  await provider.forceFlush();
}
await provider.shutdown();
