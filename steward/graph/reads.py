"""What the lifecycle asks of a tenant, one function a fact; each returns a reading and never raises for a refusal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.directory.deleted_items.graph_user.graph_user_request_builder import (
    GraphUserRequestBuilder as DeletedUsersRequestBuilder,
)
from msgraph.generated.groups.groups_request_builder import GroupsRequestBuilder
from msgraph.generated.groups.item.group_item_request_builder import GroupItemRequestBuilder
from msgraph.generated.models.group import Group
from msgraph.generated.models.temporary_access_pass_authentication_method import (
    TemporaryAccessPassAuthenticationMethod,
)
from msgraph.generated.models.user import User
from msgraph.generated.oauth2_permission_grants.oauth2_permission_grants_request_builder import (
    Oauth2PermissionGrantsRequestBuilder,
)
from msgraph.generated.service_principals.service_principals_request_builder import (
    ServicePrincipalsRequestBuilder,
)
from msgraph.generated.users.users_request_builder import UsersRequestBuilder

from steward.config.model import GroupReference
from steward.facts import (
    Absent,
    AppRoleGrant,
    DelegatedGrant,
    GrantsState,
    GroupState,
    MethodsState,
    NoClient,
    Organization,
    PassState,
    Reading,
    RoleHolding,
    RoleHoldings,
    ServicePrincipalState,
    Sku,
    Unreadable,
    UserState,
    VerifiedDomain,
)
from steward.graph.failures import reading
from steward.graph.paging import quote, read_all
from steward.graph.roles import list_assigned, list_assignments
from steward.graph.session import GraphSession
from steward.wellknown.account import STAMP
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR

# A mailbox only resets a password, and a pass is what a second factor is enrolled with.
# "temporaryAccessPassAuthenticationMethod resource type", learn.microsoft.com, read November 2026.
_USED = "OneTimeUsed"
_NO_SECOND_FACTOR = frozenset(
    {
        "#microsoft.graph.passwordAuthenticationMethod",
        "#microsoft.graph.emailAuthenticationMethod",
        "#microsoft.graph.temporaryAccessPassAuthenticationMethod",
    }
)
_USER_PROPERTIES = [
    "id",
    "userPrincipalName",
    "displayName",
    "accountEnabled",
    "employeeType",
    "onPremisesSyncEnabled",
    "usageLocation",
    "assignedLicenses",
    "createdDateTime",
    "lastPasswordChangeDateTime",
    "signInSessionsValidFromDateTime",
]


async def read_organization(session: GraphSession) -> Reading[Organization]:
    """Read the tenant's verified domains and its subscriptions."""

    async def read() -> Reading[Organization]:
        organizations = await read_all(session.client.organization)
        skus = await read_all(session.client.subscribed_skus)
        return Organization(
            domains=tuple(
                VerifiedDomain(name=domain.name.lower(), is_federated=domain.type == "Federated")
                for organization in organizations
                for domain in organization.verified_domains or ()
            ),
            skus=tuple(
                Sku(
                    sku_id=str(sku.sku_id),
                    part_number=sku.sku_part_number,
                    service_plans=frozenset(plan.service_plan_name for plan in sku.service_plans or ()),
                    units=(sku.prepaid_units.enabled or 0) if sku.prepaid_units else 0,
                    consumed=sku.consumed_units or 0,
                )
                for sku in skus
            ),
        )

    return await reading("the organization", read)


async def read_security_defaults(session: GraphSession) -> Reading[bool]:
    """Read whether security defaults are on; they forbid an enabled conditional access policy."""

    async def read() -> Reading[bool]:
        policy = await session.client.policies.identity_security_defaults_enforcement_policy.get()
        return bool(policy.is_enabled)

    return await reading("security defaults", read)


