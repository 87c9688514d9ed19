"""What must hold before anything is touched, one generator a subject; preflight lists everything at once."""

from collections.abc import Iterator, Sequence

from steward.config.model import Elevation, SignIn, Tenant
from steward.errors import ExitCode
from steward.facts import Absent, Caller, Facts, LatchState, Organization, StackState, Unreadable
from steward.lifecycle.actions import Action, Already, Blocked, Found, could_not_tell, not_there
from steward.lifecycle.identity import EACH_BY_ITSELF, describe_mix_up, lacking, list_needs, way_to_sign_in
from steward.lifecycle.needs import Need, RoleNeed
from steward.lifecycle.ownership import is_missing
from steward.wellknown.account import STAMP
from steward.wellknown.clients import AZURE_CLI
from steward.wellknown.latch import PREPARED, PRIVILEGED, ROLE_ASSIGNMENT
from steward.wellknown.strengths import BUILT_IN_STRENGTHS, ENROLMENT_COMBINATION

_PREMIUM = ("AAD_PREMIUM", "AAD_PREMIUM_P2")
_SCHEDULING = "AAD_PREMIUM_P2"


def check_permissions(
    facts: Facts, tenant: Tenant, wanted: str, needs: Sequence[Need], roles: Sequence[RoleNeed] = ()
) -> Iterator[Action]:
    """Check that the caller's token has every permission, and every directory role, that the run will need.

    `wanted` names the identity of ours whose run it is; another one of the file's that lacks anything is told first.
    """
    caller = facts.caller
    if isinstance(caller, Absent | Unreadable):
        yield from not_there(caller)
        return
    missing = list(lacking(caller, needs))
    roles = [
        role
        for role in roles
        if role.is_for_person is not caller.is_app and not caller.role_template_ids & set(role.template_ids)
    ]
    mix_up = describe_mix_up(caller, tenant, wanted)
    if mix_up is not None and (missing or roles):
        names = ", ".join([*(need.permission for need in missing), *(role.role_name for role in roles)])
        yield Blocked("identity", f"{mix_up}, and it lacks what this takes: {names}", way_to_sign_in(tenant, wanted))
        return
    yield from _name_permissions(caller, missing)
    for role in roles:
        yield Blocked(
            f"directory role {role.role_name}",
            f"this identity ({caller.app_id}) does not hold it; {role.purpose}"
            if caller.is_app
            else f"the person who is signed in does not hold it; {role.purpose}",
            f"assign {role.role_name} to its service principal, and sign in anew"
            if caller.is_app
            else f"activate or assign {role.role_name}, and sign in anew",
        )
    if not missing and not roles:
        yield Already("permissions", "the token has all that is needed")


