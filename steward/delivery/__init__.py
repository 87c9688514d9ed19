"""From a tenant file to what is applied: a plan in a file, known by its hash, and that very file applied.

`planning` makes the plan and the manifest beside it, `applying` admits it and applies it, `changes` says which tenants
a change is about. `scripts/plan.py`, `scripts/apply.py` and `scripts/changed_tenants.py` call them, at a workstation
and in a pipeline alike.
"""
