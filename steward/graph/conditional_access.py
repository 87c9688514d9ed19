"""Conditional access as the tenant has it: the policies, and what they would demand of a sign-in (What-If)."""

from collections.abc import Sequence
from typing import Any

from msgraph.generated.identity.conditional_access.evaluate.evaluate_post_request_body import (
    EvaluatePostRequestBody,
)
from msgraph.generated.models.application_context import ApplicationContext
from msgraph.generated.models.conditional_access_client_app import ConditionalAccessClientApp
from msgraph.generated.models.conditional_access_device_platform import ConditionalAccessDevicePlatform
from msgraph.generated.models.sign_in_conditions import SignInConditions
from msgraph.generated.models.user_sign_in import UserSignIn

from steward.facts import PolicyState, Reading, WhatIf
from steward.graph.failures import reading
from steward.graph.paging import read_all
from steward.graph.session import GraphSession

# Every kind of client that a policy can tell apart; legacy ones cannot do MFA and are therefore blocked by it.
CLIENT_APP_TYPES = (
    ConditionalAccessClientApp.Browser,
    ConditionalAccessClientApp.MobileAppsAndDesktopClients,
    ConditionalAccessClientApp.ExchangeActiveSync,
    ConditionalAccessClientApp.Other,
)


async def read_policies(session: GraphSession) -> Reading[tuple[PolicyState, ...]]:
    """Read every conditional access policy."""

    async def read() -> Reading[tuple[PolicyState, ...]]:
        policies = await read_all(session.client.identity.conditional_access.policies)
        return tuple(_policy_state(policy) for policy in policies)

    return await reading("conditional access policies", read)


async def read_what_if(session: GraphSession, user_id: str, app_ids: Sequence[str]) -> Reading[tuple[WhatIf, ...]]:
    """Ask what conditional access would demand of the user for these applications, once for every client type."""

    async def read() -> Reading[tuple[WhatIf, ...]]:
        return tuple([await _evaluate(session, user_id, app_ids, kind) for kind in CLIENT_APP_TYPES])

    return await reading("the What-If evaluation", read)


async def _evaluate(
    session: GraphSession, user_id: str, app_ids: Sequence[str], kind: ConditionalAccessClientApp
) -> WhatIf:
    body = EvaluatePostRequestBody(
        sign_in_identity=UserSignIn(user_id=user_id),
        sign_in_context=ApplicationContext(include_applications=list(app_ids)),
        sign_in_conditions=SignInConditions(
            client_app_type=kind, device_platform=ConditionalAccessDevicePlatform.Windows
        ),
        applied_policies_only=True,
    )
    result = await session.client.identity.conditional_access.evaluate.post(body)
    return WhatIf(
        client_app_type=kind.value,
        applied_policy_ids=frozenset(entry.id for entry in result.value or () if entry.policy_applies),
    )


def _policy_state(policy: Any) -> PolicyState:
    conditions, grant = policy.conditions, policy.grant_controls
    users, applications = conditions.users, conditions.applications
    return PolicyState(
        object_id=policy.id,
        name=policy.display_name,
        state=policy.state.value if policy.state else "",
        include_users=_set(users, "include_users"),
        exclude_users=_set(users, "exclude_users"),
        exclude_groups=_set(users, "exclude_groups"),
        exclude_roles=_set(users, "exclude_roles"),
        include_applications=_set(applications, "include_applications"),
        exclude_applications=_set(applications, "exclude_applications"),
        client_app_types=frozenset(kind.value for kind in conditions.client_app_types or ()),
        built_in_controls=frozenset(control.value for control in (grant.built_in_controls or ()) if control)
        if grant
        else frozenset(),
        strength_id=grant.authentication_strength.id if grant and grant.authentication_strength else None,
        has_other_controls=bool(grant and (grant.terms_of_use or grant.custom_authentication_factors)),
        is_narrowed=_is_narrowed(conditions),
    )


def _is_narrowed(conditions: Any) -> bool:
    """Return whether a condition besides users, applications and client types limits when the policy applies."""
    narrowing = (
        conditions.locations,
        conditions.platforms,
        conditions.devices,
        conditions.authentication_flows,
        conditions.sign_in_risk_levels,
        conditions.user_risk_levels,
        conditions.service_principal_risk_levels,
        conditions.insider_risk_levels,
        conditions.client_applications,
        getattr(conditions.applications, "application_filter", None),
    )
    return any(narrowing)


def _set(container: Any, name: str) -> frozenset[str]:
    return frozenset(getattr(container, name, None) or ()) if container else frozenset()