def _name_permissions(caller: Caller, missing: Sequence[Need]) -> Iterator[Action]:
    """Yield a refusal for each missing permission, one for all of them where they are many."""
    if caller.app_id == AZURE_CLI:
        why = "Azure CLI's own application can never have {}"
        next_move = (
            "sign in as an application that has {}: ARM_CLIENT_ID with ARM_CLIENT_CERTIFICATE_PATH, "
            "ARM_CLIENT_SECRET or ARM_OIDC_TOKEN_FILE_PATH"
        )
    else:
        why = f"this identity ({caller.app_id}) does not have {{}}"
        next_move = "grant {} to it on Microsoft Graph, with admin consent, and sign in anew"
    if len(missing) > EACH_BY_ITSELF:
        yield Blocked(
            "permissions", f"{why.format(f'{len(missing)} of them')}: {list_needs(missing)}", next_move.format("them")
        )
        return
    for need in missing:
        yield Blocked(
            f"permission {need.permission}",
            f"{why.format('it')}; it is needed to {need.purpose}",
            next_move.format(need.permission),
        )


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
    if tenant.elevation is Elevation.SCHEDULED and not organization.has_plan(_SCHEDULING):
        yield Blocked(
            "Microsoft Entra ID P2",
            "no subscription of the tenant has it, and a role is scheduled by Privileged Identity Management only",
            "buy or start a trial of Entra ID P2, or use elevation: in_window, whose end Terraform keeps",
        )
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
    elif group.is_dynamic:
        yield Found(
            subject,
            "a rule fills it, so anybody who may change what the rule looks at gets past MFA",
            "use a role-assignable group, whose members are assigned",
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
    elif not policy.is_for_account:
        yield Blocked(
            "Temporary Access Pass",
            "the tenant's authentication methods policy allows it for others, and not for the account",
            "allow it for the account, or for a group that the account is in, under Authentication methods, Policies",
        )
    elif not policy.strong_methods:
        yield Blocked(
            "second factor",
            "the tenant's authentication methods policy allows the account none that it could enrol",
            "allow Microsoft Authenticator, passkeys (FIDO2) or software OATH tokens for the account",
        )
    else:
        yield Already("Temporary Access Pass", f"allowed, {policy.shortest} to {policy.longest} minutes")


def check_strength(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Check that an authentication strength of the tenant's own exists, and takes a pass where a person signs in."""
    if tenant.mfa.strength_id is None or tenant.mfa.strength_id in BUILT_IN_STRENGTHS.values():
        return
    strength, subject = facts.strength, f"authentication strength {tenant.mfa.strength_id}"
    if isinstance(strength, Absent):
        yield Blocked(subject, "the tenant has none of that id", "correct mfa.strength_id in the tenant file")
    elif isinstance(strength, Unreadable):
        yield could_not_tell(strength.what, strength.why)
    elif tenant.account.sign_in is SignIn.ALLOWED and ENROLMENT_COMBINATION not in strength:
        yield Blocked(
            subject,
            "it does not take a one-time Temporary Access Pass, and the second factor is enrolled with one",
            f"add {ENROLMENT_COMBINATION} to its combinations, or name another strength",
        )
    else:
        yield Already(subject, "it exists")


def check_lock(facts: Facts) -> Iterator[Action]:
    """Check that the lock of Terraform's state can be had, since the latch is turned at the end."""
    lock = facts.lock
    if isinstance(lock, Unreadable) and not isinstance(facts.stack, Unreadable):
        yield Blocked(
            "Terraform's lock",
            f"could not tell whether it is free: {lock.why}",
            "wait for whoever holds it; one that nobody holds any more goes with terraform force-unlock <its id>",
            ExitCode.COULD_NOT_TELL,
        )
    elif lock is True:
        yield Already("Terraform's lock", "free")


def check_leftovers(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Check that the tenant has nothing of the stack that Terraform's state does not know."""
    leftovers, stack = facts.leftovers, facts.stack
    if isinstance(leftovers, Absent | Unreadable):
        yield from not_there(leftovers)
        return
    if leftovers and isinstance(stack, Unreadable):
        named = ", ".join(entry.name for entry in leftovers)
        yield could_not_tell(stack.what, f"{stack.why}; it has to know these, which exist: {named}")
        return
    blocks = import_blocks(facts)
    addresses = [block["to"] for block in blocks]
    for entry in leftovers:
        if entry.address not in addresses:
            yield Blocked(
                entry.name,
                "the account holds it, and neither Terraform's state nor its latch speaks of it",
                f"take it away with python scripts/post_apply.py {tenant.pasted} --only close",
            )
        else:
            yield Blocked(
                entry.name,
                "it exists, and Terraform's state does not know it: a deploy would fail on it, or make it once more",
                "have Terraform take it in, as told below"
                if addresses.count(entry.address) == 1
                else f"have Terraform take one of them in, as told below, once the others of {entry.address} are out "
                "of that file; see whose they are",
            )
    if blocks:
        # The command `terraform import` knows no plan time, on which the role's count depends, and refuses the stack.
        # Without a latch in the state the apply makes one, and that one is to grant nothing: consent needs no role.
        options = "" if _latch_of(facts) is not None else f" -var=phase={PREPARED}"
        folder = f"cdktf.out/stacks/{tenant.name}"
        file = f"{folder}/import.tf.json"
        yield Blocked(
            "Terraform's state",
            f"it lacks what is named above ({len(blocks)}), which one apply can take in",
            f"restore the state, where a backup of it knows these; or write {file} with "
            f"python scripts/preflight.py {tenant.pasted} --import-file {file} and then run "
            f"terraform -chdir={folder} apply{options} (afterwards remove {file})",
        )


def import_blocks(facts: Facts) -> list[dict[str, str]]:
    """Return what an `import` of Terraform's takes in of the leftovers: never a role that no latch speaks of."""
    if isinstance(facts.leftovers, Absent | Unreadable) or isinstance(facts.stack, Unreadable):
        return []
    latch = _latch_of(facts)
    is_privileged = latch is not None and latch.phase == PRIVILEGED
    return [
        {"to": entry.address, "id": entry.import_id}
        for entry in facts.leftovers
        if is_privileged or not entry.address.startswith(ROLE_ASSIGNMENT)
    ]


def _latch_of(facts: Facts) -> LatchState | None:
    stack = facts.stack
    return stack.latch if isinstance(stack, StackState) and isinstance(stack.latch, LatchState) else None


def check_account_is_ours_or_free(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Check that the login is free, or taken by the account that an earlier deploy of ours created."""
    account = facts.account
    login = tenant.account.login
    match account:
        case Absent():
            yield Already(login, "the name is free")
        case Unreadable():
            yield could_not_tell(account.what, account.why)
        case _ if is_missing(account) and not account.is_login_taken:
            yield Already(
                login,
                f"the name is free; {account.login} has our stamp, and is another tenant file's, unless somebody gave "
                "this one's account that login",
            )
        case _ if account.stamp == STAMP and not account.is_synchronised and not account.is_login_taken:
            yield Already(login, "it exists, and it is ours")
        case _:
            yield Blocked(
                login,
                "the name is taken by an account that does not carry our stamp",
                "choose another login in the tenant file",
            )
