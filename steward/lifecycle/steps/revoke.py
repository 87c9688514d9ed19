"""A tenant is retired: the application keeps no permission, for a deleted one that is restored has them again."""

from collections.abc import Iterator

from steward.acts import DeleteDelegatedGrant, RevokeAppRole
from steward.config.model import Tenant
from steward.facts import Absent, Facts, Unreadable
from steward.lifecycle.actions import Action, Already, GraphCall, could_not_tell
from steward.lifecycle.step import Step


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Take every application permission and every delegated grant from the application, declared or not."""
    grants = facts.client_grants
    match grants:
        case Unreadable():
            yield could_not_tell(grants.what, grants.why)
        case Absent():
            yield Already("grants", f"{grants.what} is not there")
        case _ if not grants.app_roles and not grants.delegated:
            yield Already("grants", f"{grants.client.name} has none")
        case _:
            names = {entry.id: entry.value for entry in tenant.application.permissions.application}
            client_id = grants.client.object_id
            for role in grants.app_roles:
                subject = f"application permission {names.get(role.role_id, role.role_id)} of {grants.client.name}"
                yield GraphCall("revoked", subject, RevokeAppRole(client_id, role.assignment_id))
            for delegated in grants.delegated:
                whom = "all principals" if delegated.principal_id is None else f"user {delegated.principal_id}"
                subject = f"delegated {' '.join(sorted(delegated.scopes))} of {grants.client.name} for {whom}"
                yield GraphCall("revoked", subject, DeleteDelegatedGrant(delegated.grant_id))


REVOKE = Step(name="revoke", reads=("stack", "client_grants"), decide=decide, looks_again=True)