async def read_account(
    session: GraphSession,
    login: str,
    known_id: str | None = None,
    *,
    display_name: str | None = None,
    remember_id: Callable[[], str | None] = lambda: None,
) -> Reading[UserState]:
    """Find the account: by the id that Terraform's state knows, else by its login, else by its stamp.

    Two tenant files of one tenant have an account each, so that the stamp alone does not tell which is whose. Whoever
    has the state's id asks for nobody else; without it the id that earlier runs saw behind the login tells (asked of
    `remember_id` only then). A display name is anybody's to give: it tells which one to name, and not that it is ours.
    An account of that login without our stamp is returned where no stamped one could be meant.
    """
    what = f"the account {login}"

    async def read() -> Reading[UserState]:
        known = [] if known_id is None else [f"id eq {quote(known_id)}"]
        for condition in (*known, f"userPrincipalName eq {quote(login)}"):
            if found := await _find_users(session, condition, advanced=False):
                account = found[0][0]
                is_strangers = known_id is None and account.stamp != STAMP
                return await stamped(account) if is_strangers else account
        return Absent(what) if known_id is not None else await stamped(None)

    async def stamped(stranger: UserState | None) -> Reading[UserState]:
        """Find the account that has another login now; `stranger` has the one that it should have."""
        condition, advanced = _STAMPED
        found = await _find_users(session, condition, advanced=advanced)
        if not found:
            return Absent(what) if stranger is None else stranger
        seen_id, is_taken = remember_id(), stranger is not None
        for user, _ in found:
            if user.object_id == seen_id:
                return replace(user, is_login_taken=is_taken)
        named = [user for user, name in found if name.casefold() == (display_name or "").casefold()]
        likely = named if len(named) == 1 else [user for user, _ in found]
        if len(likely) > 1:
            logins = ", ".join(sorted(user.login for user, _ in found))
            several = f"it is not there, and several accounts with our stamp could be it: {logins}"
            return Unreadable(what, several) if stranger is None else stranger
        return replace(
            likely[0],
            is_known_by_stamp_alone=True,
            is_likely_anothers=seen_id is not None,
            is_login_taken=is_taken,
        )

    return await reading(what, read)


# Only advanced queries filter by employeeType ("Advanced query capabilities on Microsoft Entra ID objects",
# learn.microsoft.com, read November 2026); their answers may lag, so that nothing else is asked by them.
_STAMPED = (f"employeeType eq {quote(STAMP)}", True)


async def _find_users(session: GraphSession, condition: str, *, advanced: bool) -> list[tuple[UserState, str]]:
    """Return the users that meet a condition, each with its display name."""
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        filter=condition, select=_USER_PROPERTIES, count=advanced or None
    )
    found = await read_all(session.client.users, query, advanced=advanced)
    return [(_user_state(user), user.display_name or "") for user in found]


async def read_methods(session: GraphSession, user_id: str) -> Reading[MethodsState]:
    """Read which second factors and which Temporary Access Passes the account has."""

    async def read() -> Reading[MethodsState]:
        authentication = session.client.users.by_user_id(user_id).authentication
        methods = await read_all(authentication.methods)
        passes = [method for method in methods if isinstance(method, TemporaryAccessPassAuthenticationMethod)]
        return MethodsState(
            second_factors=frozenset(
                method.odata_type for method in methods if method.odata_type not in _NO_SECOND_FACTOR
            ),
            passes=tuple(
                PassState(
                    pass_id=entry.id,
                    is_usable=bool(entry.is_usable),
                    ends=entry.start_date_time + timedelta(minutes=entry.lifetime_in_minutes),
                    is_delivered=entry.id in session.delivered_passes,
                    is_for_window=session.delivered_passes.get(entry.id, False),
                    begins=entry.start_date_time,
                    used_since=session.used_passes.setdefault(entry.id, session.now())
                    if entry.method_usability_reason == _USED
                    else None,
                )
                for entry in passes
            ),
        )

    return await reading("authentication methods", read)


async def read_group(session: GraphSession, group: GroupReference) -> Reading[GroupState]:
    """Find a group by object id or exact display name, with its direct members."""

    async def read() -> Reading[GroupState]:
        found = await find_groups(session, group)
        if not found:
            return Absent(f"the security group {group.label}")
        members = await read_all(session.client.groups.by_group_id(found[0].id).members)
        return GroupState(
            object_id=found[0].id,
            name=found[0].display_name,
            times=len(found),
            is_role_assignable=bool(found[0].is_assignable_to_role),
            member_ids=tuple(sorted(member.id for member in members)),
            user_ids=tuple(sorted(member.id for member in members if isinstance(member, User))),
            is_dynamic="DynamicMembership" in (found[0].group_types or ()),
        )

    return await reading(f"the group {group.label}", read)


