"""The least permissions of each of our identities, and what would be refused without each.

The sets depend on the tenant file: what is granted, whether a licence is assigned, whose application it is. They are
Microsoft Graph application permissions; a directory role stands beside them where Entra ID asks for one as well.
"""

from dataclasses import dataclass

from steward.config.model import Elevation, SignIn, Tenant
from steward.wellknown.roles import PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, USER_ADMINISTRATOR


@dataclass(frozen=True)
class Need:
    """A permission, or a wider one that includes it, and what it is for."""

    permission: str
    purpose: str
    wider: tuple[str, ...] = ()

    def is_met_by(self, held: frozenset[str]) -> bool:
        """Return whether a token with these permissions will do."""
        return self.permission in held or any(wider in held for wider in self.wider)


@dataclass(frozen=True)
class RoleNeed:
    """A directory role that Entra ID wants the caller to hold besides its permissions."""

    role_name: str
    template_ids: tuple[str, ...]
    purpose: str


_READ_DIRECTORY = (
    Need(
        "User.Read.All",
        "find the account and the tenant's administrators",
        ("User.ReadWrite.All", "Directory.Read.All"),
    ),
    Need("Group.Read.All", "read the break-glass group and the dashboard's groups", ("Directory.Read.All",)),
    Need("Policy.Read.All", "read conditional access and security defaults, and ask What-If"),
    Need("Organization.Read.All", "read verified domains and licences", ("Directory.Read.All",)),
)


def deploy_needs(tenant: Tenant) -> tuple[Need, ...]:
    """Return what the deploying identity needs for the preflight and the deploy of this tenant."""
    needs = [
        Need("User.ReadWrite.All", "create the account"),
        *_READ_DIRECTORY[1:],
        Need("Policy.ReadWrite.ConditionalAccess", "create the MFA policy"),
    ]
    if tenant.elevation is Elevation.AT_DEPLOY:
        needs.append(Need("RoleManagement.ReadWrite.Directory", "grant Global Administrator until the window's end"))
    else:
        needs.append(
            Need(
                "RoleManagement.Read.Directory",
                "see that another Global Administrator exists",
                ("RoleManagement.ReadWrite.Directory", "Directory.Read.All"),
            )
        )
    if tenant.application.is_own:
        needs.append(
            Need(
                "Application.ReadWrite.OwnedBy",
                "register the application that it will own",
                ("Application.ReadWrite.All",),
            )
        )
    else:
        needs.append(Need("Application.ReadWrite.All", "create the service principal of the vendor's application"))
    if tenant.dashboard:
        needs += [
            Need("AppRoleAssignment.ReadWrite.All", "give the dashboard's roles to their groups"),
            Need(
                "Application.Read.All",
                "assign an application's roles",
                ("Application.ReadWrite.All", "Directory.Read.All"),
            ),
        ]
    return tuple(needs)


def post_apply_needs(tenant: Tenant) -> tuple[Need, ...]:
    """Return what the post-apply identity needs for this tenant, Terraform's refresh included."""
    needs = [
        *_READ_DIRECTORY,
        Need(
            "Application.Read.All",
            "read the application and what it was granted",
            ("Application.ReadWrite.All", "Directory.Read.All"),
        ),
        Need("AppRoleAssignment.ReadWrite.All", "grant application permissions"),
        Need("DelegatedPermissionGrant.ReadWrite.All", "grant and read delegated permissions"),
        Need("RoleManagement.ReadWrite.Directory", "take Global Administrator away"),
        Need("User.EnableDisableAccount.All", "disable the account", ("User.ReadWrite.All",)),
        Need("User.RevokeSessions.All", "end the account's sessions", ("User.ReadWrite.All",)),
        Need("User-PasswordProfile.ReadWrite.All", "replace the password that Terraform's state knows"),
    ]
    if tenant.account.sign_in is SignIn.ALLOWED:
        needs += [
            Need(
                "UserAuthenticationMethod.Read.All",
                "see whether a second factor is enrolled",
                ("UserAuthenticationMethod.ReadWrite.All",),
            ),
            Need(
                "UserAuthMethod-TAP.ReadWrite.All",
                "issue the pass that a second factor is enrolled with",
                ("UserAuthenticationMethod.ReadWrite.All",),
            ),
        ]
    if tenant.account.licences:
        needs.append(Need("LicenseAssignment.ReadWrite.All", "assign the account's licences", ("User.ReadWrite.All",)))
    return tuple(needs)


POST_APPLY_ROLES = (
    RoleNeed(
        "User Administrator",
        (USER_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR),
        "an application may write a password only with this role as well",
    ),
)
