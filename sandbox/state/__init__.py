"""How a tenant is written down: as rows for the state file and the lagging replicas, and whole for export."""
