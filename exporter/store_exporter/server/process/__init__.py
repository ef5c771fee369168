"""The process: its sockets and connections, logs, event loop, garbage collection and OTLP push."""
