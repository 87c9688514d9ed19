"""Calls on `/identity/conditionalAccess`: policies, What If, and authentication contexts."""

from collections.abc import Mapping
from typing import Any

from msgraph.generated.identity.conditional_access.evaluate.evaluate_post_request_body import EvaluatePostRequestBody
from msgraph.generated.models.application_context import ApplicationContext
from msgraph.generated.models.authentication_context_class_reference import AuthenticationContextClassReference
from msgraph.generated.models.conditional_access_applications import ConditionalAccessApplications
from msgraph.generated.models.conditional_access_client_app import ConditionalAccessClientApp
from msgraph.generated.models.conditional_access_condition_set import ConditionalAccessConditionSet
from msgraph.generated.models.conditional_access_grant_control import ConditionalAccessGrantControl
from msgraph.generated.models.conditional_access_grant_controls import ConditionalAccessGrantControls
from msgraph.generated.models.conditional_access_policy import ConditionalAccessPolicy
from msgraph.generated.models.conditional_access_policy_state import ConditionalAccessPolicyState
from msgraph.generated.models.conditional_access_users import ConditionalAccessUsers
from msgraph.generated.models.sign_in_conditions import SignInConditions
from msgraph.generated.models.user_sign_in import UserSignIn

from tests.sandbox.rows.conditional_access import CONTEXTS, GRAPH, POLICIES, deleted_policy, made_context, made_policy
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call

_DELETED = "/identity/conditionalAccess/deletedItems/policies"


def _policy(client: Any, scene: Scene) -> Any:
    policy_id = made_policy(scene).rsplit("/", maxsplit=1)[1]
    return client.identity.conditional_access.policies.by_conditional_access_policy_id(policy_id)


def _deleted(client: Any, scene: Scene) -> Any:
    policy_id = deleted_policy(scene).rsplit("/", maxsplit=1)[1]
    return client.identity.conditional_access.deleted_items.policies.by_conditional_access_policy_id(policy_id)


def _context(client: Any, scene: Scene) -> Any:
    context_id = made_context(scene).rsplit("/", maxsplit=1)[1]
    contexts = client.identity.conditional_access.authentication_context_class_references
    return contexts.by_authentication_context_class_reference_id(context_id)


async def _create(client: Any, _scene: Scene) -> None:
    await client.identity.conditional_access.policies.post(
        ConditionalAccessPolicy(
            display_name="Second factor for everybody",
            state=ConditionalAccessPolicyState.EnabledForReportingButNotEnforced,
            conditions=ConditionalAccessConditionSet(
                applications=ConditionalAccessApplications(include_applications=["All"]),
                client_app_types=[ConditionalAccessClientApp.All],
                users=ConditionalAccessUsers(include_users=["All"]),
            ),
            grant_controls=ConditionalAccessGrantControls(
                operator="OR", built_in_controls=[ConditionalAccessGrantControl.Mfa]
            ),
        )
    )


async def _change(client: Any, scene: Scene) -> None:
    await _policy(client, scene).patch(ConditionalAccessPolicy(state=ConditionalAccessPolicyState.Disabled))


async def _evaluate(client: Any, scene: Scene) -> None:
    made_policy(scene)
    answer = await client.identity.conditional_access.evaluate.post(
        EvaluatePostRequestBody(
            sign_in_identity=UserSignIn(user_id=scene.user()["id"]),
            sign_in_context=ApplicationContext(include_applications=[GRAPH]),
            sign_in_conditions=SignInConditions(client_app_type=ConditionalAccessClientApp.Browser),
        )
    )
    assert [each.policy_applies for each in answer.value] == [True]


async def _describe(client: Any, scene: Scene) -> None:
    await _context(client, scene).patch(AuthenticationContextClassReference(display_name="Payments above 1,000"))


CALLS: Mapping[str, Call] = {
    f"GET {POLICIES}": lambda client, _scene: client.identity.conditional_access.policies.get(),
    f"POST {POLICIES}": _create,
    f"GET {POLICIES}/{{id}}": lambda client, scene: _policy(client, scene).get(),
    f"PATCH {POLICIES}/{{id}}": _change,
    f"DELETE {POLICIES}/{{id}}": lambda client, scene: _policy(client, scene).delete(),
    f"GET {_DELETED}": lambda client, _scene: client.identity.conditional_access.deleted_items.policies.get(),
    f"GET {_DELETED}/{{id}}": lambda client, scene: _deleted(client, scene).get(),
    f"POST {_DELETED}/{{id}}/restore": lambda client, scene: _deleted(client, scene).restore.post(),
    f"DELETE {_DELETED}/{{id}}": lambda client, scene: _deleted(client, scene).delete(),
    "POST /identity/conditionalAccess/evaluate": _evaluate,
    f"GET {CONTEXTS}": lambda client, _scene: (
        client.identity.conditional_access.authentication_context_class_references.get()
    ),
    f"GET {CONTEXTS}/{{id}}": lambda client, scene: _context(client, scene).get(),
    f"PATCH {CONTEXTS}/{{id}}": _describe,
    f"DELETE {CONTEXTS}/{{id}}": lambda client, scene: _context(client, scene).delete(),
}
