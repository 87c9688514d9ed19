"""What must hold before anything is touched, one generator a subject; preflight lists everything at once."""

from collections.abc import Iterator, Sequence

from steward.config.model import SignIn, Tenant
from steward.facts import Absent, Facts, Organization, Unreadable
from steward.lifecycle.actions import Action, Already, Blocked, Found, could_not_tell, not_there
from steward.lifecycle.needs import Need, RoleNeed
from steward.wellknown.account import STAMP

_PREMIUM = ("AAD_PREMIUM", "AAD_PREMIUM_P2")


def check_permissions(facts: Facts, needs: Sequence[Need], roles: Sequence[RoleNeed] = ()) -> Iterator[Action]:
    """Check that the caller's token has every permission, and every directory role, that the run will need."""
    caller = facts.caller
    if isinstance(caller, Absent | Unreadable):
        yield from not_there(caller)
        return
    missing = [need for need in needs if not need.is_met_by(caller.permissions)]
    for need in missing:
        yield Blocked(
            f"permission {need.permission}",
            f"this identity ({caller.app_id}) does not have it; it is needed to {need.purpose}",
            f"grant {need.permission} to it on Microsoft Graph, with admin consent, and sign in anew",
        )
    lacking = [role for role in roles if caller.is_app and not caller.role_template_ids & set(role.template_ids)]
    for role in lacking:
        yield Blocked(
            f"directory role {role.role_name}",
            f"this identity ({caller.app_id}) does not hold it; {role.purpose}",
            f"assign {role.role_name} to its service principal, and sign in anew",
        )
    if not missing and not lacking:
        yield Already("permissions", "the token has all that is needed")


def check_licences(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Check that the tenant can have conditional access, and the account's licences can be assigned."""
    organization = facts.organization
    if isinstance(organization, Absent | Unreadable):
        yield from not_there(organization)
        return
    if not any(organization.has_plan(plan) for plan in _PREMIUM):
        yield Blocked(
            "Microsoft Entra ID P1",
            "no subscription of the tenant has it, and conditional access needs it",
            "buy or start a trial of Entra ID P1 (or a bundle that has it), then run again",
        )
    else:
        yield Already("Microsoft Entra ID P1", "a subscription has it")
    account = facts.account
    held = account.licensed_skus if not isinstance(account, Absent | Unreadable) else frozenset()
    for part_number in tenant.account.licences:
        sku = organization.find_sku(part_number)
        if sku is None:
            names = ", ".join(sorted(entry.part_number for entry in organization.skus)) or "none"
            yield Blocked(
                f"licence {part_number}",
                f"the tenant has no such subscription; it has: {names}",
                "correct account.licences in the tenant file, or buy the subscription",
            )
        elif sku.sku_id not in held and sku.free < 1:
            yield Blocked(f"licence {part_number}", "no unit of it is free", "free or buy a unit, then run again")


def check_domain(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Check that the login's domain is one that the tenant has verified and manages itself."""
    organization = facts.organization
    if not isinstance(organization, Organization):
        return
    domain = tenant.account.login.partition("@")[2].lower()
    found = next((entry for entry in organization.domains if entry.name == domain), None)
    if found is None:
        names = ", ".join(sorted(entry.name for entry in organization.domains if not entry.is_federated))
        yield Blocked(
            f"domain {domain}",
            f"the tenant has not verified it; it has: {names}",
            "change account.login to one of these domains, or verify the domain",
        )
    elif found.is_federated:
        yield Blocked(
            f"domain {domain}",
            "it is federated: its accounts sign in elsewhere, and Entra ID keeps no password for them",
            "change account.login to a managed domain, such as the tenant's onmicrosoft.com one",
        )
    else:
        yield Already(f"domain {domain}", "verified and managed")


def check_security_defaults(facts: Facts) -> Iterator[Action]:
    """Check that security defaults are off; they forbid an enabled conditional access policy."""
    defaults = facts.security_defaults
    if isinstance(defaults, Absent | Unreadable):
        yield from not_there(defaults)
    elif defaults:
        yield Blocked(
            "security defaults",
            "they are on, and Entra ID then refuses an enabled conditional access policy",
            "replace them by conditional access policies for the whole tenant, then switch them off",
        )
    else:
        yield Already("security defaults", "off")


def check_break_glass(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Check that the group is one security group, that somebody is in it, and that not anybody can be put there."""
    group = facts.break_glass
    subject = f"break-glass group {tenant.break_glass.label}"
    match group:
        case Absent():
            yield Blocked(
                subject, "there is no such security group", "create it, or correct break_glass in the tenant file"
            )
            return
        case Unreadable():
            yield could_not_tell(group.what, group.why)
            return
    if group.times > 1:
        yield Blocked(
            subject, f"{group.times} security groups have that name", "name it by its id (group_id) in the tenant file"
        )
    elif not group.member_ids:
        yield Blocked(
            subject,
            "it has no member: nobody could repair the tenant if the MFA policy were wrong",
            "put an emergency account into it",
        )
    elif not group.is_role_assignable:
        yield Found(
            subject,
            "it is not role-assignable, so any group administrator can put people into it and past MFA",
            "use a role-assignable group (that property can be set only when a group is created)",
        )
    else:
        yield Already(subject, f"{len(group.member_ids)} members")


def check_dashboard_groups(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Check that each of the dashboard's groups exists exactly once."""
    if not tenant.dashboard:
        return
    counts = facts.dashboard_groups
    if isinstance(counts, Absent | Unreadable):
        yield from not_there(counts)
        return
    for label, count in counts.items():
        if count == 0:
            yield Blocked(
                f"group {label}",
                "there is no such security group",
                "create it, or correct dashboard in the tenant file",
            )
        elif count > 1:
            yield Blocked(
                f"group {label}",
                f"{count} security groups have that name",
                "name the group by its id (group_id) in the tenant file",
            )


def check_other_administrator(facts: Facts) -> Iterator[Action]:
    """Check that somebody else is Global Administrator, so that taking the role away leaves the tenant administered."""
    others = facts.other_administrators
    if isinstance(others, Absent | Unreadable):
        yield from not_there(others)
    elif not others:
        yield Blocked(
            "another Global Administrator",
            "no other enabled user is an active one; Entra ID would refuse to take the role from the last",
            "assign Global Administrator to an emergency account",
        )
    else:
        yield Already("another Global Administrator", f"{len(others)} of them")


def check_pass_policy(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Check that a Temporary Access Pass can be issued, where a person is to enrol a second factor with one."""
    if tenant.account.sign_in is SignIn.BLOCKED:
        return
    policy = facts.pass_policy
    if isinstance(policy, Absent | Unreadable):
        yield from not_there(policy)
    elif not policy.is_enabled:
        yield Blocked(
            "Temporary Access Pass",
            "the tenant's authentication methods policy does not allow it, and the second factor is enrolled with one",
            "enable it for the account under Authentication methods, Policies",
        )
    else:
        yield Already("Temporary Access Pass", f"allowed, {policy.shortest} to {policy.longest} minutes")


def check_account_is_ours_or_free(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Check that the login is free, or taken by the account that an earlier deploy of ours created."""
    account = facts.account
    login = tenant.account.login
    match account:
        case Absent():
            yield Already(login, "the name is free")
        case Unreadable():
            yield could_not_tell(account.what, account.why)
        case _ if account.stamp == STAMP and not account.is_synchronised:
            yield Already(login, "it exists, and it is ours")
        case _:
            yield Blocked(
                login,
                "the name is taken by an account that does not carry our stamp",
                "choose another login in the tenant file",
            )
