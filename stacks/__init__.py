"""What Terraform declares for one tenant: a construct a concern, and the stack that composes them.

Constructs take typed values from `steward.config` and never call the tenant. One stack holds one tenant with
one state, so that a reviewer sees everything in one plan and a fault stays with its tenant.
"""
