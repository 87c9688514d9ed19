"""Tenants of a given size, for measuring: users, half as many service principals, and a fifth as many policies.

A thousand users come with 500 service principals and 200 conditional access policies of four kinds, most of which do
not apply to the user whose sign-in is judged.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.control import Control
from sandbox.seed import Seed, SeedApplication, SeedDomain, SeedIdentity, SeedUser

READER = "reader"
_PERMISSIONS = ("Application.Read.All", "Policy.Read.All", "Policy.Read.ConditionalAccess", "User.Read.All")
_KINDS = 4


@dataclass(frozen=True)
class Size:
    """How many users a tenant has beside the few of every tenant; the rest follows from that."""

    users: int

    @property
    def service_principals(self) -> int:
        """Tell the number of applications with a service principal."""
        return self.users // 2

    @property
    def policies(self) -> int:
        """Tell the number of conditional access policies."""
        return self.users // 5


def seed_of(size: Size) -> Seed:
    """Describe a tenant of a size, under names of its own."""
    domain = f"tenant{size.users}.example"
    return Seed(
        tenant_name=f"{size.users} users",
        domains=(SeedDomain(domain, is_initial=True, is_default=True),),
        # Every tenant has the four of the smallest one, so that a page of four can be compared.
        users=tuple(SeedUser(f"user{number}@{domain}", f"User {number}") for number in range(size.users + _KINDS)),
        groups=(),
        identities=(SeedIdentity(READER, _PERMISSIONS),),
        applications=tuple(SeedApplication(f"Application {number}") for number in range(size.service_principals)),
        conditional_access_requests_per_second=None,
    )


def add_policies(control: Control, size: Size) -> None:
    """Add a tenant's policies, as somebody in the portal would."""
    users = list(control.snapshot()["users"])
    for number in range(size.policies):
        control.act("POST", "/v1.0/identity/conditionalAccess/policies", _policy(number, users))


def _policy(number: int, users: list[str]) -> dict[str, Any]:
    included = ["All"] if number % _KINDS == 0 else [users[number % len(users)]]
    return {
        "displayName": f"Policy {number}",
        "state": "disabled" if number % _KINDS == 1 else "enabled",
        "conditions": {
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["browser"] if number % _KINDS == 2 else ["all"],  # noqa: PLR2004 - the third kind
            "users": {"includeUsers": included},
        },
        "grantControls": {"builtInControls": ["mfa"], "operator": "OR"},
    }
