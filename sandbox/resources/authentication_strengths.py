"""`/policies/authenticationStrengthPolicies`: the built-in strengths."""

from sandbox.errors import not_found
from sandbox.exposures.conditional_access import AUTHENTICATION_STRENGTH
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Route

_STRENGTHS = "/policies/authenticationStrengthPolicies"


def list_strengths(request: GraphRequest) -> Answer:
    """List authentication strengths."""
    return request.page(AUTHENTICATION_STRENGTH, request.directory.authentication_strengths.values())


def read_strength(request: GraphRequest) -> Answer:
    """Show an authentication strength."""
    strength = request.directory.authentication_strengths.get(request.params["id"])
    if strength is None:
        raise not_found(request.params["id"])
    return request.show(AUTHENTICATION_STRENGTH, strength)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _STRENGTHS,
        list_strengths,
        query=MANY,
        service=Service.AUTHENTICATION,
        witness="msgraph-sdk",
        gaps="custom strengths",
    ),
    Route(
        "GET",
        f"{_STRENGTHS}/{{id}}",
        read_strength,
        query=ONE,
        service=Service.AUTHENTICATION,
        witness="azuread provider, msgraph-sdk",
    ),
)
