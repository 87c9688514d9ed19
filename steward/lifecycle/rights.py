"""What the caller's token may do of what a step intends; what it may not is named instead of tried.

Only an application's token says for certain what it may do, so that a person's attempts are left to Graph to judge.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from steward.acts import (
    DeleteDelegatedGrant,
    DeletePass,
    DisableAccount,
    EndRoleSchedule,
    EndSessions,
    RemoveRoleAssignment,
    RemoveRoleMember,
    RevokeAppRole,
    SetDelegatedScopes,
)
from steward.config.model import Tenant
from steward.facts import Caller, Facts, Reading
from steward.lifecycle.actions import Action, Blocked, Found, GraphCall
from steward.lifecycle.identity import EACH_BY_ITSELF, describe_mix_up, lacking, list_needs, way_to_sign_in
from steward.lifecycle.needs import (
    DELETE_PASS,
    DISABLE,
    END_SESSIONS,
    TAKE_APP_ROLE,
    TAKE_ROLE,
    TAKE_SCOPES,
    Need,
    close_needs,
)

_NEEDED: Mapping[type[Any], Need] = {
    RemoveRoleAssignment: TAKE_ROLE,
    RemoveRoleMember: TAKE_ROLE,
    EndRoleSchedule: TAKE_ROLE,
    DisableAccount: DISABLE,
    EndSessions: END_SESSIONS,
    DeletePass: DELETE_PASS,
    RevokeAppRole: TAKE_APP_ROLE,
    SetDelegatedScopes: TAKE_SCOPES,
    DeleteDelegatedGrant: TAKE_SCOPES,
}


def may_take_roles(caller: Reading[Caller]) -> bool:
    """Return whether the token lets its holder take a role away."""
    return isinstance(caller, Caller) and TAKE_ROLE.is_met_by(caller.permissions)


def within_rights(actions: Iterable[Action], facts: Facts) -> Iterator[Action]:
    """Yield the actions, those that the token surely does not allow as refusals."""
    for action in actions:
        lacking = _lacks(facts.caller, action) if isinstance(action, GraphCall) else None
        if isinstance(action, GraphCall) and lacking is not None:
            yield Blocked(
                action.subject,
                f"not {action.verb}: this identity lacks {lacking}",
                f"grant {lacking} to it, or close as one that has it",
            )
        else:
            yield action


def _lacks(caller: Reading[Caller], call: GraphCall) -> str | None:
    need = _NEEDED.get(type(call.act))
    if need is None or not isinstance(caller, Caller) or not caller.is_app or need.is_met_by(caller.permissions):
        return None
    return need.permission


def name_lacking(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Yield a finding for each permission that closing may need and the token lacks, whether or not it was needed."""
    caller = facts.caller
    if not isinstance(caller, Caller) or not caller.is_app:
        return
    missing = list(lacking(caller, close_needs(tenant)))
    mix_up = describe_mix_up(caller, tenant, "close")
    if missing and mix_up is not None:
        names = ", ".join(need.permission for need in missing)
        yield Found("identity", f"{mix_up}, and it lacks what closing takes: {names}", way_to_sign_in(tenant, "close"))
        return
    if len(missing) > EACH_BY_ITSELF:
        yield Found(
            "permissions",
            f"this identity ({caller.app_id}) lacks {len(missing)} that closing takes: {list_needs(missing)}",
            "grant them to it on Microsoft Graph, with admin consent, and sign in anew",
        )
        return
    for need in missing:
        yield Found(
            f"permission {need.permission}",
            f"this identity ({caller.app_id}) lacks it, so that it cannot {need.purpose}",
            f"grant {need.permission} to it on Microsoft Graph, with admin consent, and sign in anew",
        )
