"""Every path by which the account still holds a privileged role; none at all is the promise kept."""

from steward.facts import RoleHolding, RoleHoldings
from steward.wellknown.roles import find_directory_role


def privileged(holdings: RoleHoldings) -> tuple[RoleHolding, ...]:
    """Return the holdings of roles that count as privileged."""
    return tuple(entry for entry in holdings.held if is_privileged(entry.role_template_id))


def describe(holding: RoleHolding) -> str:
    """Return role and path in words."""
    return f"{holding.role_name} ({holding.path})"


def is_privileged(role_template_id: str) -> bool:
    """Return whether a role counts as privileged; one that is not built in may do anything, and therefore does."""
    role = find_directory_role(role_template_id)
    return role is None or role.is_privileged
