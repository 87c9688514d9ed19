"""What a `scope` parameter asks for: one resource, some of its permissions, and what OpenID Connect adds.

Scopes without a resource are those of Microsoft Graph; `/.default` asks for whatever the registration asks for
(learn.microsoft.com, "Scopes and permissions in the Microsoft identity platform", read November 2026).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.directory import service_principals
from sandbox.directory.store import GRAPH_APP_ID, Directory, Record
from sandbox.sign_in.clients import Client
from sandbox.sign_in.refusals import SignInError
from sandbox.tenant import Tenant

OPENID = ("email", "offline_access", "openid", "profile")
DEFAULT = ".default"


@dataclass(frozen=True)
class Resource:
    """An API of the tenant as tokens name it."""

    principal: Record  # the service principal with what it mirrors of its application
    audience: str

    @property
    def client_id(self) -> str:
        """Tell the application's client id."""
        return str(self.principal["appId"])

    @property
    def is_graph(self) -> bool:
        """Say whether this is Microsoft Graph."""
        return self.client_id == GRAPH_APP_ID

    def scope(self, name: str) -> Record | None:
        """Find an enabled delegated permission by name."""
        known = self.principal["oauth2PermissionScopes"]
        return next((each for each in known if each["value"] == name and each["isEnabled"]), None)

    def full_name(self, scope: str) -> str:
        """Write a scope as answers and redirects do."""
        return scope if scope in OPENID else f"{self.audience.rstrip('/')}/{scope}"


@dataclass(frozen=True)
class AskedScopes:
    """What is asked for: delegated permissions by name, or everything that was registered (`default`)."""

    resource: Resource
    names: frozenset[str]
    openid: frozenset[str]
    default: bool


def require_resource(tenant: Tenant, name: str) -> Resource:
    """Find an API by its address, identifier URI or client id, or refuse."""
    directory = tenant.directory
    wanted = GRAPH_APP_ID if name.rstrip("/") == tenant.base_url else name
    for each in directory.service_principals.values():
        shown = service_principals.render(directory, each)
        if wanted in {shown["appId"], *shown["servicePrincipalNames"]}:
            if not shown["accountEnabled"]:
                raise SignInError(500014, f"The service principal for resource '{name}' is disabled.")
            return Resource(shown, tenant.base_url if shown["appId"] == GRAPH_APP_ID else name)
    text = f"The resource principal named {name} was not found in the tenant named {directory.tenant_name}."
    raise SignInError(500011, text)


def read_for_application(tenant: Tenant, text: str) -> Resource:
    """Read the scope of a request without a user, which names one resource and nothing else."""
    resource, separator, name = text.rpartition("/")
    if not separator or name != DEFAULT:
        raise SignInError(
            70011,
            f"The provided request must include a 'scope' input parameter that ends in '/.default'; '{text}' does not.",
        )
    return require_resource(tenant, resource)


def read_for_user(tenant: Tenant, text: str) -> AskedScopes:
    """Read the scopes of a request with a user, or refuse what no resource has."""
    parts = text.split()
    if not parts:
        raise SignInError(900144, "The request body must contain the following parameter: 'scope'.")
    openid = frozenset(each for each in parts if each in OPENID)
    others = [_split(tenant, each) for each in parts if each not in OPENID]
    resources = dict.fromkeys(resource for resource, _ in others)
    if len(resources) > 1:
        names = ", ".join(resources)
        text = "Provided value for the input parameter scope is not valid because it contains more than one resource"
        raise SignInError(28000, f"{text}: {names}.")
    resource = require_resource(tenant, next(iter(resources), tenant.base_url))
    wanted = frozenset(name for _, name in others)
    if DEFAULT in wanted and wanted != {DEFAULT}:
        text = "The provided value for the input parameter 'scope' is not valid: '.default' cannot be combined with"
        raise SignInError(70011, f"{text} resource-specific scopes.")
    return AskedScopes(resource, wanted - {DEFAULT}, openid, default=DEFAULT in wanted)


def check_known(client: Client, asked: AskedScopes) -> None:
    """Refuse a scope that the resource does not have, or that Microsoft's own client may never get."""
    for name in sorted(asked.names):
        if asked.resource.scope(name) is None:
            raise SignInError(
                650053,
                f"The application '{client.display_name}' asked for scope '{name}' that doesn't exist on the resource "
                f"'{asked.resource.client_id}'. Contact the app vendor.",
            )
    if client.preauthorized_scopes and asked.names - client.preauthorized_scopes:
        missing = ", ".join(sorted(asked.names - client.preauthorized_scopes))
        raise SignInError(
            65002,
            f"Consent between first party application '{client.client_id}' and first party resource "
            f"'{asked.resource.client_id}' must be configured via preauthorization ({missing}).",
        )


def wanted_names(client: Client, asked: AskedScopes) -> frozenset[str]:
    """Tell which delegated permissions have to be granted for the request to be answered.

    OpenID Connect's own come along with any other and are asked for only where there is none.
    """
    names = registered_names(client, asked.resource) if asked.default else asked.names
    return names or asked.openid


def registered_names(client: Client, resource: Resource) -> frozenset[str]:
    """Tell which delegated permissions of a resource the registration asks for."""
    ids = {
        access["id"]
        for each in client.required_resource_access
        if each["resourceAppId"] == resource.client_id
        for access in each["resourceAccess"]
        if access["type"] == "Scope"
    }
    known = resource.principal["oauth2PermissionScopes"]
    # A permission without a value cannot be named in a token.
    return frozenset(each["value"] for each in known if each["id"] in ids and each["value"])


def granted_names(directory: Directory, client: Client, resource: Resource, user_id: str) -> frozenset[str]:
    """Tell which delegated permissions of a resource an application holds for a user."""
    if client.preauthorized_scopes and resource.is_graph:
        return client.preauthorized_scopes
    if client.principal is None:
        return frozenset()
    wanted: Mapping[str, object] = {"clientId": client.principal["id"], "resourceId": resource.principal["id"]}
    granted: Iterable[Record] = directory.permission_grants.values()
    return frozenset(
        scope
        for each in granted
        if all(each[name] == value for name, value in wanted.items()) and each["principalId"] in {None, user_id}
        for scope in str(each["scope"] or "").split()
    )


def _split(tenant: Tenant, scope: str) -> tuple[str, str]:
    resource, separator, name = scope.rpartition("/")
    if not name:
        raise SignInError(70011, f"The provided value for the input parameter 'scope' is not valid: '{scope}'.")
    return (resource, name) if separator else (tenant.base_url, name)
