"""Identifiers that have to come out the same whoever computes them, and on whichever machine.

App role ids are derived from the tenant and the role's name, so that a plan knows them before the
application exists and changing one role leaves the others' assignments alone.
"""

from uuid import UUID, uuid5

_NAMESPACE = UUID("5b0c7f5e-8b4f-5d0a-9c62-3f1a5d9b7e11")


def derive_app_role_id(tenant_id: str, role: str) -> str:
    """Return the id of the app role named `role` on the tenant's own application."""
    return str(uuid5(_NAMESPACE, f"{tenant_id.lower()}/app-role/{role}"))
