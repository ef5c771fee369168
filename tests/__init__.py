"""The tests; a package so that `tests.servers` is this one and never another distribution's."""
