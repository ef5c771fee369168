"""The predecessor's table of calls, row by row, turned into a past of today's metrics."""
