"""Access tokens: how the tenant issues and checks them.

Tokens for Graph have the claims of Entra's v1 tokens, as real Graph tokens do whichever endpoint issued them,
and are signed with a key that lives as long as the server. They state permissions as of issue; directory
roles are looked up when they matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox.clock import from_stamp
from sandbox.directory import grants, roles
from sandbox.directory.store import GRAPH_APP_ID, Caller, Directory, Record
from sandbox.errors import GraphError
from sandbox.identifiers import new_id

_ALGORITHM = "RS256"
_LIFETIME = timedelta(seconds=3900)
_LIFETIME_CONTINUOUS = timedelta(seconds=86700)  # for clients that declare cp1
# Stands in `wids` of every app-only token and is no directory role.
_APPLICATION_MARKER = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"
_PUBLIC_CLIENT = "0"
_CLIENT_SECRET = "1"  # noqa: S105 - appidacr of a client that used a secret


@dataclass(frozen=True)
class IssuedToken:
    """A signed token and how long it lives, in seconds."""

    token: str
    expires_in: int


class TokenAuthority:
    """Issues and checks the tokens of one server, whatever tenant it serves."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._key_id = new_id().replace("-", "")

    def keys(self, issuer: str) -> dict[str, Any]:
        """Show the public keys as a JSON web key set."""
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self._key_id, "use": "sig", "issuer": issuer}]}

    def issue(
        self, directory: Directory, application: Record, principal: Record, *, base_url: str, continuous: bool
    ) -> IssuedToken:
        """Issue an app-only token for Graph."""
        graph = directory.find_service_principal(GRAPH_APP_ID)
        granted = grants.granted_permissions(directory, principal["id"], graph["id"]) if graph else []
        claims: dict[str, Any] = {
            **_client_claims(application, _CLIENT_SECRET),
            "idp": issuer_of(base_url, directory.tenant_id),
            "idtyp": "app",
            "oid": principal["id"],
            "sub": principal["id"],
            "wids": [_APPLICATION_MARKER, *sorted(roles.roles_of(directory, principal["id"]))],
        }
        if granted:
            claims["roles"] = granted
        return self._sign(directory, claims, base_url=base_url, continuous=continuous)

    def issue_for_user(
        self,
        directory: Directory,
        application: Record,
        user: Record,
        *,
        scopes: Iterable[str],
        methods: Iterable[str],
        base_url: str,
        continuous: bool = False,
    ) -> IssuedToken:
        """Issue a token for Graph with which an application acts for a user; `methods` are what `amr` tells."""
        claims = {
            **_client_claims(application, _PUBLIC_CLIENT),
            "amr": sorted(methods),
            "idtyp": "user",
            "name": user["displayName"],
            "oid": user["id"],
            "sub": user["id"],
            "scp": " ".join(sorted(scopes)),
            "unique_name": user["userPrincipalName"],
            "upn": user["userPrincipalName"],
            "wids": sorted(roles.roles_of(directory, user["id"])),
        }
        return self._sign(directory, claims, base_url=base_url, continuous=continuous)

    def _sign(self, directory: Directory, claims: Mapping[str, Any], *, base_url: str, continuous: bool) -> IssuedToken:
        now = directory.clock.now()
        lifetime = _LIFETIME_CONTINUOUS if continuous else _LIFETIME
        whole = {
            "aud": base_url,
            "iss": issuer_of(base_url, directory.tenant_id),
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "tid": directory.tenant_id,
            "tenant_region_scope": "EU",
            "uti": new_id().replace("-", "")[:22],
            "ver": "1.0",
            **claims,
            **({"xms_cc": ["cp1"]} if continuous else {}),
        }
        token = jwt.encode(whole, self._key, algorithm=_ALGORITHM, headers={"kid": self._key_id})
        return IssuedToken(token, int(lifetime.total_seconds()))

    def authenticate(self, directory: Directory, header: str | None, *, base_url: str) -> Caller:
        """Tell who sends a request by its bearer token, or refuse with 401."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _refused("Access token is empty.")
        claims = self._claims(directory, token, base_url)
        if claims.get("tid") != directory.tenant_id:
            raise _refused("Invalid tenant: the token is of another tenant.")
        roles_held = frozenset(claims.get("wids", [])) - {_APPLICATION_MARKER}
        if "scp" in claims:
            return _user_caller(directory, claims, roles_held)
        principal = directory.service_principals.get(str(claims.get("oid")))
        if principal is None or principal["appId"] != claims.get("appid"):
            raise _refused("The identity of the calling application could not be established.")
        return Caller(
            client_id=str(claims["appid"]),
            object_id=principal["id"],
            name=str(claims.get("app_displayname")),
            permissions=frozenset(claims.get("roles", [])),
            directory_roles=roles_held,
        )

    def _claims(self, directory: Directory, token: str, base_url: str) -> Mapping[str, Any]:
        try:
            if jwt.get_unverified_header(token).get("kid") != self._key_id:
                raise _refused("Signature validation failed: the key is unknown.")
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=[_ALGORITHM],
                audience=base_url,
                issuer=issuer_of(base_url, directory.tenant_id),
                # The tenant's own clock decides, which can be moved.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "nbf"]},
            )
        except jwt.InvalidAudienceError as fault:
            raise _refused("Access token validation failure. Invalid audience.") from fault
        except jwt.PyJWTError as fault:
            raise _refused(f"CompactToken validation failed: {fault}.") from fault
        now = directory.clock.now().timestamp()
        if now >= claims["exp"]:
            raise _refused("Lifetime validation failed, the token is expired.")
        if now < claims["nbf"] - 1:
            raise _refused("Lifetime validation failed, the token is not yet valid.")
        return claims


def tenant_of(header: str | None) -> str | None:
    """Tell which tenant a bearer token says it is of, before anything about it is checked."""
    token = (header or "").partition(" ")[2]
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    tenant_id = claims.get("tid")
    return tenant_id if isinstance(tenant_id, str) else None


def issuer_of(base_url: str, tenant_id: str) -> str:
    """Tell the issuer of the tenant's Graph tokens."""
    return f"{base_url}/{tenant_id}/"


def _client_claims(application: Record, authentication: str) -> Record:
    return {
        "app_displayname": application["displayName"],
        "appid": application["appId"],
        "appidacr": authentication,
    }


def _user_caller(directory: Directory, claims: Mapping[str, Any], roles_held: frozenset[str]) -> Caller:
    user = directory.users.get(str(claims.get("oid")))
    if user is None:
        raise _refused("The user of the token does not exist in the tenant.")
    if claims["iat"] < int(from_stamp(user["signInSessionsValidFromDateTime"]).timestamp()):
        raise _refused("TokenCreatedWithOutdatedPolicies: the session was revoked after the token was issued.")
    return Caller(
        client_id=str(claims["appid"]),
        object_id=user["id"],
        name=str(claims.get("app_displayname")),
        scopes=frozenset(str(claims["scp"]).split()),
        directory_roles=roles_held,
        user_id=user["id"],
        login=user["userPrincipalName"],
    )


def _refused(message: str) -> GraphError:
    challenge = {"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'}
    return GraphError(HTTPStatus.UNAUTHORIZED, "InvalidAuthenticationToken", message, headers=challenge)
