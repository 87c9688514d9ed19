"""The grants of the token endpoint: what each takes, checks and gives.

Sources, read November 2026: learn.microsoft.com, "OAuth 2.0 client credentials flow", "... authorization code flow",
"... device authorization grant", "... Resource Owner Password Credentials", "... On-Behalf-Of flow", "Refresh tokens"
and "Microsoft Entra authentication & authorization error codes". `GRANTS` is the list of what is answered.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt

from sandbox.directory import consent, sign_ins
from sandbox.directory.sign_ins import Attempt, Judgement
from sandbox.directory.store import Record
from sandbox.sign_in import clients, credentials, issuing
from sandbox.sign_in.assertions import UNREADABLE
from sandbox.sign_in.clients import Client, find_client, require_installed
from sandbox.sign_in.decision import Situation, judge, judge_application, targets_of
from sandbox.sign_in.issuing import Bearer
from sandbox.sign_in.refusals import SignInError
from sandbox.sign_in.scopes import (
    AskedScopes,
    Resource,
    check_known,
    granted_names,
    read_for_application,
    read_for_user,
    wanted_names,
)
from sandbox.sign_in.signed_in import SignedIn, digest, require_live
from sandbox.tenant import Tenant

Answer = dict[str, Any]
_EVERY_TIME_SECONDS = 300  # "every time" allows for clock skew of five minutes
_DESKTOP = "Mobile Apps and Desktop clients"


@dataclass(frozen=True)
class TokenRequest:
    """A request for tokens, with who sends it from where."""

    tenant: Tenant
    authority: str
    form: Mapping[str, str]
    origin: str | None
    address: str | None
    user_agent: str | None

    @property
    def continuous(self) -> bool:
        """Say whether the client takes challenges later on."""
        return "cp1" in self.form.get("claims", "").lower()

    @property
    def now(self) -> float:
        """Tell the tenant's time in seconds."""
        return self.tenant.clock.now().timestamp()

    def require(self, name: str) -> str:
        """Get a parameter, or refuse."""
        if not self.form.get(name):
            raise SignInError(900144, f"The request body must contain the following parameter: '{name}'.")
        return self.form[name]


def client_credentials(request: TokenRequest) -> Answer:
    """Give an application a token for itself."""
    directory = request.tenant.directory
    client = find_client(directory, request.form.get("client_id", ""))
    resource: Resource | None = None
    judgement = Judgement()
    try:
        principal = require_installed(directory, client)
        authentication = clients.authenticate(request.tenant, client, request.form)
        resource = read_for_application(request.tenant, request.form.get("scope", ""))
        verdict = judge_application(directory, principal, resource.client_id, request.address)
        judgement = verdict.judgement
        verdict.require_passable()
        answer = issuing.for_application(
            request.tenant,
            client,
            principal,
            resource,
            authentication=authentication,
            continuous=request.continuous,
        )
    except SignInError as refusal:
        _log(request, client, resource, sign_ins.SERVICE_PRINCIPAL, judgement=judgement, refusal=refusal)
        raise
    _log(request, client, resource, sign_ins.SERVICE_PRINCIPAL, judgement=judgement)
    return answer


