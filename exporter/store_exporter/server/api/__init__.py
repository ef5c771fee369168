"""`/api/v1`, OTLP and the predecessor's addresses: what applications ask for and report."""
