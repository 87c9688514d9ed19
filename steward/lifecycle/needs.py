"""The least permissions of each of our identities, when each is needed, and what for.

They are Microsoft Graph application permissions; a directory role stands beside them where Entra ID asks for one as
well. The documentation's tables are made from this module.
"""

from collections.abc import Callable
from dataclasses import dataclass

from steward.config.model import Elevation, SignIn, Tenant
from steward.wellknown.roles import PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, USER_ADMINISTRATOR


@dataclass(frozen=True)
class When:
    """A condition on the tenant file, in words and as a test."""

    words: str
    holds: Callable[[Tenant], bool]


ALWAYS = When("always", lambda _: True)
AT_DEPLOY = When("`elevation: at_deploy`", lambda tenant: tenant.elevation is Elevation.AT_DEPLOY)
NOT_AT_DEPLOY = When("`elevation: none`", lambda tenant: tenant.elevation is not Elevation.AT_DEPLOY)
OWN = When("own registration", lambda tenant: tenant.application.is_own)
VENDORS = When("`application.client_id`", lambda tenant: not tenant.application.is_own)
DASHBOARD = When("`dashboard`", lambda tenant: bool(tenant.dashboard))
SIGN_IN = When("`sign_in: allowed`", lambda tenant: tenant.account.sign_in is SignIn.ALLOWED)
LICENCES = When("`account.licences`", lambda tenant: bool(tenant.account.licences))


@dataclass(frozen=True)
class Need:
    """A permission, what it is for and when; `wider` names permissions that include it."""

    permission: str
    purpose: str
    when: When = ALWAYS
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


_READS = (
    Need("Group.Read.All", "read the break-glass group and the dashboard's groups", wider=("Directory.Read.All",)),
    Need("Policy.Read.All", "read conditional access and security defaults, and ask What-If"),
    Need("Organization.Read.All", "read verified domains and licences", wider=("Directory.Read.All",)),
)

DEPLOY_NEEDS = (
    Need("User.ReadWrite.All", "create the account"),
    *_READS,
    Need("Policy.ReadWrite.ConditionalAccess", "create the MFA policy"),
    Need("RoleManagement.ReadWrite.Directory", "grant Global Administrator until the window's end", AT_DEPLOY),
    Need(
        "RoleManagement.Read.Directory",
        "see that another Global Administrator exists",
        NOT_AT_DEPLOY,
        wider=("RoleManagement.ReadWrite.Directory", "Directory.Read.All"),
    ),
    Need(
        "Application.ReadWrite.OwnedBy",
        "register the application that it will own",
        OWN,
        wider=("Application.ReadWrite.All",),
    ),
    Need("Application.ReadWrite.All", "create the service principal of the vendor's application", VENDORS),
    Need("AppRoleAssignment.ReadWrite.All", "give the dashboard's roles to their groups", DASHBOARD),
    Need(
        "Application.Read.All",
        "assign an application's roles",
        DASHBOARD,
        wider=("Application.ReadWrite.All", "Directory.Read.All"),
    ),
)

POST_APPLY_NEEDS = (
    Need(
        "User.Read.All",
        "find the account, the tenant's administrators and other accounts",
        wider=("Directory.Read.All",),
    ),
    *_READS,
    Need(
        "Application.Read.All",
        "read the application and what it was granted",
        wider=("Application.ReadWrite.All", "Directory.Read.All"),
    ),
    Need("AppRoleAssignment.ReadWrite.All", "grant application permissions"),
    Need("DelegatedPermissionGrant.ReadWrite.All", "grant and read delegated permissions"),
    Need("RoleManagement.ReadWrite.Directory", "take Global Administrator away"),
    Need("User.EnableDisableAccount.All", "disable the account", wider=("User.ReadWrite.All",)),
    Need("User.RevokeSessions.All", "end the account's sessions", wider=("User.ReadWrite.All",)),
    Need("User-PasswordProfile.ReadWrite.All", "replace the password that Terraform's state knows"),
    Need(
        "UserAuthenticationMethod.Read.All",
        "see whether a second factor is enrolled",
        SIGN_IN,
        wider=("UserAuthenticationMethod.ReadWrite.All",),
    ),
    Need(
        "UserAuthMethod-TAP.ReadWrite.All",
        "issue the pass that a second factor is enrolled with",
        SIGN_IN,
        wider=("UserAuthenticationMethod.ReadWrite.All",),
    ),
    Need("LicenseAssignment.ReadWrite.All", "assign the account's licences", LICENCES, wider=("User.ReadWrite.All",)),
)

POST_APPLY_ROLES = (
    RoleNeed(
        "User Administrator",
        (USER_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR),
        "an application may write a password only with this role as well",
    ),
)

PLAN_NEEDS = (
    Need("User.Read.All", "read the account", wider=("User.ReadWrite.All", "Directory.Read.All")),
    Need("Group.Read.All", "read the break-glass group and the dashboard's groups", wider=("Directory.Read.All",)),
    Need("Policy.Read.All", "read the MFA policy"),
    Need(
        "RoleManagement.Read.Directory",
        "read the role assignment while it is in the state",
        AT_DEPLOY,
        wider=("RoleManagement.ReadWrite.Directory", "Directory.Read.All"),
    ),
    Need(
        "Application.Read.All",
        "read the application, its service principal and their owners",
        wider=("Application.ReadWrite.All", "Directory.Read.All"),
    ),
)


def deploy_needs(tenant: Tenant) -> tuple[Need, ...]:
    """Return what the deploying identity needs for the preflight and the deploy of this tenant."""
    return tuple(need for need in DEPLOY_NEEDS if need.when.holds(tenant))


def post_apply_needs(tenant: Tenant) -> tuple[Need, ...]:
    """Return what the post-apply identity needs for this tenant, Terraform's refresh included."""
    return tuple(need for need in POST_APPLY_NEEDS if need.when.holds(tenant))


def plan_needs(tenant: Tenant) -> tuple[Need, ...]:
    """Return what an identity needs that plans this tenant's stack and writes nothing."""
    return tuple(need for need in PLAN_NEEDS if need.when.holds(tenant))


def render_needs() -> str:
    """Return the documentation's tables of the identities, in Markdown."""
    lines: list[str] = []
    for title, needs in (
        ("Deploying identity", DEPLOY_NEEDS),
        ("Post-apply identity", POST_APPLY_NEEDS),
        ("Plan-only identity", PLAN_NEEDS),
    ):
        lines += [f"### {title}", "", "| permission | needed | to |", "| --- | --- | --- |"]
        lines += [f"| `{need.permission}` | {need.when.words} | {need.purpose} |" for need in needs]
        lines.append("")
    lines += [
        f"The post-apply identity holds the directory role {role.role_name} as well: {role.purpose}."
        for role in POST_APPLY_ROLES
    ]
    return "\n".join(lines)
