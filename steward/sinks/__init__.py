"""Where a secret goes that somebody has to receive: never the terminal, never a log, never Terraform's state.

One module a kind, chosen by the tenant file through `registry`. What a sink has not taken is set nowhere.
"""
