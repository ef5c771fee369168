"""The keys of the configuration: models of the file, of platforms, receivers and the web file."""
