"""`/servicePrincipals`: what the tenant holds of applications, its own and foreign ones."""

from http import HTTPStatus

from sandbox.bodies import REFERENCE, Changes, Creates
from sandbox.directory import groups, service_principals
from sandbox.exposures.grants import PERMISSION_GRANT
from sandbox.exposures.service_principals import SERVICE_PRINCIPAL
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import BOTH, MANY, ONE, Route

_PROVIDER = "azuread provider"
_SDK = "msgraph-sdk"
_BOTH_CLIENTS = f"{_PROVIDER}, {_SDK}"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_service_principals(request: GraphRequest) -> Answer:
    """List service principals."""
    directory = request.directory
    records = [service_principals.render(directory, each) for each in directory.service_principals.values()]
    return request.page(SERVICE_PRINCIPAL, records)


def create_service_principal(request: GraphRequest) -> Answer:
    """Create the service principal of an application."""
    body = request.body
    principal = service_principals.create(request.directory, body, request.caller)
    shown = service_principals.render(request.directory, principal)
    return request.show(SERVICE_PRINCIPAL, shown, status=HTTPStatus.CREATED)


def read_service_principal(request: GraphRequest) -> Answer:
    """Show a service principal with what it mirrors of its application."""
    principal = service_principals.require(request.directory, request.params["id"])
    return request.show(SERVICE_PRINCIPAL, service_principals.render(request.directory, principal))


def update_service_principal(request: GraphRequest) -> Answer:
    """Change the named properties of a service principal."""
    body = request.body
    service_principals.change(request.directory, request.params["id"], body, request.caller)
    return _NO_CONTENT


def delete_service_principal(request: GraphRequest) -> Answer:
    """Delete a service principal; Microsoft's own stay."""
    service_principals.delete(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def list_owners(request: GraphRequest) -> Answer:
    """List a service principal's owners."""
    principal = service_principals.require(request.directory, request.params["id"])
    return request.page_mixed(request.objects(request.directory.owners_of(principal["id"])))


def add_owner(request: GraphRequest) -> Answer:
    """Add an owner by reference."""
    principal = service_principals.require(request.directory, request.params["id"])
    groups.add_owner(request.directory, principal["id"], request.body.get("@odata.id"), request.caller)
    return _NO_CONTENT


def remove_owner(request: GraphRequest) -> Answer:
    """Take an owner away."""
    principal = service_principals.require(request.directory, request.params["id"])
    groups.remove_owner(request.directory, principal["id"], request.params["owner_id"], request.caller)
    return _NO_CONTENT


def list_memberships(request: GraphRequest) -> Answer:
    """List the groups that a service principal is a direct member of."""
    principal = service_principals.require(request.directory, request.params["id"])
    return request.page_mixed(request.objects(request.directory.containers_of(principal["id"], nested=False)))


def list_permission_grants(request: GraphRequest) -> Answer:
    """List the delegated permission grants of a client."""
    principal = service_principals.require(request.directory, request.params["id"])
    granted = request.directory.permission_grants.values()
    return request.page(PERMISSION_GRANT, [each for each in granted if each["clientId"] == principal["id"]])


_ONE = "/servicePrincipals/{id}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/servicePrincipals", list_service_principals, query=MANY, witness=_BOTH_CLIENTS),
    Route(
        "POST",
        "/servicePrincipals",
        create_service_principal,
        accepts=Creates(SERVICE_PRINCIPAL),
        witness=_BOTH_CLIENTS,
    ),
    Route("GET", _ONE, read_service_principal, versions=BOTH, query=ONE, witness=_BOTH_CLIENTS),
    Route("PATCH", _ONE, update_service_principal, accepts=Changes(SERVICE_PRINCIPAL), witness=_PROVIDER),
    Route("DELETE", _ONE, delete_service_principal, witness=_PROVIDER, gaps="no soft deletion"),
    Route("GET", f"{_ONE}/owners", list_owners, query=MANY, witness=_PROVIDER),
    Route("POST", f"{_ONE}/owners/$ref", add_owner, accepts=REFERENCE, witness=_PROVIDER),
    Route("DELETE", f"{_ONE}/owners/{{owner_id}}/$ref", remove_owner, witness=_PROVIDER),
    Route("GET", f"{_ONE}/memberOf", list_memberships, query=MANY, witness=_SDK),
    Route("GET", f"{_ONE}/oauth2PermissionGrants", list_permission_grants, query=MANY, witness=_SDK),
)
