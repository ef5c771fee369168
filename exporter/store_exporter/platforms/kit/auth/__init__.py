"""How a request proves who sends it: OAuth 1.0a, OAuth 2.0 and what a JSON web token says."""
