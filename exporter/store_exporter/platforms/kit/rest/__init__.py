"""A REST API: requests for resources and for lists in numbered pages, and what responses mean."""
