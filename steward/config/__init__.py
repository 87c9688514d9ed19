"""Tenant files: YAML in, frozen typed values out.

`load_tenant` reads one file, `load_tenants` several and compares them with each other; both raise `ConfigError`
with file and line. `Tenant` is the value that everything else takes.
"""
