"""Papers for people, made from a tenant's evidence and its file: what was done, what is left, and how it can be proved.

`handover` is the sheet for the steps in the vendor's dashboard, `bundle` the account of a bootstrap for an auditor, and
`status` one row a tenant. No tenant is asked anything; the same evidence gives the same bytes.
"""
