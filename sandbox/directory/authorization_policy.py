"""The tenant's authorization policy: what members and guests may do without any role.

Starting values are those of a new tenant (learn.microsoft.com,
"authorizationPolicy resource type", read November 2026).
"""

from collections.abc import Mapping
from typing import Any

from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory
from sandbox.errors import bad_request

_GUEST_WITH_LIMITS = "10dae51f-b6af-4016-8d66-8c2a99b929b3"
_GUEST_ROLES = frozenset(
    {_GUEST_WITH_LIMITS, "2af84b1e-32c8-42b7-82bc-daa82404023b", "a0b1b346-4d3e-4e8b-98f8-753987be4970"}
)


def establish(directory: Directory) -> None:
    """Give a new tenant its policy."""
    directory.authorization_policy = {
        "id": "authorizationPolicy",
        "allowEmailVerifiedUsersToJoinOrganization": False,
        "allowInvitesFrom": "everyone",
        "allowUserConsentForRiskyApps": None,
        "allowedToSignUpEmailBasedSubscriptions": True,
        "allowedToUseSSPR": True,
        "blockMsolPowerShell": False,
        "defaultUserRolePermissions": {
            "allowedToCreateApps": True,
            "allowedToCreateSecurityGroups": True,
            "allowedToCreateTenants": True,
            "allowedToReadBitlockerKeysForOwnedDevice": True,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-legacy"],
        },
        "description": "Used to manage authorization related settings across the company.",
        "displayName": "Authorization Policy",
        "guestUserRoleId": _GUEST_WITH_LIMITS,
    }


def change(directory: Directory, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties; the permissions of members are merged."""
    policy = directory.authorization_policy
    role_id = body.get("guestUserRoleId")
    if role_id is not None and role_id not in _GUEST_ROLES:  # one of three roles, nothing else
        raise bad_request("Invalid value specified for property 'guestUserRoleId' of resource 'AuthorizationPolicy'.")
    for name, value in body.items():
        if name == "defaultUserRolePermissions":
            policy[name] = {**policy[name], **value}
        elif "@odata." not in name:
            policy[name] = value
    record_change(
        directory,
        caller,
        "Update authorization policy",
        category="AuthorizationPolicy",
        operation="Update",
        targets=[target("Policy", policy)],
    )
