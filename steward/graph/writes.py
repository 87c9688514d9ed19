"""What is done to a tenant through Graph: one function an act, and the registry by which the runner finds it.

A write whose outcome is uncertain raises; the runner then looks at the tenant again rather than trusting the answer.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from uuid import UUID

from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.assigned_license import AssignedLicense
from msgraph.generated.models.expiration_pattern import ExpirationPattern
from msgraph.generated.models.expiration_pattern_type import ExpirationPatternType
from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant
from msgraph.generated.models.password_profile import PasswordProfile
from msgraph.generated.models.request_schedule import RequestSchedule
from msgraph.generated.models.temporary_access_pass_authentication_method import (
    TemporaryAccessPassAuthenticationMethod,
)
from msgraph.generated.models.unified_role_assignment import UnifiedRoleAssignment
from msgraph.generated.models.unified_role_assignment_schedule_request import UnifiedRoleAssignmentScheduleRequest
from msgraph.generated.models.unified_role_schedule_request_actions import UnifiedRoleScheduleRequestActions
from msgraph.generated.models.user import User
from msgraph.generated.users.item.assign_license.assign_license_post_request_body import (
    AssignLicensePostRequestBody,
)
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from tenacity import AsyncRetrying, RetryError, retry_if_result, stop_after_delay, wait_exponential

from steward import acts
from steward.errors import FinalRefusalError, RefusedError, StewardError, TooEarlyError
from steward.graph.failures import ACTIVE_DURATION_TOO_SHORT, SHORTEST_ACTIVE_SECONDS, code_of, describe
from steward.graph.registering import REGISTERING
from steward.graph.roles import require_no_privileged_role
from steward.graph.session import GraphSession
from steward.secret import Secret, generate_password
from steward.sinks.sink import Label, SecretKind, Sink, require_sink

# How long a replica may show an earlier password change, and how far the tenant's clocks may be apart.
_SHOWN_WITHIN_SECONDS = 30
_CLOCKS_APART = timedelta(seconds=30)


async def remove_role_assignment(session: GraphSession, act: acts.RemoveRoleAssignment, _: Sink | None) -> None:
    """Delete a direct role assignment."""
    assignments = session.client.role_management.directory.role_assignments
    try:
        await assignments.by_unified_role_assignment_id(act.assignment_id).delete()
    except APIError as error:
        if not (act.is_unseen and error.response_status_code == HTTPStatus.NOT_FOUND):
            raise


async def remove_role_member(session: GraphSession, act: acts.RemoveRoleMember, _: Sink | None) -> None:
    """Delete the membership of a directory role, which deletes the assignment behind it."""
    members = session.client.directory_roles.by_directory_role_id(act.role_id).members
    await members.by_directory_object_id(act.user_id).ref.delete()


async def request_role_schedule(session: GraphSession, act: acts.RequestRoleSchedule, _: Sink | None) -> None:
    """Ask for a role from now until its end, by the tenant's own clock."""
    begins = session.now().replace(microsecond=0)
    # The end as a moment: the SDK would write a duration in a form that Graph refuses ("3:00:00" for PT3H).
    until = ExpirationPattern(
        type=ExpirationPatternType.AfterDateTime, end_date_time=begins + timedelta(minutes=act.minutes)
    )
    body = _schedule_request(act, UnifiedRoleScheduleRequestActions.AdminAssign)
    body.schedule_info = RequestSchedule(start_date_time=begins, expiration=until)
    await session.client.role_management.directory.role_assignment_schedule_requests.post(body)


async def assign_role(session: GraphSession, act: acts.AssignRole, _: Sink | None) -> None:
    """Create a role assignment; Graph keeps neither its end nor its reason, which stand in the evidence."""
    body = UnifiedRoleAssignment(
        principal_id=act.principal_id, role_definition_id=act.role_template_id, directory_scope_id="/"
    )
    await session.client.role_management.directory.role_assignments.post(body)


async def end_role_schedule(session: GraphSession, act: acts.EndRoleSchedule, _: Sink | None) -> None:
    """Take a scheduled role away."""
    body = _schedule_request(act, UnifiedRoleScheduleRequestActions.AdminRemove)
    await session.client.role_management.directory.role_assignment_schedule_requests.post(body)


def _schedule_request(
    act: acts.RequestRoleSchedule | acts.EndRoleSchedule, action: UnifiedRoleScheduleRequestActions
) -> UnifiedRoleAssignmentScheduleRequest:
    return UnifiedRoleAssignmentScheduleRequest(
        action=action,
        principal_id=act.principal_id,
        role_definition_id=act.role_template_id,
        directory_scope_id="/",
        justification=act.justification,
    )


async def disable_account(session: GraphSession, act: acts.DisableAccount, _: Sink | None) -> None:
    """Set accountEnabled to false, and then invalidate the refresh tokens: nobody can get new ones in between."""
    user = session.client.users.by_user_id(act.user_id)
    await user.patch(User(account_enabled=False))
    await user.revoke_sign_in_sessions.post()