def authorization_code(request: TokenRequest) -> Answer:
    """Redeem a code, once, by whoever it was made for."""
    directory = request.tenant.directory
    client = find_client(directory, request.form.get("client_id", ""))
    held = directory.authorization_codes.get(digest(request.require("code")))
    if held is None or held["client_id"] != client.client_id:
        raise SignInError(70000, "The provided value for the 'code' parameter is not valid.")
    if request.now >= held["expires"]:
        text = "The provided authorization code or refresh token has expired due to inactivity."
        raise SignInError(70008, f"{text} Send a new interactive authorization request for this user and resource.")
    if held["redeemed"]:
        raise SignInError(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code.")
    if (held["redirect_uri_given"] or "redirect_uri" in request.form) and held["redirect_uri"] != request.form.get(
        "redirect_uri"
    ):
        text = "The reply address in the request does not match the reply address used when the code was requested."
        raise SignInError(500112, text)
    platform = held["platform"]
    _check_origin(request, platform)
    authentication = _authenticate(request, client, platform)
    _check_verifier(held, request.form.get("code_verifier"))
    held["redeemed"] = True
    signed_in = SignedIn.of(held["signed_in"])
    require_live(directory, signed_in)
    bearer = Bearer(client, authentication, platform, request.continuous, held["nonce"])
    return _issue(request, bearer, read_for_user(request.tenant, held["scope"]), signed_in)


def refresh_token(request: TokenRequest) -> Answer:
    """Give new tokens for a refresh token; the policies are asked again."""
    directory = request.tenant.directory
    client = find_client(directory, request.form.get("client_id", ""))
    held = directory.refresh_tokens.get(digest(request.require("refresh_token")))
    if held is None or held["client_id"] != client.client_id:
        raise SignInError(70000, "Provided grant is invalid or malformed.")
    if request.now >= held["expires"]:
        raise SignInError(700082, "The refresh token has expired due to inactivity or its lifetime.")
    _check_origin(request, held["platform"])
    authentication = _authenticate(request, client, held["platform"])
    asked = read_for_user(request.tenant, request.form.get("scope") or held["scope"])
    check_known(client, asked)
    signed_in = SignedIn.of(held["signed_in"])
    bearer = Bearer(client, authentication, held["platform"], request.continuous, refresh_end=held["expires"])
    return _sign_in_silently(request, bearer, asked, signed_in, "none")


def device_code(request: TokenRequest) -> Answer:
    """Give a device its tokens once a person has signed in for it."""
    directory = request.tenant.directory
    client = find_client(directory, request.form.get("client_id", ""))
    key = digest(request.require("device_code"))
    held = directory.device_codes.get(key)
    if held is None or held["client_id"] != client.client_id:
        raise SignInError(70018, "The provided value for the 'device_code' parameter is not valid.")
    authentication = _authenticate(request, client, None)
    if request.now >= held["expires"]:
        raise SignInError(70019, "Verification code expired. Have the user retry the sign-in.")
    if held["state"] == "declined":
        raise SignInError(70002, "The end-user denied the authorization request.")
    if held["state"] == "pending":
        raise SignInError(70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
    del directory.device_codes[key]
    signed_in = SignedIn.of(held["signed_in"])
    require_live(directory, signed_in)
    bearer = Bearer(client, authentication, None, request.continuous)
    return _issue(request, bearer, read_for_user(request.tenant, held["scope"]), signed_in)


def password(request: TokenRequest) -> Answer:
    """Give tokens for login and password, where nothing more is asked for."""
    directory = request.tenant.directory
    client = find_client(directory, request.form.get("client_id", ""))
    login, secret = request.require("username"), request.require("password")
    authentication = _authenticate(request, client, None)
    asked = read_for_user(request.tenant, request.form.get("scope", ""))
    check_known(client, asked)
    try:
        user = credentials.require_user(directory, login)
        signed_in = credentials.check_password(directory, user, secret)
    except SignInError as refusal:
        found = directory.find_user(login)
        # Of what no domain here can belong to, nobody can tell that it is no password.
        told = login if login.rpartition("@")[2].lower() in directory.domains else None
        _log(request, client, asked.resource, sign_ins.INTERACTIVE, user=found, login=told, refusal=refusal)
        raise
    bearer = Bearer(client, authentication, None, request.continuous)
    return _sign_in_silently(request, bearer, asked, signed_in, "ropc", kind=sign_ins.INTERACTIVE)


def on_behalf_of(request: TokenRequest) -> Answer:
    """Change a user's token for the asking API into one for another API."""
    directory = request.tenant.directory
    client = find_client(directory, request.form.get("client_id", ""))
    authentication = clients.authenticate(request.tenant, client, request.form)
    if request.form.get("requested_token_use") != "on_behalf_of":
        raise SignInError(900144, "The request body must contain the following parameter: 'requested_token_use'.")
    signed_in = _read_assertion(request, client, request.require("assertion"))
    asked = read_for_user(request.tenant, request.form.get("scope", ""))
    check_known(client, asked)
    bearer = Bearer(client, authentication, None, request.continuous)
    return _sign_in_silently(request, bearer, asked, signed_in, "none")


GRANTS: Mapping[str, Callable[[TokenRequest], Answer]] = {
    "authorization_code": authorization_code,
    "client_credentials": client_credentials,
    "password": password,
    "refresh_token": refresh_token,
    "urn:ietf:params:oauth:grant-type:device_code": device_code,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": on_behalf_of,
}


def _authenticate(request: TokenRequest, client: Client, platform: str | None) -> str:
    """Check the credential: the platform of the redirect URI tells whether there is one, else the registration."""
    if client.principal is not None:
        require_installed(request.tenant.directory, client)
    is_public = client.is_public if platform is None else platform != "web"
    return clients.authenticate_for(request.tenant, client, request.form, is_public=is_public)


def _check_origin(request: TokenRequest, platform: str | None) -> None:
    if platform == "spa" and request.origin is None:
        text = "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin"
        raise SignInError(9002327, f"{text} requests.")


def _check_verifier(held: Record, verifier: str | None) -> None:
    challenge = held["code_challenge"]
    if challenge is None:
        return
    made = verifier or ""
    if held["code_challenge_method"] == "S256":
        made = base64.urlsafe_b64encode(hashlib.sha256(made.encode()).digest()).decode().rstrip("=")
    if verifier is None or made != challenge:
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise SignInError(501481, text)


def _issue(request: TokenRequest, bearer: Bearer, asked: AskedScopes, signed_in: SignedIn) -> Answer:
    granted = granted_names(request.tenant.directory, bearer.client, asked.resource, signed_in.user_id)
    if wanted_names(bearer.client, asked) - granted:
        client = bearer.client
        text = f"The user or administrator has not consented to use the application with ID '{client.client_id}'"
        raise SignInError(65001, f"{text} named '{client.display_name}'.")
    return issuing.for_user(request.tenant, bearer, asked, signed_in, granted=granted)


def _sign_in_silently(
    request: TokenRequest,
    bearer: Bearer,
    asked: AskedScopes,
    signed_in: SignedIn,
    protocol: str,
    *,
    kind: str = sign_ins.NON_INTERACTIVE,
) -> Answer:
    """Sign a user in without pages: whatever would need one is refused."""
    directory = request.tenant.directory
    user = directory.users.get(signed_in.user_id)
    situation = Situation(
        "mobileAppsAndDesktopClients", request.address, request.user_agent, is_device_code=signed_in.by_device_code
    )
    judgement, asked_for_more = Judgement(), False
    refusal: SignInError | None = None
    try:
        user = require_live(directory, signed_in)
        is_confidential = bearer.authentication != clients.PUBLIC
        targets = targets_of(
            asked.resource.client_id, bearer.client.client_id, asked.openid, is_confidential=is_confidential
        )
        verdict = judge(directory, user, targets, signed_in.methods, situation)
        judgement, asked_for_more = verdict.judgement, verdict.is_second_factor_asked
        _require_fresh(request, signed_in, verdict.decision.sign_in_frequency())
        verdict.require_met()
        _require_assignment(request, bearer.client, user)
        return _issue(request, bearer, asked, signed_in)
    except SignInError as fault:
        refusal = fault
        raise
    finally:
        _log(
            request,
            bearer.client,
            asked.resource,
            kind,
            user=user,
            methods=tuple(signed_in.methods),
            protocol=protocol,
            judgement=judgement,
            is_second_factor_asked=asked_for_more,
            refusal=refusal,
        )


def _require_fresh(request: TokenRequest, signed_in: SignedIn, frequency: timedelta | None) -> None:
    if frequency is None:
        return
    if request.now - signed_in.since >= max(frequency.total_seconds(), _EVERY_TIME_SECONDS):
        text = "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access."
        raise SignInError(70043, text)


def _require_assignment(request: TokenRequest, client: Client, user: Record) -> None:
    if client.principal is not None and not consent.is_assigned(request.tenant.directory, client.principal, user):
        text = f"The signed in user is not assigned to a role for the application '{client.client_id}'"
        raise SignInError(50105, f"{text}({client.display_name}).")


def _read_assertion(request: TokenRequest, client: Client, assertion: str) -> SignedIn:
    directory = request.tenant.directory
    keys = request.tenant.authority.keys("")["keys"]
    names = [client.client_id, *(client.registration or {}).get("identifierUris", [])]
    try:
        claims: Mapping[str, Any] = jwt.decode(
            assertion,
            jwt.PyJWK(keys[0]).key,
            algorithms=["RS256"],
            audience=names,
            # The tenant's own clock decides, which can be moved.
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp"]},
        )
    except jwt.InvalidAudienceError as fault:
        text = "Assertion audience does not match the Client app presenting the assertion."
        raise SignInError(500131, text) from fault
    except UNREADABLE as fault:
        raise SignInError(50013, f"Assertion failed signature validation. [Reason - {fault}]") from fault
    is_of_user = {"rh", "scp"} <= claims.keys()
    if claims.get("tid") != directory.tenant_id or request.now >= claims["exp"] or not is_of_user:
        raise SignInError(50013, "Assertion is not within its valid time range, or is no user's of this tenant.")
    return SignedIn.of_claim(claims["rh"])


def _log(
    request: TokenRequest,
    client: Client,
    resource: Resource | None,
    kind: str,
    *,
    user: Record | None = None,
    login: str | None = None,
    methods: tuple[str, ...] = (),
    protocol: str = "none",
    judgement: Judgement | None = None,
    is_second_factor_asked: bool = False,
    refusal: SignInError | None = None,
) -> None:
    attempt = Attempt(
        kind,
        client.client_id,
        client.display_name,
        None if resource is None else resource.client_id,
        None if resource is None else resource.principal["displayName"],
        user=user,
        principal=client.principal if kind == sign_ins.SERVICE_PRINCIPAL else None,
        login=login,
        address=request.address,
        user_agent=request.user_agent,
        client_app=_DESKTOP if user is not None else "",
        protocol=protocol,
        methods=methods,
        is_second_factor_asked=is_second_factor_asked,
    )
    code, reason = (0, None) if refusal is None else (refusal.code, refusal.text)
    sign_ins.record(request.tenant.directory, attempt, judgement or Judgement(), error_code=code, reason=reason)