async def count_groups(session: GraphSession, groups: Sequence[GroupReference]) -> Reading[Mapping[str, int]]:
    """Read how many security groups each reference names; anything but one makes a deploy fail."""

    async def read() -> Reading[Mapping[str, int]]:
        return {group.label: len(await find_groups(session, group)) for group in groups}

    return await reading("the dashboard's groups", read)


async def find_groups(session: GraphSession, group: GroupReference) -> list[Group]:
    """Return every security group that a reference names: by id one or none, by display name any number."""
    select = ["id", "displayName", "securityEnabled", "isAssignableToRole", "groupTypes"]
    if group.object_id:
        query = GroupItemRequestBuilder.GroupItemRequestBuilderGetQueryParameters(select=select)
        builder = session.client.groups.by_group_id(group.object_id)
        try:
            found = await builder.get(RequestConfiguration(query_parameters=query))
        except APIError as error:
            if error.response_status_code == httpx.codes.NOT_FOUND:
                return []
            raise
        return [found] if found.security_enabled else []
    named = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters(
        filter=f"displayName eq {quote(group.name or '')} and securityEnabled eq true", select=select
    )
    return await read_all(session.client.groups, named)


async def read_other_administrators(session: GraphSession, account_id: str | None) -> Reading[tuple[str, ...]]:
    """Read which enabled users besides the account are active Global Administrators."""

    async def read() -> Reading[tuple[str, ...]]:
        holders = await list_assignments(session, f"roleDefinitionId eq {quote(GLOBAL_ADMINISTRATOR)}")
        found: set[str] = set()
        for principal_id in {holder.principal_id for holder in holders} - {account_id}:
            users = await _users_behind(session, principal_id)
            found |= {user.user_principal_name for user in users if user.account_enabled and user.id != account_id}
        return tuple(sorted(found))

    return await reading("the tenant's Global Administrators", read)


async def read_other_holders(session: GraphSession, account_id: str) -> Reading[tuple[str, ...]]:
    """Read which principals besides the account are assigned Global Administrator, by id: no user has to be readable.

    Whether they are enabled users is not asked. Entra ID itself does not let the last active one go.
    """

    async def read() -> Reading[tuple[str, ...]]:
        holders = await list_assignments(session, f"roleDefinitionId eq {quote(GLOBAL_ADMINISTRATOR)}")
        return tuple(sorted({holder.principal_id for holder in holders} - {account_id}))

    return await reading("the tenant's Global Administrators", read)


async def _users_behind(session: GraphSession, principal_id: str) -> list[User]:
    """Return the user with this id, or the members of the group with it; nobody for anything else."""
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        filter=f"id eq {quote(principal_id)}", select=["id", "accountEnabled", "userPrincipalName"]
    )
    users = await read_all(session.client.users, query)
    if users:
        return users
    try:
        members = await read_all(session.client.groups.by_group_id(principal_id).transitive_members)
    except APIError as error:
        if error.response_status_code == httpx.codes.NOT_FOUND:
            return []
        raise
    found: list[User] = []
    for member in members:
        if isinstance(member, User):
            found += await _users_behind(session, member.id)
    return found


