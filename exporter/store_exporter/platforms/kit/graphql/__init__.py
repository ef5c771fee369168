"""GraphQL APIs: documents from files, connections, and a rate limit in points."""
