"""A GraphQL API: documents out of files, connections, and a rate limit of points."""
