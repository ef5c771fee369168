"""The pages for browsers: the landing page, calls and runbooks."""
