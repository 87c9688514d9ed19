"""The least permissions of each of our identities, when each is needed, and what for.

They are Microsoft Graph application permissions; a directory role stands beside them where Entra ID asks for one as
well. The documentation's tables are made from this module.
"""

from collections.abc import Callable
from dataclasses import dataclass

from steward.config.model import Elevation, FirstSignIn, SignIn, Tenant
from steward.wellknown.permissions import MICROSOFT_GRAPH, PermissionKind, find_permission
from steward.wellknown.roles import (
    CONDITIONAL_ACCESS_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    SECURITY_ADMINISTRATOR,
    USER_ADMINISTRATOR,
)


@dataclass(frozen=True)
class When:
    """A condition on the tenant file, in words and as a test, and the service plans of which the tenant has one."""

    words: str
    holds: Callable[[Tenant], bool]
    plans: frozenset[str] = frozenset()

    def is_met_by(self, tenant: Tenant, service_plans: frozenset[str]) -> bool:
        """Return whether it holds for a tenant with these service plans."""
        return self.holds(tenant) and (not self.plans or bool(self.plans & service_plans))


# Either has Privileged Identity Management (learn.microsoft.com, "Microsoft Entra ID Governance licensing
# fundamentals", read November 2026).
_SCHEDULING_PLAN = "AAD_PREMIUM_P2"
GOVERNING_PLANS = frozenset({_SCHEDULING_PLAN, "Entra_Identity_Governance"})


ALWAYS = When("always", lambda _: True)
BY_LATCH = When("`elevation: at_deploy` or `in_window`", lambda tenant: tenant.grants_by_latch)
NOT_BY_LATCH = When("`elevation: scheduled` or `none`", lambda tenant: not tenant.grants_by_latch)
FIRST_SIGN_IN = When(
    "`first_sign_in: dashboard` or `consent: browser`",
    lambda tenant: tenant.first_sign_in is FirstSignIn.DASHBOARD or tenant.consents_in_browser,
)
OWN = When("own registration", lambda tenant: tenant.application.is_own)
VENDORS = When(
    "`application.client_id` with `consent: graph`",
    lambda tenant: not tenant.application.is_own and tenant.declares_principal,
)
DASHBOARD = When("`dashboard`", lambda tenant: bool(tenant.dashboard))
SIGN_IN = When("`sign_in: allowed`", lambda tenant: tenant.account.sign_in is SignIn.ALLOWED)
GOVERNED = When("Entra ID P2 or ID Governance in the tenant", lambda _: True, GOVERNING_PLANS)
LICENCES = When("`account.licences`", lambda tenant: bool(tenant.account.licences))


@dataclass(frozen=True)
class Need:
    """A permission, what it is for and when; `wider` names permissions that include it.

    One to read is included in the one that writes the same things; not where `is_for_bin` says that deleted objects are
    read as well, whose lists take no permission to write ("List deletedItems", learn.microsoft.com).
    """

    permission: str
    purpose: str
    when: When = ALWAYS
    wider: tuple[str, ...] = ()
    is_for_bin: bool = False

    def is_met_by(self, held: frozenset[str]) -> bool:
        """Return whether a token with these permissions will do."""
        writing = self.permission.replace(".Read.", ".ReadWrite.")
        including = self.wider if self.is_for_bin else (writing, *self.wider)
        return any(permission in held for permission in (self.permission, *including))


def leads_to_global_administrator(permission: str) -> bool:
    """Return whether an application with this permission of Microsoft Graph can make itself Global Administrator."""
    known = find_permission(MICROSOFT_GRAPH, permission, PermissionKind.APPLICATION)
    if known is None:
        raise ValueError(f"{permission} is no application permission of Microsoft Graph that is known here")
    return known.escalation is not None


@dataclass(frozen=True)
class RoleNeed:
    """A directory role that Entra ID wants the caller to hold besides its permissions.

    An application needs one only where that is said; a person who is signed in needs those that are for persons.
    """

    role_name: str
    template_ids: tuple[str, ...]
    purpose: str
    is_for_person: bool = False


_READS = (
    Need("Group.Read.All", "read the break-glass group and the dashboard's groups", wider=("Directory.Read.All",)),
    Need("Policy.Read.All", "read conditional access and security defaults, and ask What-If"),
    Need("Organization.Read.All", "read verified domains and licences", wider=("Directory.Read.All",)),
)