async def end_sessions(session: GraphSession, act: acts.EndSessions, _: Sink | None) -> None:
    """Invalidate the refresh tokens."""
    await session.client.users.by_user_id(act.user_id).revoke_sign_in_sessions.post()


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
    begins = made.start_date_time or made.created_date_time or session.now()
    ends = begins + timedelta(minutes=made.lifetime_in_minutes or act.minutes)
    label = Label(SecretKind.PASS, act.login, act.user_id, ends)
    try:
        await target.deliver(label, Secret(made.temporary_access_pass))
    except BaseException:
        # Broken off or refused: what nobody received must not be left open.
        await passes.by_temporary_access_pass_authentication_method_id(made.id).delete()
        raise
    session.delivered_passes[made.id] = act.is_for_window


async def delete_pass(session: GraphSession, act: acts.DeletePass, _: Sink | None) -> None:
    """Delete a pass, which also ends the sessions that were opened with it."""
    passes = session.client.users.by_user_id(act.user_id).authentication.temporary_access_pass_methods
    await passes.by_temporary_access_pass_authentication_method_id(act.pass_id).delete()


async def deliver_password(session: GraphSession, act: acts.DeliverPassword, sink: Sink | None) -> None:
    """Hand a new password to the sink, set it, have the sink note that it was set, and enable the account."""
    target = require_sink(sink)
    password = generate_password()
    user = session.client.users.by_user_id(act.user_id)
    before = await _password_changed(user) if target.keeps_record else None
    receipt = await target.deliver(Label(SecretKind.PASSWORD, act.login, act.user_id), password)
    # A sink may take its time, and somebody may open a window meanwhile.
    await require_no_privileged_role(session, act.user_id)
    begun = session.now()
    profile = PasswordProfile(password=password.reveal(), force_change_password_next_sign_in=False)
    await user.patch(User(password_profile=profile))
    if target.keeps_record:
        await target.confirm(receipt, await _require_password_changed(user, begun=begun, before=before))
        await require_no_privileged_role(session, act.user_id)
    await user.patch(User(account_enabled=True))


async def _password_changed(user: UserItemRequestBuilder) -> datetime | None:
    """Return when the tenant says that the password was changed."""
    query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=["lastPasswordChangeDateTime"])
    found = await user.get(RequestConfiguration(query_parameters=query))
    return found.last_password_change_date_time if found else None


async def _require_password_changed(
    user: UserItemRequestBuilder, *, begun: datetime, before: datetime | None
) -> datetime:
    """Return the moment of the change that was asked for at `begun`; replicas may show an earlier one for a while."""

    def is_earlier(changed: datetime | None) -> bool:
        return changed is None or changed == before or changed < begun - _CLOCKS_APART

    attempts = AsyncRetrying(
        stop=stop_after_delay(_SHOWN_WITHIN_SECONDS),
        wait=wait_exponential(multiplier=0.2, max=4),
        retry=retry_if_result(is_earlier),
    )
    try:
        changed: datetime = await attempts(_password_changed, user)
    except RetryError:
        raise FinalRefusalError(
            "the new password does not show in the tenant",
            why=f"the account's lastPasswordChangeDateTime was still {before} after {_SHOWN_WITHIN_SECONDS} seconds",
            next_move="run again; the account stays disabled until then",
        ) from None
    return changed


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


async def revoke_app_role(session: GraphSession, act: acts.RevokeAppRole, _: Sink | None) -> None:
    """Delete the assignment of an application permission."""
    client = session.client.service_principals.by_service_principal_id(act.client_id)
    await client.app_role_assignments.by_app_role_assignment_id(act.assignment_id).delete()


async def delete_delegated_grant(session: GraphSession, act: acts.DeleteDelegatedGrant, _: Sink | None) -> None:
    """Delete a delegated grant."""
    await session.client.oauth2_permission_grants.by_o_auth2_permission_grant_id(act.grant_id).delete()


WRITES: Mapping[type[Any], Callable[[GraphSession, Any, Sink | None], Awaitable[None]]] = MappingProxyType(
    {
        acts.RemoveRoleAssignment: remove_role_assignment,
        acts.RemoveRoleMember: remove_role_member,
        acts.RequestRoleSchedule: request_role_schedule,
        acts.AssignRole: assign_role,
        acts.EndRoleSchedule: end_role_schedule,
        acts.DisableAccount: disable_account,
        acts.EndSessions: end_sessions,
        acts.EnableAccount: enable_account,
        acts.IssuePass: issue_pass,
        acts.DeletePass: delete_pass,
        acts.DeliverPassword: deliver_password,
        acts.ReplacePassword: replace_password,
        acts.AssignLicence: assign_licence,
        acts.GrantAppRole: grant_app_role,
        acts.CreateDelegatedGrant: create_delegated_grant,
        acts.SetDelegatedScopes: set_delegated_scopes,
        acts.RevokeAppRole: revoke_app_role,
        acts.DeleteDelegatedGrant: delete_delegated_grant,
        **REGISTERING,
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
        if isinstance(error, APIError) and code_of(error) == ACTIVE_DURATION_TOO_SHORT:
            raise TooEarlyError(
                f"{type(act).__name__} was refused",
                why=describe(error),
                next_move="it is tried again until the 5 minutes are over in which Entra ID takes no role back",
                seconds=SHORTEST_ACTIVE_SECONDS,
            ) from None
        kind = FinalRefusalError if isinstance(act, acts.DeliverPassword | acts.IssuePass) else RefusedError
        raise kind(
            f"{type(act).__name__} was refused", why=describe(error), next_move="see why, then run again"
        ) from None
