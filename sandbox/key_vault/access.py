"""Who may do what in the vault: the challenge that names where to sign in, the token's check, and the permissions.

A request without a token is answered with 401 and where to get one; a token is for the vault's resource and of its
tenant. Permissions are Azure roles' data actions, given by the seed (learn.microsoft.com, "Authentication, requests and
responses" and "Provide access to Key Vault with Azure role-based access control", read November 2026).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import jwt

from sandbox.directory.vaults import RESOURCE
from sandbox.key_vault.refusals import VaultError
from sandbox.seed import VaultAction
from sandbox.sign_in.assertions import UNREADABLE
from sandbox.tenant import Tenant
from sandbox.tokens import issuer_of

# The data action by which Azure calls each permission.
_DATA_ACTIONS: Mapping[VaultAction, str] = {
    "delete": "delete",
    "get": "getSecret/action",
    "list": "readMetadata/action",
    "purge": "purge/action",
    "recover": "recover/action",
    "set": "setSecret/action",
    "update": "update/action",
}


def authenticate(tenant: Tenant, header: str | None) -> Mapping[str, Any]:
    """Tell the claims of a request's token, or refuse with 401 and the challenge."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _challenged(tenant, "AKV10000: Request is missing a Bearer or PoP token.")
    wanted = issuer_of(tenant.base_url, tenant.directory.tenant_id)
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(tenant.authority.keys("")["keys"][0]).key,
            algorithms=["RS256"],
            audience=RESOURCE,
            issuer=wanted,
            # The tenant's own clock decides, which can be moved.
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "nbf", "oid"]},
        )
    except jwt.InvalidAudienceError as fault:
        raise _challenged(tenant, f"AKV10022: Invalid audience. Expected {RESOURCE}.") from fault
    except jwt.InvalidIssuerError as fault:
        raise _challenged(tenant, f"AKV10032: Invalid issuer. Expected {wanted}.") from fault
    except UNREADABLE as fault:
        raise _challenged(tenant, f"AKV10001: The token cannot be validated: {fault}.") from fault
    if not claims["nbf"] - 1 <= tenant.clock.now().timestamp() < claims["exp"]:
        raise _challenged(tenant, "AKV10017: The token is expired or not yet valid.")
    return claims


def require_permission(tenant: Tenant, claims: Mapping[str, Any], action: VaultAction, name: str) -> None:
    """Refuse with 403 whoever the vault does not permit this."""
    vault = tenant.directory.vault
    if action in vault["access"].get(claims["oid"], []):
        return
    raise VaultError(
        HTTPStatus.FORBIDDEN,
        "Forbidden",
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role "
        "definitions were changed recently, please observe propagation time.\r\n"
        f"Caller: appid={claims.get('appid')};oid={claims['oid']};iss={claims['iss']}\r\n"
        f"Action: 'Microsoft.KeyVault/vaults/secrets/{_DATA_ACTIONS[action]}'\r\n"
        f"Resource: '{vault['name']}/secrets/{name}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\n"
        f"DecisionReason: null\r\nVault: {vault['name']};location=westeurope\r\n",
        inner="ForbiddenByRbac",
    )


def _challenged(tenant: Tenant, message: str) -> VaultError:
    challenge = f'Bearer authorization="{tenant.base_url}/{tenant.directory.tenant_id}", resource="{RESOURCE}"'
    return VaultError(HTTPStatus.UNAUTHORIZED, "Unauthorized", message, headers={"WWW-Authenticate": challenge})
