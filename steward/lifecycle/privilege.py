"""Every path by which the account still holds a privileged role; none at all is the promise kept."""

from steward.facts import RoleHolding, RoleHoldings
from steward.wellknown.roles import is_privileged_role


def privileged(holdings: RoleHoldings) -> tuple[RoleHolding, ...]:
    """Return the holdings of roles that count as privileged."""
    return tuple(entry for entry in holdings.held if is_privileged_role(entry.role_template_id))


def is_own(holding: RoleHolding) -> bool:
    """Return whether the account holds it itself, so that it can be taken from it."""
    return holding.assignment_id is not None or holding.role_id is not None or holding.is_scheduled


def describe(holding: RoleHolding) -> str:
    """Return role and path in words."""
    return f"{holding.role_name} ({holding.path})"
