"""How the sandbox's answers slow down as a tenant grows, and how soon it serves: `python -m benchmarks`."""
