"""What a deploy that broke off left in the tenant without Terraform's state knowing it: made, and no answer came.

A deploy after that fails on what may be there only once, or makes the rest a second time.
"""

from collections.abc import Sequence
from typing import Any

from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
from msgraph.generated.service_principals.service_principals_request_builder import ServicePrincipalsRequestBuilder

from steward.config.model import Tenant
from steward.facts import Leftover, PolicyState, Reading, StackState, UserState
from steward.graph.failures import reading
from steward.graph.paging import quote, read_all
from steward.graph.reads import find_groups
from steward.graph.roles import list_assignments
from steward.graph.session import GraphSession
from steward.ids import derive_app_role_id
from steward.wellknown import stack as declared
from steward.wellknown.latch import ROLE_ASSIGNMENT
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR

_READS_APPLICATIONS = frozenset({"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"})


async def read_leftovers(
    session: GraphSession,
    tenant: Tenant,
    account: UserState | None,
    policies: Sequence[PolicyState],
    stack: StackState | None,
) -> Reading[tuple[Leftover, ...]]:
    """Read what the tenant has of the stack and the state does not know; `stack` None knows nothing.

    An application alone is found by its name where the caller may list applications.
    """
    known = stack.addresses if stack is not None else frozenset[str]()

    async def read() -> Reading[tuple[Leftover, ...]]:
        found: list[Leftover] = []
        client_id = stack.application_client_id if stack is not None else None
        if account is not None:
            found.append(Leftover(account.login, declared.ACCOUNT, f"/users/{account.object_id}"))
            found += await _role_of(session, account)
        found += [
            Leftover(f"policy {policy.name}", declared.MFA_POLICY, f"{_POLICIES}/{policy.object_id}")
            for policy in policies
            if policy.name == declared.mfa_policy_name(tenant.account.login)
        ]
        if tenant.application.is_own:
            if declared.APPLICATION not in known:
                for entry in await _applications(session, tenant):
                    client_id = entry.app_id
                    found.append(
                        Leftover(f"application {entry.display_name}", declared.APPLICATION, f"/applications/{entry.id}")
                    )
            if client_id is not None:
                found += await _of_principal(session, tenant, client_id)
        return tuple(entry for entry in found if entry.address.partition("[")[0] not in known)

    return await reading("what an earlier deploy left", read)


_POLICIES = "/identity/conditionalAccess/policies"


async def _role_of(session: GraphSession, account: UserState) -> list[Leftover]:
    condition = f"principalId eq {quote(account.object_id)} and roleDefinitionId eq {quote(GLOBAL_ADMINISTRATOR)}"
    return [
        Leftover(
            f"Global Administrator of {account.login}",
            f"{ROLE_ASSIGNMENT}[0]",
            f"/roleManagement/directory/roleAssignments/{entry.id}",
        )
        for entry in await list_assignments(session, condition)
    ]


async def _applications(session: GraphSession, tenant: Tenant) -> list[Any]:
    if not session.caller.permissions & _READS_APPLICATIONS:
        return []
    query = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(
        filter=f"displayName eq {quote(tenant.application.display_name)}", select=["id", "appId", "displayName"]
    )
    return await read_all(session.client.applications, query)


async def _of_principal(session: GraphSession, tenant: Tenant, client_id: str) -> list[Leftover]:
    """Return the service principal of an application, and the dashboard's roles that are assigned on it."""
    query = ServicePrincipalsRequestBuilder.ServicePrincipalsRequestBuilderGetQueryParameters(
        filter=f"appId eq {quote(client_id)}", select=["id", "displayName"]
    )
    found: list[Leftover] = []
    for principal in await read_all(session.client.service_principals, query):
        path = f"/servicePrincipals/{principal.id}"
        found.append(Leftover(f"service principal {principal.display_name}", declared.SERVICE_PRINCIPAL, path))
        if not tenant.dashboard:
            continue
        builder = session.client.service_principals.by_service_principal_id(principal.id)
        assigned = {
            (str(entry.principal_id), str(entry.app_role_id)): entry.id
            for entry in await read_all(builder.app_role_assigned_to)
        }
        names = declared.dashboard_names((entry.role, entry.group.label) for entry in tenant.dashboard)
        for entry in tenant.dashboard:
            role_id = derive_app_role_id(tenant.tenant.id, entry.role)
            address = f"{declared.DASHBOARD_ROLE}.{names[entry.role, entry.group.label]}"
            found += [
                Leftover(
                    f"{entry.role} of group {entry.group.label}",
                    address,
                    f"{path}/appRoleAssignedTo/{assigned[group.id, role_id]}",
                )
                for group in await find_groups(session, entry.group)
                if (group.id, role_id) in assigned
            ]
    return found
