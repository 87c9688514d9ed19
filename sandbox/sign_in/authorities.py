"""Which tenant an authority names: by its id, by a verified domain, or, with `common` and `organizations`, by nothing.

Where the authority names none, the user's login or the code in the request tells the tenant.
"""

from collections.abc import Callable

from sandbox.identifiers import is_uuid
from sandbox.sign_in.refusals import SignInError
from sandbox.tenant import Tenant, Tenants

SHARED = frozenset({"common", "organizations"})


def require_tenant(tenants: Tenants, name: str) -> Tenant:
    """Find the tenant of an authority by id or verified domain, or refuse."""
    tenant = tenants.find(name)
    if tenant is not None:
        return tenant
    if name in SHARED:
        text = "No tenant-identifying information found in either the request or implied by any provided credentials."
        raise SignInError(50059, text)
    if not is_uuid(name) and "." not in name:
        text = f"Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain."
        raise SignInError(900023, text)
    text = (
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud."
    )
    raise SignInError(90002, text)


def find_tenant(tenants: Tenants, name: str, holds: Callable[[Tenant], bool]) -> Tenant:
    """Find the tenant of an authority, or under a shared one the tenant that holds what the request brings."""
    if name not in SHARED:
        return require_tenant(tenants, name)
    return next((each for each in tenants if holds(each)), None) or require_tenant(tenants, name)


def tenant_of_login(tenants: Tenants, login: str) -> Tenant | None:
    """Find the tenant that a login's domain belongs to."""
    return tenants.find(login.rpartition("@")[2])
