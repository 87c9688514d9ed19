"""Access tokens: how the tenant issues and checks them.

Tokens for Graph have the claims of Entra's v1 tokens, as real Graph tokens do whichever endpoint issued them, and are
signed with the key of the server. They state permissions and tenant-wide directory roles as of their issue, so that
what is given or taken later acts on the next one. Revoking the sessions of a user ends the tokens that were issued to
the user before, in whole seconds; nothing but their end ends those of an application by itself, unless its service
principal is gone ("Access tokens in the Microsoft identity platform" and "Continuous access evaluation",
learn.microsoft.com, read November 2026).
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from jwt.algorithms import RSAAlgorithm

from sandbox.clock import from_stamp
from sandbox.directory import grants, roles
from sandbox.directory.store import GRAPH_APP_ID, Caller, Directory, Record
from sandbox.errors import GraphError
from sandbox.identifiers import new_id

_ALGORITHM = "RS256"
_LIFETIME = timedelta(seconds=3900)
_LIFETIME_CONTINUOUS = timedelta(seconds=86700)  # for clients that declare cp1
_NEEDED = ("appid", "aud", "exp", "iat", "idtyp", "iss", "nbf", "oid", "tid")
_MOMENTS = ("exp", "iat", "nbf")
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

    def __init__(self, key: str) -> None:
        """Sign with an RSA key, given as PEM text."""
        private = load_pem_private_key(key.encode(), password=None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise TypeError(f"tokens are signed with an RSA key, not a {type(private).__name__}")
        self._key = private
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._key_id = hashlib.sha256(public).hexdigest()[:32]  # the same after a restart with the same key

    def keys(self, issuer: str) -> dict[str, Any]:
        """Show the public keys as a JSON web key set."""
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self._key_id, "use": "sig", "issuer": issuer}]}

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign claims as they are."""
        headers = {"kid": self._key_id, "x5t": self._key_id}
        return jwt.encode(dict(claims), self._key, algorithm=_ALGORITHM, headers=headers)

    def issue(
        self,
        directory: Directory,
        application: Record,
        principal: Record,
        *,
        base_url: str,
        continuous: bool,
        authentication: str = _CLIENT_SECRET,
    ) -> IssuedToken:
        """Issue an app-only token for Graph; `authentication` is 1 for a secret and 2 for an assertion."""
        graph = directory.find_service_principal(GRAPH_APP_ID)
        granted = grants.granted_permissions(directory, principal["id"], graph["id"]) if graph else []
        claims: dict[str, Any] = {
            **_client_claims(application, authentication),
            "idp": issuer_of(base_url, directory.tenant_id),
            "idtyp": "app",
            "oid": principal["id"],
            "sub": principal["id"],
            "wids": [_APPLICATION_MARKER, *sorted(roles.tenant_wide_roles_of(directory, principal["id"]))],
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
        authentication: str = _PUBLIC_CLIENT,
        until: float | None = None,
    ) -> IssuedToken:
        """Issue a token for Graph with which an application acts for a user; `methods` are what `amr` tells.

        `until`, in seconds since the epoch, ends it before its usual time.
        """
        claims = {
            **_client_claims(application, authentication),
            "amr": sorted(methods),
            "idtyp": "user",
            "name": user["displayName"],
            "oid": user["id"],
            "sub": user["id"],
            "scp": " ".join(sorted(scopes)),
            "unique_name": user["userPrincipalName"],
            "upn": user["userPrincipalName"],
            "wids": sorted(roles.tenant_wide_roles_of(directory, user["id"])),
        }
        return self._sign(directory, claims, base_url=base_url, continuous=continuous, until=until)

    def _sign(
        self,
        directory: Directory,
        claims: Mapping[str, Any],
        *,
        base_url: str,
        continuous: bool,
        until: float | None = None,
    ) -> IssuedToken:
        now = directory.clock.now()
        lifetime = _LIFETIME_CONTINUOUS if continuous else _LIFETIME
        if until is not None:
            lifetime = min(lifetime, timedelta(seconds=int(until - now.timestamp())))
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
        return IssuedToken(self.sign(whole), int(lifetime.total_seconds()))

    def authenticate(self, directory: Directory, header: str | None, *, base_url: str) -> Caller:
        """Tell who sends a request by its bearer token, or refuse with 401."""
        challenge = _Challenge(base_url)
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise challenge.refusal("Access token is empty.")
        claims = self._claims(directory, token, base_url, challenge)
        if claims["tid"] != directory.tenant_id:
            raise challenge.refusal("Invalid tenant: the token is of another tenant.")
        if claims["idtyp"] == "user":
            return _user_caller(directory, claims, challenge)
        principal = directory.service_principals.get(str(claims["oid"]))
        if principal is None or principal["appId"] != claims["appid"]:
            message = "The identity of the calling application could not be established."
            raise challenge.refusal(message, code="Authorization_IdentityNotFound")
        return Caller(
            client_id=str(claims["appid"]),
            object_id=principal["id"],
            name=str(claims.get("app_displayname")),
            permissions=frozenset(claims.get("roles", [])),
            directory_roles=_directory_roles(directory, principal["id"], claims),
        )

    def _claims(self, directory: Directory, token: str, base_url: str, challenge: "_Challenge") -> Mapping[str, Any]:
        try:
            if jwt.get_unverified_header(token).get("kid") != self._key_id:
                raise challenge.refusal("Signature validation failed: the key is unknown.")
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=[_ALGORITHM],
                audience=base_url,
                issuer=issuer_of(base_url, directory.tenant_id),
                # The tenant's own clock decides, which can be moved.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": list(_NEEDED)},
            )
        except jwt.InvalidAudienceError as fault:
            raise challenge.refusal("Access token validation failure. Invalid audience.") from fault
        except _UNREADABLE as fault:
            raise challenge.refusal(f"CompactToken validation failed: {fault}.") from fault
        if not all(isinstance(claims[name], int) for name in _MOMENTS):
            raise challenge.refusal("CompactToken validation failed: a time in it is no number.")
        now = directory.clock.now().timestamp()
        if now >= claims["exp"]:
            raise challenge.refusal("Lifetime validation failed, the token is expired.")
        if now < claims["nbf"] - 1:
            raise challenge.refusal("Lifetime validation failed, the token is not yet valid.")
        return claims


