"""The library: a tenant file in, a proven and guarded service account out.

`config` reads tenant files, `graph` and `terraform` do the input and output, `lifecycle` decides,
`evidence` records. Nothing here reads the environment or prints; that is left to `scripts`.
"""
