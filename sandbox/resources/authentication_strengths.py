"""`/policies/authenticationStrengthPolicies`, under its two addresses: the built-in strengths and the tenant's own."""

from collections.abc import Iterator
from http import HTTPStatus

from sandbox.bodies import Changes, Creates, takes
from sandbox.directory import access_policies, authentication_strengths
from sandbox.directory.store import Record
from sandbox.exposures.conditional_access import ACCESS_POLICY, AUTHENTICATION_STRENGTH
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, NO_OPTIONS, ONE, Route
from sandbox.schema import graph_schema

_POLICIES = "/policies/authenticationStrengthPolicies"
_ALIAS = "/identity/conditionalAccess/authenticationStrength/policies"
_SERVICE = Service.AUTHENTICATION
_SDK = "msgraph-sdk"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_strengths(request: GraphRequest) -> Answer:
    """List authentication strengths."""
    return request.page(AUTHENTICATION_STRENGTH, request.directory.authentication_strengths.values())


def create_strength(request: GraphRequest) -> Answer:
    """Save a strength of the tenant's own."""
    strength = authentication_strengths.create(request.directory, request.body, request.caller)
    return request.show(AUTHENTICATION_STRENGTH, strength, status=HTTPStatus.CREATED)


def read_strength(request: GraphRequest) -> Answer:
    """Show an authentication strength."""
    strength = authentication_strengths.require(request.directory, request.params["id"])
    return request.show(AUTHENTICATION_STRENGTH, strength)


def update_strength(request: GraphRequest) -> Answer:
    """Change name or description of a strength."""
    authentication_strengths.change(request.directory, request.params["id"], request.body, request.caller)
    return _NO_CONTENT


def update_combinations(request: GraphRequest) -> Answer:
    """Replace a strength's combinations, and tell the old and new ones."""
    result = authentication_strengths.change_combinations(
        request.directory, request.params["id"], request.body, request.caller
    )
    kind = "microsoft.graph.updateAllowedCombinationsResult"
    return Answer(HTTPStatus.OK, {"@odata.context": f"{request.base_url}/{request.version}/$metadata#{kind}", **result})


def delete_strength(request: GraphRequest) -> Answer:
    """Delete a strength that no policy uses."""
    authentication_strengths.delete(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def read_usage(request: GraphRequest) -> Answer:
    """List the policies that demand a strength, by whether they take it for multifactor authentication."""
    directory = request.directory
    strength = authentication_strengths.require(directory, request.params["id"])
    found = authentication_strengths.policies_with(directory, strength["id"])
    shown = [
        graph_schema().project(
            "conditionalAccessPolicy", access_policies.render(directory, each), ACCESS_POLICY.default
        )
        for each in found
    ]
    usage: dict[str, list[Record]] = {"mfa": [], "none": []}
    usage[strength["requirementsSatisfied"]] = shown
    kind = "microsoft.graph.authenticationStrengthUsage"
    return Answer(HTTPStatus.OK, {"@odata.context": f"{request.base_url}/{request.version}/$metadata#{kind}", **usage})


def _routes(base: str, client: str) -> Iterator[Route]:
    one = f"{base}/{{id}}"
    yield Route("GET", base, list_strengths, query=MANY, service=_SERVICE, witness=_SDK)
    yield Route(
        "POST",
        base,
        create_strength,
        accepts=Creates(AUTHENTICATION_STRENGTH),
        service=_SERVICE,
        witness=client,
        gaps="no combination configurations, no limit on the number of strengths",
    )
    yield Route("GET", one, read_strength, query=ONE, service=_SERVICE, witness=client)
    yield Route(
        "PATCH", one, update_strength, accepts=Changes(AUTHENTICATION_STRENGTH), service=_SERVICE, witness=client
    )
    yield Route("DELETE", one, delete_strength, service=_SERVICE, witness=client)
    yield Route(
        "POST",
        f"{one}/updateAllowedCombinations",
        update_combinations,
        accepts=takes(allowedCombinations="Collection(authenticationMethodModes)"),
        service=_SERVICE,
        witness=client,
    )
    yield Route(
        "GET",
        f"{one}/usage",
        read_usage,
        query=NO_OPTIONS,
        needs="Policy.Read.AuthenticationMethod;Policy.Read.All;Policy.ReadWrite.AuthenticationMethod;"
        "Policy.ReadWrite.ConditionalAccess",
        service=_SERVICE,
        witness=_SDK,
    )


ROUTES: tuple[Route, ...] = (*_routes(_POLICIES, _BOTH_CLIENTS), *_routes(_ALIAS, _SDK))
