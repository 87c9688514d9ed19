"""What the token endpoint gives: tokens for Microsoft Graph and for the tenant's own APIs, id and refresh tokens.

Tokens for Graph come from the server's token authority. Those for other APIs are of the version that the API's
registration asks for (learn.microsoft.com, "Access token claims reference", read November 2026). Nothing of this
sandbox accepts them but the on-behalf-of grant.
"""

import base64
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.directory import grants
from sandbox.directory.store import Record
from sandbox.identifiers import new_id
from sandbox.sign_in.clients import Client
from sandbox.sign_in.refusals import SignInError
from sandbox.sign_in.scopes import DEFAULT, AskedScopes, Resource
from sandbox.sign_in.signed_in import SignedIn, digest, new_secret
from sandbox.tenant import Tenant
from sandbox.tokens import issuer_of

_LIFETIME = 3900
_ID_TOKEN_LIFETIME = 3600
_DAY = 24 * 3600
_REFRESH_LIFETIME = 90 * _DAY
_SINGLE_PAGE = "spa"
# What `amr` says of the methods used.
_AMR: Mapping[str, tuple[str, ...]] = {
    "password": ("pwd",),
    "softwareOath": ("mfa",),
    "microsoftAuthenticatorPush": ("mfa",),
    "temporaryAccessPassOneTime": ("mfa", "otp"),
    "temporaryAccessPassMultiUse": ("mfa", "otp"),
}


@dataclass(frozen=True)
class Bearer:
    """Whom a user's tokens are made for, beyond the user and what was asked for."""

    client: Client
    authentication: str
    platform: str | None
    continuous: bool
    nonce: str | None = None
    refresh_end: float | None = None  # of the refresh token that was shown, in seconds since the epoch


def for_application(
    tenant: Tenant, client: Client, principal: Record, resource: Resource, *, authentication: str, continuous: bool
) -> dict[str, Any]:
    """Answer with a token that an application uses by itself."""
    if resource.is_graph:
        issued = tenant.authority.issue(
            tenant.directory,
            client.claims,
            principal,
            base_url=tenant.base_url,
            continuous=continuous,
            authentication=authentication,
        )
        return _bearer(issued.token, issued.expires_in)
    granted = grants.granted_permissions(tenant.directory, principal["id"], resource.principal["id"])
    if not granted and resource.principal["appRoleAssignmentRequired"]:
        text = (
            f"Application '{client.client_id}'({client.display_name}) is not assigned to a role for the application "
            f"'{resource.client_id}'({resource.principal['displayName']})."
        )
        raise SignInError(501051, text)
    claims = {"oid": principal["id"], "sub": principal["id"], **({"roles": granted} if granted else {})}
    return _bearer(_sign_for_api(tenant, client, resource, authentication, claims, _LIFETIME), _LIFETIME)


def for_user(
    tenant: Tenant, bearer: Bearer, asked: AskedScopes, signed_in: SignedIn, *, granted: Collection[str]
) -> dict[str, Any]:
    """Answer with the tokens with which an application acts for a user."""
    directory, client = tenant.directory, bearer.client
    user = directory.users[signed_in.user_id]
    names = sorted(granted) if granted else sorted(asked.openid)
    methods = sorted({word for each in signed_in.methods for word in _AMR.get(each, ("pwd",))})
    if asked.resource.is_graph:
        issued = tenant.authority.issue_for_user(
            directory,
            client.claims,
            user,
            scopes=names,
            methods=methods,
            base_url=tenant.base_url,
            continuous=bearer.continuous,
            authentication=bearer.authentication,
            until=signed_in.until,
        )
        token, lifetime = issued.token, issued.expires_in
    else:
        claims = {"oid": user["id"], "sub": _pairwise(asked.resource.client_id, user["id"]), "scp": " ".join(names)}
        claims |= {"amr": methods, "name": user["displayName"], "preferred_username": user["userPrincipalName"]}
        claims["rh"] = signed_in.as_claim()
        lifetime = signed_in.seconds_left(directory, _LIFETIME)
        token = _sign_for_api(tenant, client, asked.resource, bearer.authentication, claims, lifetime)
    body = {**_bearer(token, lifetime), "scope": " ".join(asked.resource.full_name(each) for each in names)}
    if "openid" in asked.openid:
        body["id_token"] = _id_token(tenant, bearer, user)
    if "offline_access" in asked.openid:
        body["refresh_token"] = _refresh_token(tenant, bearer, asked, signed_in)
    body["client_info"] = client_info(tenant, user["id"])
    return body


