"""The whole life of an account against a sandbox, run with the same commands that a user runs."""
