"""What a client reads before it signs in: the cloud's metadata, the OpenID configuration and the signing keys.

Clients are told one base URL for everything.
"""

from http import HTTPStatus
from typing import Any

from sandbox.sign_in.authorities import SHARED
from sandbox.tenant import Tenant

_METADATA_VERSION = "2022-09-01"
# What tells a program that it talks to this sandbox and not to Microsoft.
MARKER = {"product": "cirasync-steward", "loopback": True}


def metadata(base: str, api_version: str | None) -> tuple[int, dict[str, Any]]:
    """Show the endpoints of this cloud, as Azure Resource Manager does."""
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


def openid_configuration(tenant: Tenant, authority: str) -> dict[str, Any]:
    """Show where to sign in, get tokens and find the keys; a shared authority shows its own name."""
    shared = authority in SHARED
    home = f"{tenant.base_url}/{authority if shared else tenant.directory.tenant_id}"
    return {
        "token_endpoint": f"{home}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{home}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{tenant.base_url}/{'{tenantid}' if shared else tenant.directory.tenant_id}/v2.0",
        "authorization_endpoint": f"{home}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{home}/oauth2/v2.0/devicecode",
        "end_session_endpoint": f"{home}/oauth2/v2.0/logout",
        "tenant_region_scope": None if shared else "EU",
    }


def keys(tenant: Tenant, authority: str) -> dict[str, Any]:
    """Show the keys that tokens are signed with."""
    name = "{tenantid}" if authority in SHARED else tenant.directory.tenant_id
    return tenant.authority.keys(f"{tenant.base_url}/{name}/v2.0")
