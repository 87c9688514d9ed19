"""`/identity/conditionalAccess`: policies live and deleted, and the What If evaluation of a sign-in."""

from http import HTTPStatus

from sandbox.bodies import Changes, Creates, takes
from sandbox.directory import access_policies, premium, recycling
from sandbox.evaluation.what_if import what_if
from sandbox.exposures.conditional_access import ACCESS_POLICY, DELETED_ACCESS_POLICY, WHAT_IF_RESULT
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.resources import conditional_access_deleted
from sandbox.routing import MANY, ONE, Route

_ROOT = "/identity/conditionalAccess"
_POLICIES = f"{_ROOT}/policies"
_SERVICE = Service.CONDITIONAL_ACCESS
_SDK = "msgraph-sdk"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_policies(request: GraphRequest) -> Answer:
    """List policies."""
    directory = request.directory
    premium.require_p1(directory)
    records = (access_policies.render(directory, each) for each in directory.access_policies.values())
    return request.page(ACCESS_POLICY, records)


def create_policy(request: GraphRequest) -> Answer:
    """Save a new policy."""
    policy = access_policies.create(request.directory, request.body, request.caller)
    shown = access_policies.render(request.directory, policy)
    return request.show(ACCESS_POLICY, shown, status=HTTPStatus.CREATED)


def read_policy(request: GraphRequest) -> Answer:
    """Show a policy."""
    policy = access_policies.require(request.directory, request.params["id"])
    return request.show(ACCESS_POLICY, access_policies.render(request.directory, policy))


def update_policy(request: GraphRequest) -> Answer:
    """Replace the named properties of a policy."""
    access_policies.change(request.directory, request.params["id"], request.body, request.caller)
    return _NO_CONTENT


def delete_policy(request: GraphRequest) -> Answer:
    """Delete a policy; it stays restorable."""
    access_policies.delete(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def list_deleted_policies(request: GraphRequest) -> Answer:
    """List the policies that can still be restored."""
    directory = request.directory
    premium.require_p1(directory)
    found = recycling.deleted(directory, access_policies.KIND)
    return request.page(DELETED_ACCESS_POLICY, (access_policies.render(directory, each) for each in found))


def read_deleted_policy(request: GraphRequest) -> Answer:
    """Show a policy that can still be restored."""
    policy = access_policies.require_deleted(request.directory, request.params["id"])
    return request.show(DELETED_ACCESS_POLICY, access_policies.render(request.directory, policy))


def restore_policy(request: GraphRequest) -> Answer:
    """Bring a deleted policy back."""
    policy = access_policies.restore(request.directory, request.params["id"], request.caller)
    return request.show(ACCESS_POLICY, access_policies.render(request.directory, policy))


def purge_policy(request: GraphRequest) -> Answer:
    """Delete a deleted policy for good."""
    access_policies.purge(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def evaluate(request: GraphRequest) -> Answer:
    """Say which policies would apply to a sign-in."""
    premium.require_p1(request.directory)
    return request.page(WHAT_IF_RESULT, what_if(request.directory, request.body))


ROUTES: tuple[Route, ...] = (
    Route("GET", _POLICIES, list_policies, query=MANY, service=_SERVICE, witness=_SDK),
    Route(
        "POST",
        _POLICIES,
        create_policy,
        accepts=Creates(ACCESS_POLICY),
        service=_SERVICE,
        witness=_BOTH_CLIENTS,
        gaps="no filters by custom security attributes, no limit on the number of policies",
    ),
    Route("GET", f"{_POLICIES}/{{id}}", read_policy, query=ONE, service=_SERVICE, witness=_BOTH_CLIENTS),
    Route(
        "PATCH",
        f"{_POLICIES}/{{id}}",
        update_policy,
        accepts=Changes(ACCESS_POLICY),
        service=_SERVICE,
        witness=_BOTH_CLIENTS,
        gaps="no protected actions",
    ),
    Route("DELETE", f"{_POLICIES}/{{id}}", delete_policy, service=_SERVICE, witness=_BOTH_CLIENTS),
    *conditional_access_deleted.rows(
        "policies",
        conditional_access_deleted.Recycled(list_deleted_policies, read_deleted_policy, restore_policy, purge_policy),
    ),
    Route(
        "POST",
        f"{_ROOT}/evaluate",
        evaluate,
        accepts=takes(
            signInIdentity="signInIdentity",
            signInContext="signInContext",
            signInConditions="signInConditions",
            appliedPoliciesOnly="Boolean",
        ),
        service=_SERVICE,
        witness=_SDK,
        gaps="no agent identities",
    ),
)
