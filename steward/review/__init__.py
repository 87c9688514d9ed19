"""Reviews Terraform's plans of tenants: what changes about identity and risk, which rules it breaks, as one comment.

A plan's JSON comes in (`plan`), becomes changes with what each means (`changes`), is judged by the rules, and goes
out as a Markdown comment, JSON, SARIF or a view for the terminal. Nothing here calls a tenant or runs Terraform.
"""
