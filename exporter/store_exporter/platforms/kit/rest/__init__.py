"""REST APIs: requests for resources and lists in numbered pages, and the meaning of responses."""
