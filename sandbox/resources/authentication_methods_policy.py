"""`/policies/authenticationMethodsPolicy`: which authentication methods the tenant allows, and for whom."""

from http import HTTPStatus

from sandbox.bodies import Changes, ChangesOneOf
from sandbox.directory import method_policy
from sandbox.exposures.methods import METHOD_CONFIGURATIONS, METHODS_POLICY
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import ONE, Route

_SDK = "msgraph-sdk"
_SERVICE = Service.AUTHENTICATION
_POLICY = "/policies/authenticationMethodsPolicy"
_CONFIGURATIONS = f"{_POLICY}/authenticationMethodConfigurations"
_ITEM = f"{_CONFIGURATIONS}/{{configuration_id}}"
_READ = "Policy.Read.AuthenticationMethod;Policy.ReadWrite.AuthenticationMethod"
_WRITE = "Policy.ReadWrite.AuthenticationMethod"
_GAPS = "certificates, hardware tokens, QR codes"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def read_policy(request: GraphRequest) -> Answer:
    """Show the policy with every configuration."""
    configurations = list(request.directory.method_configurations.values())
    policy = {**request.directory.methods_policy, "authenticationMethodConfigurations": configurations}
    return request.show(METHODS_POLICY, policy)


def update_policy(request: GraphRequest) -> Answer:
    """Change the named properties of the policy."""
    method_policy.change_policy(request.directory, request.body, request.caller)
    return _NO_CONTENT


def list_configurations(request: GraphRequest) -> Answer:
    """List the configurations of all methods."""
    found = request.directory.method_configurations.values()
    return request.page_mixed(request.authentication_methods(found), base="authenticationMethodConfiguration")


def read_configuration(request: GraphRequest) -> Answer:
    """Show a method's configuration by its id in any letter case."""
    found = method_policy.require(request.directory, request.params["configuration_id"])
    ((kind, record),) = request.authentication_methods([found])
    return request.show_mixed(kind, record)


def update_configuration(request: GraphRequest) -> Answer:
    """Change the named properties of a method's configuration."""
    configuration_id = request.params["configuration_id"]
    method_policy.change(request.directory, configuration_id, request.body, request.caller)
    return _NO_CONTENT


def reset_configuration(request: GraphRequest) -> Answer:
    """Bring a method's configuration back to Microsoft's values."""
    method_policy.reset(request.directory, request.params["configuration_id"], request.caller)
    return _NO_CONTENT


ROUTES: tuple[Route, ...] = (
    Route("GET", _POLICY, read_policy, service=_SERVICE, witness=_SDK, gaps=_GAPS),
    Route("PATCH", _POLICY, update_policy, accepts=Changes(METHODS_POLICY), service=_SERVICE, witness=_SDK),
    Route("GET", _CONFIGURATIONS, list_configurations, needs=_READ, service=_SERVICE, witness=_SDK, gaps=_GAPS),
    Route("GET", _ITEM, read_configuration, query=ONE, needs=_READ, service=_SERVICE, witness=_SDK, gaps=_GAPS),
    Route(
        "PATCH",
        _ITEM,
        update_configuration,
        accepts=ChangesOneOf(METHOD_CONFIGURATIONS),
        needs=_WRITE,
        service=_SERVICE,
        witness=_SDK,
        gaps=_GAPS,
    ),
    Route("DELETE", _ITEM, reset_configuration, needs=_WRITE, service=_SERVICE, witness=_SDK, gaps=_GAPS),
)
