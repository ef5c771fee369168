"""Authentication of requests: OAuth 1.0a, OAuth 2.0, and the claims of JSON web tokens."""
