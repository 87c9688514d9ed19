"""`/policies/authorizationPolicy`: what members and guests may do without any role."""

from http import HTTPStatus

from sandbox.bodies import Changes
from sandbox.directory import authorization_policy
from sandbox.exposures.organization import AUTHORIZATION_POLICY
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import ONE, Route

_POLICY = "/policies/authorizationPolicy"
_SDK = "msgraph-sdk"


def read_policy(request: GraphRequest) -> Answer:
    """Show the policy."""
    return request.show(AUTHORIZATION_POLICY, request.directory.authorization_policy)


def update_policy(request: GraphRequest) -> Answer:
    """Change the named properties of the policy."""
    authorization_policy.change(request.directory, request.body, request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


ROUTES: tuple[Route, ...] = (
    Route("GET", _POLICY, read_policy, query=ONE, witness=_SDK),
    Route(
        "PATCH",
        _POLICY,
        update_policy,
        accepts=Changes(AUTHORIZATION_POLICY),
        needs="Policy.ReadWrite.Authorization",
        witness=_SDK,
        gaps="no other part of the sandbox asks for invitations, sign-up or subscriptions",
    ),
)