def client_info(tenant: Tenant, user_id: str) -> str:
    """Tell Microsoft's own libraries under which name to cache what they got."""
    told = json.dumps({"uid": user_id, "utid": tenant.directory.tenant_id})
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _bearer(token: str, lifetime: int) -> dict[str, Any]:
    return {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token}


def _sign_for_api(
    tenant: Tenant, client: Client, resource: Resource, authentication: str, claims: Mapping[str, Any], lifetime: int
) -> str:
    directory = tenant.directory
    registration = directory.find_application(resource.client_id) or {}
    is_second = (registration.get("api") or {}).get("requestedAccessTokenVersion") == 2  # noqa: PLR2004 - the version
    home = f"{tenant.base_url}/{directory.tenant_id}"
    now = int(directory.clock.now().timestamp())
    names = (
        {"aud": resource.client_id, "iss": f"{home}/v2.0", "azp": client.client_id, "azpacr": authentication}
        if is_second
        else {
            "aud": resource.audience,
            "iss": issuer_of(tenant.base_url, directory.tenant_id),
            "appid": client.client_id,
            "appidacr": authentication,
        }
    )
    whole = {
        **names,
        "iat": now,
        "nbf": now,
        "exp": now + lifetime,
        "tid": directory.tenant_id,
        "uti": new_id().replace("-", "")[:22],
        "ver": "2.0" if is_second else "1.0",
        **claims,
    }
    return tenant.authority.sign(whole)


def _id_token(tenant: Tenant, bearer: Bearer, user: Record) -> str:
    now = int(tenant.directory.clock.now().timestamp())
    claims = {
        "aud": bearer.client.client_id,
        "iss": f"{tenant.base_url}/{tenant.directory.tenant_id}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": now + _ID_TOKEN_LIFETIME,
        "name": user["displayName"],
        "oid": user["id"],
        "preferred_username": user["userPrincipalName"],
        "sub": _pairwise(bearer.client.client_id, user["id"]),
        "tid": tenant.directory.tenant_id,
        "uti": new_id().replace("-", "")[:22],
        "ver": "2.0",
    }
    return tenant.authority.sign(claims if bearer.nonce is None else {**claims, "nonce": bearer.nonce})


def _pairwise(client_id: str, user_id: str) -> str:
    told = hashlib.sha256(f"{client_id}/{user_id}".encode()).digest()
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def _refresh_token(tenant: Tenant, bearer: Bearer, asked: AskedScopes, signed_in: SignedIn) -> str:
    token = new_secret("1.")
    names = [DEFAULT] if asked.default else sorted(asked.names)
    tenant.directory.refresh_tokens[digest(token)] = {
        "client_id": bearer.client.client_id,
        "platform": bearer.platform,
        "scope": " ".join([*(asked.resource.full_name(each) for each in names), *sorted(asked.openid)]),
        "expires": _refresh_end(tenant, bearer),
        "signed_in": signed_in.as_record(),
    }
    return token


def _refresh_end(tenant: Tenant, bearer: Bearer) -> float:
    """Tell when a refresh token ends.

    Those of single-page applications live a day from signing in, which using them does not extend (learn.microsoft.com,
    "Refresh tokens in the Microsoft identity platform", read November 2026).
    """
    now = tenant.directory.clock.now().timestamp()
    if bearer.platform != _SINGLE_PAGE:
        return now + _REFRESH_LIFETIME
    return now + _DAY if bearer.refresh_end is None else bearer.refresh_end
