"""The one-time consent, through Graph: exactly the declared application permissions and delegated scopes.

Where a person gives it in a browser nothing is granted here: it is looked at before a window is opened for it, so that
no window is opened in vain, and once more when the tenant is sealed.
"""

from collections.abc import Iterator

from steward.acts import CreateDelegatedGrant, GrantAppRole, SetDelegatedScopes
from steward.config.model import Tenant
from steward.facts import Absent, Facts, GrantsState, NoClient, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, GraphCall, could_not_tell
from steward.lifecycle.consenting import find_first_look, leave_alone, name_from_before, since_when, take_back
from steward.lifecycle.declared import delegated_wishes, lacking, missing_roles
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.step import Step
from steward.lifecycle.window import is_sealed


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Grant what is declared and missing; what is granted already stays as it is."""
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    match facts.grants:
        case Unreadable():
            yield could_not_tell(facts.grants.what, facts.grants.why)
        case NoClient() if not tenant.declares_principal and _is_to_come(facts, tenant):
            why = f"{facts.grants.what} comes into the tenant with the consent, in the window"
            yield _look_twice(facts, tenant) or Already("consent", why)
        case Absent():
            yield Blocked(
                facts.grants.what, "it is not in the tenant", f"run cdktf deploy {tenant.name}, then run again"
            )
        case grants:
            decide_on = _in_browser if tenant.consents_in_browser else _grants
            actions = [*_unknown_permissions(grants, tenant)] or [*decide_on(facts, grants, tenant, account.object_id)]
            yield from actions or [Already("consent", "every declared permission is granted")]


def _look_twice(facts: Facts, tenant: Tenant) -> Action | None:
    """Return the wait for a second look; of our own registration everything is ours, whenever it came."""
    return None if tenant.application.is_own else find_first_look(facts)


def _is_to_come(facts: Facts, tenant: Tenant) -> bool:
    return tenant.opens_window and not is_sealed(facts)


def _in_browser(facts: Facts, grants: GrantsState, tenant: Tenant, account_id: str) -> Iterator[Action]:
    """Take back what goes beyond the file and is ours to take, name the rest, and say what stands in a window's way."""
    known = (facts, grants, tenant, account_id)
    yield from take_back(*known)
    missing, before = lacking(grants, tenant, account_id), name_from_before(*known)
    yield from leave_alone(*known)
    if before and missing:
        yield Blocked(
            "consent",
            f"{grants.client.name} has more than the tenant file declares, {since_when(facts)}: {', '.join(before)}; "
            "no window is opened, since nobody could tell this from what its consent brings",
            "declare it under application.permissions, or revoke it; then run again",
        )
    elif missing and _is_to_come(facts, tenant):
        why = f"it is given in the browser, in the window; to be granted: {', '.join(missing)}"
        yield _look_twice(facts, tenant) or Already("consent", why)
    elif missing:
        yield Blocked(
            "consent",
            f"declared but not granted: {', '.join(missing)}; the tenant is sealed, and no window is opened again",
            "write 'consent: graph' into the tenant file, which needs no role and nobody's sign-in, and run again",
        )
    else:
        yield Already("consent", "every declared permission is granted")


def _unknown_permissions(grants: GrantsState, tenant: Tenant) -> Iterator[Action]:
    for permission in missing_roles(grants, tenant):
        resource = grants.resources[permission.resource_app_id]
        if permission.id not in resource.app_roles_offered:
            yield Blocked(
                f"permission {permission.value}",
                f"{resource.name} offers no such application permission in this tenant",
                "correct application.permissions in the tenant file",
            )

    for app_id, resource in grants.resources.items():
        declared = {
            entry.value for entry in tenant.application.permissions.delegated if entry.resource_app_id == app_id
        }
        for scope in sorted(declared - resource.scopes_offered):
            yield Blocked(
                f"permission {scope}",
                f"{resource.name} offers no such delegated permission in this tenant",
                "correct application.permissions in the tenant file",
            )


def _grants(_: Facts, grants: GrantsState, tenant: Tenant, account_id: str) -> Iterator[Action]:
    client = grants.client.object_id
    for permission in missing_roles(grants, tenant):
        resource = grants.resources[permission.resource_app_id]
        yield GraphCall(
            "granted",
            f"{permission.value} on {resource.name}, as the application",
            GrantAppRole(client, resource.object_id, permission.id),
        )
    for wish in delegated_wishes(grants, tenant, account_id):
        whom = "for all principals" if wish.principal_id is None else "for the account"
        subject = f"{' '.join(sorted(wish.missing))} on {wish.resource_name}, {whom}"
        if wish.existing is None:
            act = CreateDelegatedGrant(client, wish.resource_id, wish.principal_id, wish.scopes)
            yield GraphCall("granted", subject, act)
        elif wish.missing:
            scopes = wish.existing.scopes | wish.scopes
            yield GraphCall("granted", subject, SetDelegatedScopes(wish.existing.grant_id, scopes))


CONSENT = Step(name="consent", reads=("account", "stack", "grants", "granted_before"), decide=decide)
