"""Models of the configuration's keys: the file, platforms, receivers and the web file."""
