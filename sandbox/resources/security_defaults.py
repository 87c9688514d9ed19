"""`/policies/identitySecurityDefaultsEnforcementPolicy`: whether security defaults are on."""

from http import HTTPStatus

from sandbox.bodies import Changes
from sandbox.directory import security_defaults
from sandbox.exposures.conditional_access import SECURITY_DEFAULTS
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import ONE, Route

_PATH = "/policies/identitySecurityDefaultsEnforcementPolicy"


def read_policy(request: GraphRequest) -> Answer:
    """Show whether security defaults are on."""
    policy = {
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "description": "Basic identity security mechanisms recommended by Microsoft.",
        "isEnabled": request.directory.security_defaults,
    }
    return request.show(SECURITY_DEFAULTS, policy)


def update_policy(request: GraphRequest) -> Answer:
    """Switch security defaults on or off."""
    security_defaults.switch(request.directory, request.body, request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


ROUTES: tuple[Route, ...] = (
    Route("GET", _PATH, read_policy, query=ONE, service=Service.CONDITIONAL_ACCESS, witness="msgraph-sdk"),
    Route(
        "PATCH",
        _PATH,
        update_policy,
        accepts=Changes(SECURITY_DEFAULTS),
        service=Service.CONDITIONAL_ACCESS,
        witness="msgraph-sdk",
    ),
)
