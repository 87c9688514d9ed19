"""What is done to a tenant through Graph: one function an act, and the registry by which the runner finds it.

A write whose outcome is uncertain raises; the runner then looks at the tenant again rather than trusting the answer.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.assigned_license import AssignedLicense
from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant
from msgraph.generated.models.password_profile import PasswordProfile
from msgraph.generated.models.temporary_access_pass_authentication_method import (
    TemporaryAccessPassAuthenticationMethod,
)
from msgraph.generated.models.user import User
from msgraph.generated.users.item.assign_license.assign_license_post_request_body import (
    AssignLicensePostRequestBody,
)

from steward import acts
from steward.errors import FinalRefusalError, RefusedError, StewardError
from steward.graph.failures import describe
from steward.graph.session import GraphSession
from steward.secret import Secret, generate_password
from steward.sink import Sink, require_sink


async def remove_role_assignment(session: GraphSession, act: acts.RemoveRoleAssignment, _: Sink | None) -> None:
    """Delete a direct role assignment."""
    assignments = session.client.role_management.directory.role_assignments
    await assignments.by_unified_role_assignment_id(act.assignment_id).delete()


async def disable_account(session: GraphSession, act: acts.DisableAccount, _: Sink | None) -> None:
    """Set accountEnabled to false, and then invalidate the refresh tokens: nobody can get new ones in between."""
    user = session.client.users.by_user_id(act.user_id)
    await user.patch(User(account_enabled=False))
    await user.revoke_sign_in_sessions.post()


async def enable_account(session: GraphSession, act: acts.EnableAccount, _: Sink | None) -> None:
    """Set accountEnabled to true."""
    await session.client.users.by_user_id(act.user_id).patch(User(account_enabled=True))


async def issue_pass(session: GraphSession, act: acts.IssuePass, sink: Sink | None) -> None:
    """Make a one-time pass; a pass that the sink did not take is deleted again."""
    target = require_sink(sink)
    passes = session.client.users.by_user_id(act.user_id).authentication.temporary_access_pass_methods
    made = await passes.post(
        TemporaryAccessPassAuthenticationMethod(is_usable_once=True, lifetime_in_minutes=act.minutes)
    )
    try:
        target.deliver(f"{act.login}.pass", Secret(made.temporary_access_pass))
    except StewardError:
        await passes.by_temporary_access_pass_authentication_method_id(made.id).delete()
        raise


async def delete_pass(session: GraphSession, act: acts.DeletePass, _: Sink | None) -> None:
    """Delete a pass, which also ends the sessions that were opened with it."""
    passes = session.client.users.by_user_id(act.user_id).authentication.temporary_access_pass_methods
    await passes.by_temporary_access_pass_authentication_method_id(act.pass_id).delete()


async def deliver_password(session: GraphSession, act: acts.DeliverPassword, sink: Sink | None) -> None:
    """Hand a new password to the sink, set it, and enable the account, in that order."""
    password = generate_password()
    require_sink(sink).deliver(f"{act.login}.password", password)
    user = session.client.users.by_user_id(act.user_id)
    profile = PasswordProfile(password=password.reveal(), force_change_password_next_sign_in=False)
    await user.patch(User(password_profile=profile))
    await user.patch(User(account_enabled=True))


async def replace_password(session: GraphSession, act: acts.ReplacePassword, _: Sink | None) -> None:
    """Set a random password that is forgotten as soon as the request is sent."""
    profile = PasswordProfile(password=generate_password().reveal(), force_change_password_next_sign_in=False)
    await session.client.users.by_user_id(act.user_id).patch(User(password_profile=profile))


async def assign_licence(session: GraphSession, act: acts.AssignLicence, _: Sink | None) -> None:
    """Add one licence."""
    body = AssignLicensePostRequestBody(
        add_licenses=[AssignedLicense(sku_id=UUID(act.sku_id), disabled_plans=[])], remove_licenses=[]
    )
    await session.client.users.by_user_id(act.user_id).assign_license.post(body)


async def grant_app_role(session: GraphSession, act: acts.GrantAppRole, _: Sink | None) -> None:
    """Grant an application permission, on the resource's side."""
    body = AppRoleAssignment(
        principal_id=UUID(act.client_id), resource_id=UUID(act.resource_id), app_role_id=UUID(act.role_id)
    )
    resource = session.client.service_principals.by_service_principal_id(act.resource_id)
    await resource.app_role_assigned_to.post(body)


async def create_delegated_grant(session: GraphSession, act: acts.CreateDelegatedGrant, _: Sink | None) -> None:
    """Grant delegated permissions."""
    body = OAuth2PermissionGrant(
        client_id=act.client_id,
        resource_id=act.resource_id,
        consent_type="Principal" if act.principal_id else "AllPrincipals",
        principal_id=act.principal_id,
        scope=" ".join(sorted(act.scopes)),
    )
    await session.client.oauth2_permission_grants.post(body)


async def set_delegated_scopes(session: GraphSession, act: acts.SetDelegatedScopes, _: Sink | None) -> None:
    """Replace the whole scope of a delegated grant, which is what a PATCH of it does."""
    grant = session.client.oauth2_permission_grants.by_o_auth2_permission_grant_id(act.grant_id)
    await grant.patch(OAuth2PermissionGrant(scope=" ".join(sorted(act.scopes))))


WRITES: Mapping[type[Any], Callable[[GraphSession, Any, Sink | None], Awaitable[None]]] = MappingProxyType(
    {
        acts.RemoveRoleAssignment: remove_role_assignment,
        acts.DisableAccount: disable_account,
        acts.EnableAccount: enable_account,
        acts.IssuePass: issue_pass,
        acts.DeletePass: delete_pass,
        acts.DeliverPassword: deliver_password,
        acts.ReplacePassword: replace_password,
        acts.AssignLicence: assign_licence,
        acts.GrantAppRole: grant_app_role,
        acts.CreateDelegatedGrant: create_delegated_grant,
        acts.SetDelegatedScopes: set_delegated_scopes,
    }
)


async def perform(session: GraphSession, act: acts.GraphAct, sink: Sink | None) -> None:
    """Perform one act; raises `RefusedError` with the server's words when it was refused or got no answer."""
    try:
        await WRITES[type(act)](session, act, sink)
    except StewardError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever the SDK raises: the outcome is uncertain, and is looked at again
        # What hands a secret out is not done again by itself: each time would leave one more of them in the sink.
        kind = FinalRefusalError if isinstance(act, acts.DeliverPassword | acts.IssuePass) else RefusedError
        raise kind(
            f"{type(act).__name__} was refused", why=describe(error), next_move="see why, then run again"
        ) from None
