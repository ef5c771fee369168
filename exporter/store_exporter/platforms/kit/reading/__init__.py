"""Reading what stores send: every value has the type that it should have, or the error says so."""
