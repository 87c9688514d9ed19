"""`/identity/conditionalAccess`: policies, and the What If evaluation of a sign-in."""

from http import HTTPStatus

from sandbox import evaluation
from sandbox.bodies import Changes, Creates, takes
from sandbox.directory import access_policies
from sandbox.exposures.conditional_access import ACCESS_POLICY, WHAT_IF_RESULT
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Route

_POLICIES = "/identity/conditionalAccess/policies"
_SERVICE = Service.CONDITIONAL_ACCESS
_PROVIDER = "azuread provider"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"


def list_policies(request: GraphRequest) -> Answer:
    """List policies."""
    access_policies.require_licence(request.directory)
    directory = request.directory
    records = [access_policies.render(directory, each) for each in directory.access_policies.values()]
    return request.page(ACCESS_POLICY, records)


def create_policy(request: GraphRequest) -> Answer:
    """Save a new policy."""
    body = request.body
    policy = access_policies.create(request.directory, body, request.caller)
    shown = access_policies.render(request.directory, policy)
    return request.show(ACCESS_POLICY, shown, status=HTTPStatus.CREATED)


def read_policy(request: GraphRequest) -> Answer:
    """Show a policy."""
    policy = access_policies.require(request.directory, request.params["id"])
    return request.show(ACCESS_POLICY, access_policies.render(request.directory, policy))


def update_policy(request: GraphRequest) -> Answer:
    """Replace the named properties of a policy."""
    body = request.body
    access_policies.change(request.directory, request.params["id"], body, request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


def delete_policy(request: GraphRequest) -> Answer:
    """Delete a policy."""
    access_policies.delete(request.directory, request.params["id"], request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


def evaluate(request: GraphRequest) -> Answer:
    """Say which policies would apply to a sign-in."""
    access_policies.require_licence(request.directory)
    return request.page(WHAT_IF_RESULT, evaluation.what_if(request.directory, request.body))


ROUTES: tuple[Route, ...] = (
    Route("GET", _POLICIES, list_policies, query=MANY, service=_SERVICE, witness="msgraph-sdk"),
    Route(
        "POST",
        _POLICIES,
        create_policy,
        accepts=Creates(ACCESS_POLICY),
        service=_SERVICE,
        witness=_PROVIDER,
        gaps="named locations",
    ),
    Route("GET", f"{_POLICIES}/{{id}}", read_policy, query=ONE, service=_SERVICE, witness=_BOTH_CLIENTS),
    Route(
        "PATCH",
        f"{_POLICIES}/{{id}}",
        update_policy,
        accepts=Changes(ACCESS_POLICY),
        service=_SERVICE,
        witness=_PROVIDER,
    ),
    Route("DELETE", f"{_POLICIES}/{{id}}", delete_policy, service=_SERVICE, witness=_PROVIDER, gaps="no soft deletion"),
    Route(
        "POST",
        "/identity/conditionalAccess/evaluate",
        evaluate,
        accepts=takes(
            signInIdentity="signInIdentity",
            signInContext="signInContext",
            signInConditions="signInConditions",
            appliedPoliciesOnly="Boolean",
        ),
        service=_SERVICE,
        witness="msgraph-sdk",
        gaps="service principals' sign-ins, device filters",
    ),
)