# Besides its own faults, the library lets through those of decoding and of nesting that is too deep.
_UNREADABLE = (jwt.PyJWTError, ValueError, RecursionError)


@dataclass(frozen=True)
class _Challenge:
    """Refuses tokens with 401 and says where to get another one."""

    base_url: str

    def refusal(self, message: str, *, code: str = "InvalidAuthenticationToken", **further: str) -> GraphError:
        """Make a refusal; further values stand in the challenge."""
        told = {
            "realm": "",
            "authorization_uri": f"{self.base_url}/common/oauth2/authorize",
            "client_id": GRAPH_APP_ID,
            **({"error": "invalid_token"} | further),
        }
        text = ", ".join(f'{name}="{value}"' for name, value in told.items())
        return GraphError(HTTPStatus.UNAUTHORIZED, code, message, headers={"WWW-Authenticate": f"Bearer {text}"})

    def revocation(self, since: datetime, *, continuous: bool) -> GraphError:
        """Refuse a token from before a revocation; a client that declared cp1 is told to ask for a later one."""
        reason = "TokenIssuedBeforeRevocationTimestamp"
        if not continuous:
            return self.refusal(f"{reason}: the session was revoked after the token was issued.")
        message = (
            f"Continuous access evaluation resulted in challenge with result: InteractionRequired and code: {reason}"
        )
        wanted = {"access_token": {"nbf": {"essential": True, "value": str(int(since.timestamp()))}}}
        claims = base64.b64encode(json.dumps(wanted, separators=(",", ":")).encode()).decode()
        return self.refusal(message, errorDescription=message, error="insufficient_claims", claims=claims)


def tenant_of(header: str | None) -> str | None:
    """Tell which tenant a bearer token says it is of, before anything about it is checked."""
    token = (header or "").partition(" ")[2]
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except _UNREADABLE:
        return None
    tenant_id = claims.get("tid")
    return tenant_id if isinstance(tenant_id, str) else None


def outline(token: str) -> dict[str, Any]:
    """Tell for whom a token of this server was issued, whether it acts for a person, and for how many seconds."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return {"principal": claims["oid"], "is_delegated": "scp" in claims, "seconds": int(claims["exp"] - claims["iat"])}


def issuer_of(base_url: str, tenant_id: str) -> str:
    """Tell the issuer of the tenant's Graph tokens."""
    return f"{base_url}/{tenant_id}/"


def _client_claims(application: Record, authentication: str) -> Record:
    return {
        "app_displayname": application["displayName"],
        "appid": application["appId"],
        "appidacr": authentication,
    }


def _user_caller(directory: Directory, claims: Mapping[str, Any], challenge: _Challenge) -> Caller:
    user = directory.users.get(str(claims["oid"]))
    if user is None:
        raise challenge.refusal("The user of the token does not exist in the tenant.")
    behaviour = directory.behaviour
    continuous = "cp1" in claims.get("xms_cc", ())
    if not user["accountEnabled"] and not behaviour.disabled_users_go_on:
        raise challenge.revocation(directory.clock.now(), continuous=continuous)
    since = from_stamp(user["signInSessionsValidFromDateTime"])
    ended = continuous or behaviour.tokens_ended_by_revocation == "all"
    if ended and claims["iat"] < int(since.timestamp()):
        raise challenge.revocation(since, continuous=continuous)
    return Caller(
        client_id=str(claims["appid"]),
        object_id=user["id"],
        name=str(claims.get("app_displayname")),
        scopes=frozenset(str(claims.get("scp", "")).split()),
        directory_roles=_directory_roles(directory, user["id"], claims),
        user_id=user["id"],
        login=user["userPrincipalName"],
        methods=frozenset(claims.get("amr", [])),
    )


def _directory_roles(directory: Directory, principal_id: str, claims: Mapping[str, Any]) -> frozenset[str]:
    if directory.behaviour.directory_roles_as_of == "now":
        return frozenset(roles.tenant_wide_roles_of(directory, principal_id))
    return frozenset(claims.get("wids", [])) - {_APPLICATION_MARKER}
