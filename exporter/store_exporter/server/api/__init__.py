"""The endpoints for applications: `/api/v1`, OTLP, and the predecessor's addresses."""
