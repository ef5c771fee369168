"""`/api/v1`, OTLP and the predecessor's addresses: what applications request and report."""
