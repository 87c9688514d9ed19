"""`/users/{id}/authentication` and the policy that says which methods a tenant allows."""

from http import HTTPStatus

from sandbox.bodies import Creates
from sandbox.directory import methods
from sandbox.directory.store import Record
from sandbox.errors import not_emulated
from sandbox.exposures.methods import METHODS_POLICY, PASS_CONFIGURATION, TEMPORARY_ACCESS_PASS
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import ONE, Route

_SDK = "msgraph-sdk"
_PASSES = "/users/{id}/authentication/temporaryAccessPassMethods"
_POLICY = "/policies/authenticationMethodsPolicy"
_PASS_ID = "TemporaryAccessPass"  # noqa: S105 - the configuration's id


def list_methods(request: GraphRequest) -> Answer:
    """List every method of a user, the password included."""
    found = methods.methods_of(request.directory, request.params["id"])
    return request.page_mixed(request.authentication_methods(found), base="authenticationMethod")


def list_passes(request: GraphRequest) -> Answer:
    """List a user's Temporary Access Passes, without their codes."""
    return request.page(TEMPORARY_ACCESS_PASS, methods.passes_of(request.directory, request.params["id"]))


def issue_pass(request: GraphRequest) -> Answer:
    """Issue a Temporary Access Pass; only this answer shows the code."""
    body = request.body
    issued = methods.issue_pass(request.directory, request.params["id"], body, request.caller)
    return request.show(TEMPORARY_ACCESS_PASS, issued, status=HTTPStatus.CREATED)


def read_pass(request: GraphRequest) -> Answer:
    """Show a Temporary Access Pass, without its code."""
    found = methods.require_pass(request.directory, request.params["id"], request.params["method_id"])
    return request.show(TEMPORARY_ACCESS_PASS, found)


def delete_pass(request: GraphRequest) -> Answer:
    """Delete a Temporary Access Pass."""
    methods.delete_pass(request.directory, request.params["id"], request.params["method_id"], request.caller)
    return Answer(HTTPStatus.NO_CONTENT)


def read_policy(request: GraphRequest) -> Answer:
    """Show the tenant's policy for authentication methods, with the configuration that the sandbox holds."""
    policy = {
        "id": "authenticationMethodsPolicy",
        "description": "The tenant-wide policy that controls which authentication methods are allowed.",
        "displayName": "Authentication Methods Policy",
        "policyMigrationState": "migrationComplete",
        "policyVersion": "1.5",
    }
    answer = request.show(METHODS_POLICY, policy)
    configurations = [_configuration(request)]
    return Answer(answer.status, {**(answer.body or {}), "authenticationMethodConfigurations": configurations})


def read_configuration(request: GraphRequest) -> Answer:
    """Show the tenant's rules for Temporary Access Passes."""
    configuration_id = request.params["configuration_id"]
    if configuration_id.lower() != _PASS_ID.lower():
        raise not_emulated(f"the authentication method configuration '{configuration_id}'")
    return request.show(PASS_CONFIGURATION, _configuration(request))


def _configuration(request: GraphRequest) -> Record:
    policy = request.directory.pass_policy
    everyone = {"targetType": "group", "id": "all_users", "isRegistrationRequired": False}
    return {
        "@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration",
        "id": _PASS_ID,
        "state": policy.state,
        "excludeTargets": [],
        "defaultLength": policy.default_length,
        "defaultLifetimeInMinutes": policy.default_lifetime_in_minutes,
        "isUsableOnce": policy.is_usable_once,
        "maximumLifetimeInMinutes": policy.maximum_lifetime_in_minutes,
        "minimumLifetimeInMinutes": policy.minimum_lifetime_in_minutes,
        "includeTargets": [everyone],
    }


ROUTES: tuple[Route, ...] = (
    Route("GET", "/users/{id}/authentication/methods", list_methods, service=Service.AUTHENTICATION, witness=_SDK),
    Route("GET", _PASSES, list_passes, service=Service.AUTHENTICATION, witness=_SDK),
    Route(
        "POST",
        _PASSES,
        issue_pass,
        accepts=Creates(TEMPORARY_ACCESS_PASS),
        service=Service.AUTHENTICATION,
        witness=_SDK,
        gaps="the policy's targets",
    ),
    Route("GET", f"{_PASSES}/{{method_id}}", read_pass, query=ONE, service=Service.AUTHENTICATION, witness=_SDK),
    Route("DELETE", f"{_PASSES}/{{method_id}}", delete_pass, service=Service.AUTHENTICATION, witness=_SDK),
    Route("GET", _POLICY, read_policy, service=Service.AUTHENTICATION, witness=_SDK, gaps="other methods"),
    Route(
        "GET",
        f"{_POLICY}/authenticationMethodConfigurations/{{configuration_id}}",
        read_configuration,
        needs="Policy.Read.AuthenticationMethod;Policy.ReadWrite.AuthenticationMethod",
        service=Service.AUTHENTICATION,
        witness=_SDK,
        gaps="other methods than the Temporary Access Pass",
    ),
)
