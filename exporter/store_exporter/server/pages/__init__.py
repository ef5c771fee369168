"""The pages that people look at in a browser: the landing page, calls and runbooks."""