DEPLOY_NEEDS = (
    Need("User.ReadWrite.All", "create the account"),
    *_READS,
    Need("Policy.ReadWrite.ConditionalAccess", "create the MFA policy"),
    Need(
        "RoleManagement.ReadWrite.Directory",
        "grant Global Administrator, and take it away at the window's end",
        BY_LATCH,
    ),
    Need(
        "RoleManagement.Read.Directory",
        "see that another Global Administrator exists",
        NOT_BY_LATCH,
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

READ_GOVERNED_GROUPS = (
    Need(
        "PrivilegedEligibilitySchedule.Read.AzureADGroup",
        "see which groups the account is eligible for",
        GOVERNED,
        wider=("PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",),
    ),
    Need(
        "PrivilegedAssignmentSchedule.Read.AzureADGroup",
        "see which groups the account is scheduled for",
        GOVERNED,
        wider=("PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",),
    ),
)

POST_APPLY_NEEDS = (
    Need(
        "User.Read.All",
        "find the account, the tenant's administrators and other accounts",
        wider=("Directory.Read.All",),
        is_for_bin=True,
    ),
    *_READS,
    Need(
        "Application.Read.All",
        "read the application and what it was granted",
        wider=("Application.ReadWrite.All", "Directory.Read.All"),
    ),
    Need("AppRoleAssignment.ReadWrite.All", "grant application permissions, or take back what is not declared"),
    Need("DelegatedPermissionGrant.ReadWrite.All", "grant, read and take back delegated permissions"),
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
    Need("AuditLog.Read.All", "see who signs in and who consents, in the logs", FIRST_SIGN_IN),
    Need("LicenseAssignment.ReadWrite.All", "assign the account's licences", LICENCES, wider=("User.ReadWrite.All",)),
    *READ_GOVERNED_GROUPS,
)

POST_APPLY_ROLES = (
    RoleNeed(
        "User Administrator",
        (USER_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR),
        "an application may write a password only with this role as well",
    ),
)

# What a signed-in person must hold besides: a delegated permission lets nobody do what his own roles do not.
_REGULATES_ROLES = RoleNeed(
    "Privileged Role Administrator",
    (PRIVILEGED_ROLE_ADMINISTRATOR, GLOBAL_ADMINISTRATOR),
    "nobody else gives Global Administrator or takes it away, or grants application permissions",
    is_for_person=True,
)
_WRITES_USERS = RoleNeed(
    "User Administrator",
    (USER_ADMINISTRATOR, GLOBAL_ADMINISTRATOR),
    "the account is created, disabled and given a password with it",
    is_for_person=True,
)
_WRITES_POLICIES = RoleNeed(
    "Conditional Access Administrator",
    (CONDITIONAL_ACCESS_ADMINISTRATOR, SECURITY_ADMINISTRATOR, GLOBAL_ADMINISTRATOR),
    "the MFA policy is created with it",
    is_for_person=True,
)

PLAN_NEEDS = (
    Need("User.Read.All", "read the account", wider=("User.ReadWrite.All", "Directory.Read.All")),
    Need("Group.Read.All", "read the break-glass group and the dashboard's groups", wider=("Directory.Read.All",)),
    Need("Policy.Read.All", "read the MFA policy"),
    Need(
        "RoleManagement.Read.Directory",
        "read the role assignment while it is in the state",
        BY_LATCH,
        wider=("RoleManagement.ReadWrite.Directory", "Directory.Read.All"),
    ),
    Need(
        "Application.Read.All",
        "read the application, its service principal and their owners",
        wider=("Application.ReadWrite.All", "Directory.Read.All"),
    ),
)

TAKE_ROLE = Need("RoleManagement.ReadWrite.Directory", "read the account's roles, and take them away")
END_SESSIONS = Need("User.RevokeSessions.All", "end the account's sessions", wider=("User.ReadWrite.All",))
DISABLE = Need("User.EnableDisableAccount.All", "disable the account", wider=("User.ReadWrite.All",))
DELETE_PASS = Need(
    "UserAuthMethod-TAP.ReadWrite.All",
    "delete the passes that open the account",
    SIGN_IN,
    wider=("UserAuthenticationMethod.ReadWrite.All",),
)
_FIND_ACCOUNT = Need(
    "User.Read.All",
    "find the account, the tenant's administrators and other accounts",
    wider=("Directory.Read.All", "User.ReadWrite.All"),
)
_READ_GROUPS = Need(
    "GroupMember.Read.All",
    "see who is Global Administrator through a group",
    wider=("Group.Read.All", "Directory.Read.All"),
)
_READ_METHODS = Need(
    "UserAuthenticationMethod.Read.All",
    "see whether the account is settled, and which passes it has",
    SIGN_IN,
    wider=("UserAuthenticationMethod.ReadWrite.All",),
)

# For whoever takes back what a consent in a browser brought too much.
READ_GRANTS = (
    Need(
        "Application.Read.All",
        "read the application and what it was granted",
        wider=("Application.ReadWrite.All", "Directory.Read.All"),
    ),
    Need(
        "DelegatedPermissionGrant.Read.All",
        "read delegated permissions",
        wider=("Directory.Read.All",),
    ),
)
TAKE_APP_ROLE = Need("AppRoleAssignment.ReadWrite.All", "take application permissions back")
TAKE_SCOPES = Need("DelegatedPermissionGrant.ReadWrite.All", "take delegated permissions back")

READ_LOG = Need("AuditLog.Read.All", "see since when the role is held", wider=("Directory.Read.All",))

CLOSE_NEEDS = (
    _FIND_ACCOUNT,
    _READ_GROUPS,
    TAKE_ROLE,
    DISABLE,
    END_SESSIONS,
    _READ_METHODS,
    DELETE_PASS,
)

# Without a person there is no second window, and then nothing is needed for one.
REOPEN_NEEDS = (
    Need(
        "User.Read.All",
        "find the account and the tenant's administrators",
        SIGN_IN,
        wider=("Directory.Read.All", "User.ReadWrite.All"),
    ),
    Need("Group.Read.All", "read the break-glass group", SIGN_IN, wider=("Directory.Read.All",)),
    Need("Policy.Read.All", "see that a second factor is demanded, and ask What-If", SIGN_IN),
    Need("RoleManagement.ReadWrite.Directory", "grant Global Administrator, and take it away", SIGN_IN),
    _READ_METHODS,
    Need("User.RevokeSessions.All", "end the window's sessions", SIGN_IN, wider=("User.ReadWrite.All",)),
    Need(
        "User.EnableDisableAccount.All",
        "disable an account that is not settled any more at the window's end",
        SIGN_IN,
        wider=("User.ReadWrite.All",),
    ),
    DELETE_PASS,
)

RETIRE_NEEDS = (
    Need(
        "User.Read.All",
        "find the account, the tenant's administrators and other accounts",
        wider=("Directory.Read.All", "User.ReadWrite.All"),
    ),
    Need("Group.Read.All", "read the groups that the stack refers to", wider=("Directory.Read.All",)),
    TAKE_ROLE,
    DISABLE,
    END_SESSIONS,
    _READ_METHODS,
    DELETE_PASS,
    Need("AppRoleAssignment.ReadWrite.All", "take the application's permissions from it"),
    Need("DelegatedPermissionGrant.ReadWrite.All", "delete the application's delegated grants"),
    Need("Policy.Read.All", "read the MFA policy"),
    Need("Policy.ReadWrite.ConditionalAccess", "delete the MFA policy"),
    Need("User.DeleteRestore.All", "delete the account", wider=("User.ReadWrite.All",)),
    Need("Application.ReadWrite.All", "delete the application and its service principal, which the deployer owns"),
    Need(
        "Application.Read.All",
        "see what of them is in the recycle bin",
        OWN,
        wider=("Directory.Read.All",),
        is_for_bin=True,
    ),
)

GUARD_NEEDS = (
    _FIND_ACCOUNT,
    _READ_GROUPS,
    Need(
        "RoleManagement.Read.Directory",
        "read the account's roles and their schedules",
        wider=("RoleManagement.ReadWrite.Directory",),
    ),
    READ_LOG,
    _READ_METHODS,
)


# What reads the same things, for an identity that loses the permission to write them.
_READS_INSTEAD = {
    "RoleManagement.ReadWrite.Directory": "RoleManagement.Read.Directory",
    "Application.ReadWrite.All": "Application.Read.All",
}


_READ_PURPOSES = {
    "RoleManagement.Read.Directory": "see that another Global Administrator exists",
    "Application.Read.All": "read the application, its service principal and their owners",
}


def without_escalation(needs: tuple[Need, ...]) -> tuple[Need, ...]:
    """Return the needs that lead nowhere: of those that lead to Global Administrator at most the reading is left."""
    left = dict.fromkeys(need for need in needs if not leads_to_global_administrator(need.permission))
    present = {need.permission for need in left}
    for need in needs:
        reading = _READS_INSTEAD.get(need.permission)
        if need not in left and reading is not None and reading not in present:
            present.add(reading)
            left[Need(reading, _READ_PURPOSES[reading], need.when, wider=("Directory.Read.All",))] = None
    return tuple(left)


def deploy_needs(tenant: Tenant) -> tuple[Need, ...]:
    """Return what the deploying identity needs for the preflight and the deploy of this tenant.

    Once the tenant is sealed a deploy does without what leads to Global Administrator.
    """
    needs = tuple(need for need in DEPLOY_NEEDS if need.when.holds(tenant))
    return needs if tenant.account.sealed_on is None else without_escalation(needs)


def post_apply_needs(tenant: Tenant, service_plans: frozenset[str] = frozenset()) -> tuple[Need, ...]:
    """Return what the post-apply identity needs for this tenant, Terraform's refresh included.

    Some permissions are needed only where the tenant has certain service plans; of these the tenant file tells no more
    than that a role is scheduled with P2.
    """
    implied = {_SCHEDULING_PLAN} if tenant.elevation is Elevation.SCHEDULED else set()
    return tuple(need for need in POST_APPLY_NEEDS if need.when.is_met_by(tenant, service_plans | implied))


def deploy_roles(tenant: Tenant) -> tuple[RoleNeed, ...]:
    """Return the directory roles without which the deploy is refused."""
    return (_WRITES_USERS, _WRITES_POLICIES, *([_REGULATES_ROLES] if tenant.grants_by_latch else []))


def post_apply_roles() -> tuple[RoleNeed, ...]:
    """Return the directory roles without which post-apply is refused."""
    return (*POST_APPLY_ROLES, _REGULATES_ROLES, _WRITES_USERS)


def plan_needs(tenant: Tenant) -> tuple[Need, ...]:
    """Return what an identity needs that plans this tenant's stack and writes nothing."""
    return tuple(need for need in PLAN_NEEDS if need.when.holds(tenant))


def close_needs(tenant: Tenant) -> tuple[Need, ...]:
    """Return what an identity needs that only closes: takes the role away, disables the account, ends its sessions."""
    return tuple(need for need in CLOSE_NEEDS if need.when.holds(tenant))


def reopen_needs(tenant: Tenant) -> tuple[Need, ...]:
    """Return what an identity needs that opens a second window and closes it."""
    return tuple(need for need in REOPEN_NEEDS if need.when.holds(tenant))


def retire_needs(tenant: Tenant) -> tuple[Need, ...]:
    """Return what an identity needs that closes for good and destroys what the stack declares."""
    return tuple(need for need in RETIRE_NEEDS if need.when.holds(tenant))


def guard_needs(tenant: Tenant) -> tuple[Need, ...]:
    """Return what a guard needs to tell; one that closes needs what closing needs as well."""
    return tuple(need for need in GUARD_NEEDS if need.when.holds(tenant))


def render_needs() -> str:
    """Return the documentation's tables of the identities, in Markdown."""
    lines: list[str] = []
    for title, needs in (
        ("Deploying identity", DEPLOY_NEEDS),
        ("Post-apply identity", POST_APPLY_NEEDS),
        ("Plan-only identity", PLAN_NEEDS),
        ("Closing identity", CLOSE_NEEDS),
        ("Guarding identity", GUARD_NEEDS),
        ("Reopening identity", REOPEN_NEEDS),
        ("Retiring identity", RETIRE_NEEDS),
    ):
        lines += [f"### {title}", "", "| permission | needed | to |", "| --- | --- | --- |"]
        lines += [f"| `{need.permission}` | {need.when.words} | {need.purpose} |" for need in needs]
        lines.append("")
    lines += [
        f"The post-apply identity holds the directory role {role.role_name} as well: {role.purpose}."
        for role in POST_APPLY_ROLES
    ]
    return "\n".join(lines)
