"""Whether conditional access demands the second factor of the account: by the policy as it stands, and by What-If."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.facts import Absent, Facts, PolicyState, Unreadable
from steward.lifecycle.actions import Action, Already, Blocked, not_there

_ANYBODY, _ANYTHING, _ANY_CLIENT = "All", "All", "all"


def check_mfa(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Yield `Already` when an enabled policy covers the account and What-If applies it everywhere, else why not."""
    account, policies, what_if, group = facts.account, facts.policies, facts.what_if, facts.break_glass
    if (
        isinstance(account, Absent | Unreadable)
        or isinstance(policies, Absent | Unreadable)
        or isinstance(what_if, Absent | Unreadable)
        or isinstance(group, Absent | Unreadable)
    ):
        yield from not_there(account, policies, what_if, group)
        return
    gaps = {policy: gap_of(policy, account.object_id, group.object_id, tenant) for policy in policies}
    covering = {policy.object_id for policy, gap in gaps.items() if gap is None}
    if not covering:
        named = [f"{policy.name}: {gap}" for policy, gap in gaps.items() if account.object_id in policy.include_users]
        yield Blocked(
            "MFA policy",
            "; ".join(named) or "no policy covers the account",
            f"run cdktf deploy {tenant.name}, which restores the policy, then run again",
        )
        return
    bare = [answer.client_app_type for answer in what_if if not answer.applied_policy_ids & covering]
    if bare or not what_if:
        yield Blocked(
            "MFA",
            f"What-If says that nothing demands it for these client types: {', '.join(bare) or 'none was evaluated'}",
            "wait some minutes for the policy to take effect, then run again",
        )
        return
    yield Already("MFA", f"demanded for {', '.join(answer.client_app_type for answer in what_if)}")


def check_break_glass_left_out(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Yield `Already` when the account's policy does not meet a member of the break-glass group, else why not."""
    account, policies, what_if = facts.account, facts.policies, facts.what_if_break_glass
    if isinstance(account, Absent | Unreadable) or isinstance(policies, Absent | Unreadable):
        return  # said where the policy itself is judged
    if isinstance(what_if, Absent | Unreadable):
        yield from not_there(what_if)
        return
    ours = {policy.object_id for policy in policies if account.object_id in policy.include_users}
    met = [answer.client_app_type for answer in what_if if answer.applied_policy_ids & ours]
    if met or not what_if:
        yield Blocked(
            f"break-glass group {tenant.break_glass.label}",
            "What-If says that the account's policy meets a member of it, for these client types: "
            f"{', '.join(met) or 'none was evaluated'}",
            f"run cdktf deploy {tenant.name}, which leaves the group out again, then run again",
        )
    else:
        yield Already(f"break-glass group {tenant.break_glass.label}", "the account's policy leaves its members out")


def gap_of(policy: PolicyState, account_id: str, break_glass_id: str, tenant: Tenant) -> str | None:
    """Return why the policy does not protect the account everywhere, None when it does."""
    gaps = {
        f"its state is {policy.state}": policy.state != "enabled",
        "it does not include the account": not policy.include_users & {account_id, _ANYBODY},
        "it excludes the account": account_id in policy.exclude_users,
        "it excludes groups besides break-glass": bool(policy.exclude_groups - {break_glass_id}),
        "it excludes directory roles": bool(policy.exclude_roles),
        "it does not cover all resources": policy.include_applications != {_ANYTHING}
        or bool(policy.exclude_applications),
        "it does not cover all client types": policy.client_app_types != {_ANY_CLIENT},
        "a condition narrows it": policy.is_narrowed,
        "it does not demand the declared second factor": not _demands_factor(policy, tenant),
    }
    return next((gap for gap, is_open in gaps.items() if is_open), None)


def _demands_factor(policy: PolicyState, tenant: Tenant) -> bool:
    # Another control beside it would be as good as the factor, or keep everybody out: neither was declared.
    if policy.has_other_controls:
        return False
    if tenant.mfa.strength_id is not None or policy.strength_id is not None:
        wanted = tenant.mfa.strength_id or policy.strength_id
        return policy.strength_id == wanted and not policy.built_in_controls
    return policy.built_in_controls == {"mfa"}
