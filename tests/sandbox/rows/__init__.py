"""One good request for every row of the sandbox's table of routes, by resource."""