async def read_twins(session: GraphSession, login: str, account_id: str | None) -> Reading[RoleHoldings]:
    """Read which roles other accounts of ours hold: stamped ones, and deleted ones, which keep theirs for a restore."""

    async def read() -> Reading[RoleHoldings]:
        query = DeletedUsersRequestBuilder.GraphUserRequestBuilderGetQueryParameters(
            select=["id", "userPrincipalName", "employeeType"]
        )
        local = login.partition("@")[0].lower()
        deleted = {
            user.id: f"deleted account {user.id}"
            for user in await read_all(session.client.directory.deleted_items.graph_user, query)
            # A deleted user's login is prefixed with its object id, so the local part is looked for at its end.
            if user.employee_type == STAMP or (user.user_principal_name or "").lower().partition("@")[0].endswith(local)
        }
        condition, advanced = _STAMPED
        stamped = await _find_users(session, condition, advanced=advanced)
        twins = deleted | {user.object_id: user.login for user, _ in stamped}
        twins.pop(account_id or "", None)
        held: list[RoleHolding] = []
        for twin_id, name in twins.items():
            held += await list_assigned(session, twin_id, name)
        # Nothing says that the roles of a deleted account are listed, and whoever restores it restores them.
        silent = [name for twin_id, name in deleted.items() if twin_id in twins]
        unseen = "what it will hold when it is restored is not shown"
        return RoleHoldings(held=tuple(held), unreadable=tuple(Unreadable(name, unseen) for name in silent))

    return await reading("other accounts of ours", read)


async def read_grants(
    session: GraphSession, client_app_id: str, resource_app_ids: Sequence[str], *, needs_all_apis: bool = True
) -> Reading[GrantsState]:
    """Read what a client was granted, application permissions and delegated ones, and the APIs it wants them on.

    An API that the tenant does not know makes it an absence, unless whoever asks can do without.
    """

    async def read() -> Reading[GrantsState]:
        client = await _service_principal(session, client_app_id)
        if client is None:
            return NoClient(f"the service principal of application {client_app_id}")
        resources = {app_id: await _service_principal(session, app_id) for app_id in resource_app_ids}
        missing = [app_id for app_id, resource in resources.items() if resource is None]
        if missing and needs_all_apis:
            return Absent(f"the service principal of the API {missing[0]}")
        builder = session.client.service_principals.by_service_principal_id(client.object_id)
        roles = await read_all(builder.app_role_assignments)
        query = Oauth2PermissionGrantsRequestBuilder.Oauth2PermissionGrantsRequestBuilderGetQueryParameters(
            filter=f"clientId eq {quote(client.object_id)}"
        )
        delegated = await read_all(session.client.oauth2_permission_grants, query)
        return GrantsState(
            client=client,
            resources={app_id: resource for app_id, resource in resources.items() if resource},
            app_roles=tuple(
                AppRoleGrant(assignment_id=role.id, resource_id=str(role.resource_id), role_id=str(role.app_role_id))
                for role in roles
            ),
            delegated=tuple(
                DelegatedGrant(
                    grant_id=grant.id,
                    resource_id=grant.resource_id,
                    principal_id=grant.principal_id,
                    scopes=frozenset((grant.scope or "").split()),
                )
                for grant in delegated
            ),
        )

    return await reading("the grants", read)


async def _service_principal(session: GraphSession, app_id: str) -> ServicePrincipalState | None:
    query = ServicePrincipalsRequestBuilder.ServicePrincipalsRequestBuilderGetQueryParameters(
        filter=f"appId eq {quote(app_id)}",
        select=["id", "appId", "displayName", "appRoles", "oauth2PermissionScopes"],
    )
    found = await read_all(session.client.service_principals, query)
    if not found:
        return None
    principal = found[0]
    return ServicePrincipalState(
        object_id=principal.id,
        app_id=principal.app_id,
        name=principal.display_name,
        app_roles_offered={str(role.id): role.value for role in principal.app_roles or () if role.is_enabled},
        scopes_offered=frozenset(scope.value for scope in principal.oauth2_permission_scopes or () if scope.is_enabled),
    )


def _user_state(user: User) -> UserState:
    if user.account_enabled is None:
        raise ValueError(f"{user.user_principal_name} does not show whether it is enabled")
    return UserState(
        object_id=user.id,
        login=user.user_principal_name,
        is_enabled=user.account_enabled,
        stamp=user.employee_type,
        is_synchronised=bool(user.on_premises_sync_enabled),
        usage_location=user.usage_location,
        licensed_skus=frozenset(str(licence.sku_id) for licence in user.assigned_licenses or ()),
        created=user.created_date_time,
        password_changed=user.last_password_change_date_time,
        sessions_from=user.sign_in_sessions_valid_from_date_time,
    )
