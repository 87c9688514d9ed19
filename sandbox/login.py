"""The sign-in side: metadata document, OpenID configuration, keys and token endpoint.

Clients are told one base URL for everything. Grants other than client credentials with a secret are refused
under their AADSTS number; each credential kind has its own entry in `_CREDENTIALS`, which is where another
one is added.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sandbox.clock import from_stamp
from sandbox.directory.store import Directory, Record
from sandbox.identifiers import is_uuid, new_id
from sandbox.tenant import Tenant

_METADATA_VERSION = "2022-09-01"
# What tells a program that it talks to this sandbox and not to Microsoft.
MARKER = {"product": "cirasync-steward", "loopback": True}
_ZERO = "00000000-0000-0000-0000-000000000000"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class SignInError(Exception):
    """A refusal of the token endpoint: HTTP status, OAuth error, AADSTS number and text."""

    def __init__(self, status: int, error: str, code: int, text: str, *, has_page: bool = True) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.code = code
        self.text = text
        self.has_page = has_page


@dataclass(frozen=True)
class SignInOutcome:
    """The token endpoint's answer, with what the journal wants to know."""

    status: int
    body: Mapping[str, Any]
    client_id: str | None
    error: Mapping[str, str] | None = None


def metadata(tenant: Tenant, api_version: str | None) -> tuple[int, dict[str, Any]]:
    """Show the endpoints of this cloud, as Azure Resource Manager does."""
    base = tenant.base_url
    if api_version != _METADATA_VERSION:
        text = f"The api-version '{api_version}' is not supported; use {_METADATA_VERSION}."
        return HTTPStatus.BAD_REQUEST, {"error": {"code": "InvalidApiVersionParameter", "message": text}}
    return HTTPStatus.OK, {
        "portal": base,
        "name": "Sandbox",
        "authentication": {
            "loginEndpoint": base,
            "audiences": [base],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": base,
        "microsoftGraphResourceId": base,
        "suffixes": {},
        "sandbox": dict(MARKER),
    }


def openid_configuration(tenant: Tenant) -> dict[str, Any]:
    """Show where to sign in, get tokens and find the keys."""
    home = f"{tenant.base_url}/{tenant.directory.tenant_id}"
    return {
        "token_endpoint": f"{home}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "jwks_uri": f"{home}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{home}/v2.0",
        "authorization_endpoint": f"{home}/oauth2/v2.0/authorize",
        "tenant_region_scope": "EU",
    }


def keys(tenant: Tenant) -> dict[str, Any]:
    """Show the keys that tokens are signed with."""
    return tenant.authority.keys(f"{tenant.base_url}/{tenant.directory.tenant_id}/v2.0")


def require_tenant(tenant: Tenant, name: str) -> None:
    """Refuse an authority that is not this tenant's id or one of its verified domains."""
    directory = tenant.directory
    domain = directory.domains.get(name.lower())
    if name == directory.tenant_id or (domain is not None and domain["isVerified"]):
        return
    if not is_uuid(name) and "." not in name:
        text = f"Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain."
        raise SignInError(HTTPStatus.BAD_REQUEST, "invalid_request", 900023, text)
    text = (
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud."
    )
    raise SignInError(HTTPStatus.BAD_REQUEST, "invalid_request", 90002, text)


def issue_token(tenant: Tenant, tenant_name: str, form: Mapping[str, str]) -> SignInOutcome:
    """Answer a token request."""
    client_id = form.get("client_id")
    try:
        require_tenant(tenant, tenant_name)
        body = _issue(tenant, form)
    except SignInError as refusal:
        error = {"code": f"AADSTS{refusal.code}", "message": refusal.text}
        return SignInOutcome(refusal.status, error_body(tenant, refusal), client_id, error)
    return SignInOutcome(HTTPStatus.OK, body, client_id)


def error_body(tenant: Tenant, refusal: SignInError) -> dict[str, Any]:
    """Write a refusal as the token endpoint does."""
    trace, correlation = new_id(), new_id()
    stamp = tenant.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
    body: dict[str, Any] = {
        "error": refusal.error,
        "error_description": (
            f"AADSTS{refusal.code}: {refusal.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        ),
        "error_codes": [refusal.code],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
    }
    if refusal.has_page:
        body["error_uri"] = f"{tenant.base_url}/error?code={refusal.code}"
    return body


def _issue(tenant: Tenant, form: Mapping[str, str]) -> dict[str, Any]:
    grant_type = form.get("grant_type")
    if grant_type != "client_credentials":
        text = f"The app requested an unsupported grant type '{grant_type}'."
        raise SignInError(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", 70003, text, has_page=False)
    application, principal = _require_client(tenant.directory, form.get("client_id", ""))
    credential = next((each for each in _CREDENTIALS if each in form), None)
    if credential is None:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise SignInError(HTTPStatus.UNAUTHORIZED, "invalid_client", 7000218, text)
    _CREDENTIALS[credential](tenant.directory, application, principal, form)
    _check_scope(tenant, form.get("scope", ""))
    issued = tenant.authority.issue(
        tenant.directory,
        application,
        principal,
        base_url=tenant.base_url,
        continuous="cp1" in form.get("claims", "").lower(),
    )
    return {
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "ext_expires_in": issued.expires_in,
        "access_token": issued.token,
    }


def _require_client(directory: Directory, client_id: str) -> tuple[Record, Record]:
    if client_id == _ZERO:
        text = f"{_ZERO} is not a valid application identifier."
        raise SignInError(HTTPStatus.BAD_REQUEST, "unauthorized_client", 700038, text, has_page=False)
    application = directory.find_application(client_id)
    if application is None:
        text = (
            f"Application with identifier '{client_id}' was not found in the directory '{directory.tenant_name}'. "
            "This can happen if the application has not been installed by the administrator of the tenant."
        )
        raise SignInError(HTTPStatus.BAD_REQUEST, "unauthorized_client", 700016, text)
    principal = directory.find_service_principal(client_id)
    if principal is None:
        text = f"The client application {client_id} is missing service principal in the tenant {directory.tenant_id}."
        raise SignInError(HTTPStatus.BAD_REQUEST, "unauthorized_client", 7000229, text)
    if not principal["accountEnabled"]:
        text = f"Application '{client_id}'({application['displayName']}) is disabled."
        raise SignInError(HTTPStatus.BAD_REQUEST, "unauthorized_client", 7000112, text)
    return application, principal


def _check_secret(directory: Directory, application: Record, principal: Record, form: Mapping[str, str]) -> None:
    secret = form["client_secret"]
    now = directory.clock.now()
    for record in (application, principal):
        hashes = directory.secret_hashes.get(record["id"], {})
        for credential in record["passwordCredentials"]:
            if credential["keyId"] in hashes and hashes[credential["keyId"]].matches(secret):
                if now >= from_stamp(credential["endDateTime"]):
                    text = f"The provided client secret keys for app '{application['appId']}' are expired."
                    raise SignInError(HTTPStatus.UNAUTHORIZED, "invalid_client", 7000222, text)
                return
    text = (
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        f"not the client secret ID, for a secret added to app '{application['appId']}'."
    )
    raise SignInError(HTTPStatus.UNAUTHORIZED, "invalid_client", 7000215, text)


def _refuse_assertion(_directory: Directory, application: Record, _principal: Record, form: Mapping[str, str]) -> None:
    kind = "" if form.get("client_assertion_type") == _ASSERTION_TYPE else " of an unknown type"
    text = (
        f"The app '{application['appId']}' sent a client assertion{kind}; this tenant takes client secrets only, "
        "neither certificates nor federated credentials."
    )
    raise SignInError(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", 70003, text, has_page=False)


_CREDENTIALS: Mapping[str, Callable[[Directory, Record, Record, Mapping[str, str]], None]] = {
    "client_assertion": _refuse_assertion,
    "client_secret": _check_secret,
}


def _check_scope(tenant: Tenant, scope: str) -> None:
    resource, separator, name = scope.rpartition("/")
    if not separator or name != ".default":
        text = (
            f"The provided request must include a 'scope' input parameter that ends in '/.default'; '{scope}' does not."
        )
        raise SignInError(HTTPStatus.BAD_REQUEST, "invalid_scope", 70011, text)
    if resource.rstrip("/") != tenant.base_url:
        text = (
            f"The resource principal named {resource} was not found in the tenant named {tenant.directory.tenant_name}."
        )
        raise SignInError(HTTPStatus.BAD_REQUEST, "invalid_resource", 500011, text)
