"""The authorization endpoint: an application sends a user here, who comes back with a code.

Sources, read November 2026: learn.microsoft.com, "OAuth 2.0 authorization code flow" (parameters, response modes, what
is refused by redirect), "Redirect URI best practices and limitations", "Microsoft Entra authentication &
authorization error codes". What is wrong with the client or the redirect URI is told on a page, because nobody is known
to redirect to; what is wrong with the rest goes to the application; what stops the user is told to the user, unless
the application asked for no page (`prompt=none`).
"""

from collections.abc import Mapping
from typing import Any

from sandbox.directory import consent
from sandbox.directory.consent import Permissions
from sandbox.directory.store import GRAPH_APP_ID, Record
from sandbox.sign_in import dialogue as dialogues
from sandbox.sign_in.clients import Client, find_client, require_enabled
from sandbox.sign_in.decision import Situation, second_factor_needed
from sandbox.sign_in.dialogue import Dialogue, Purpose, Step
from sandbox.sign_in.issuing import client_info
from sandbox.sign_in.refusals import SignInError, describe
from sandbox.sign_in.replies import Page, Redirect, Reply, error_page
from sandbox.sign_in.scopes import AskedScopes, Resource, check_known, granted_names, read_for_user, wanted_names
from sandbox.sign_in.signed_in import SignedIn, digest, new_secret
from sandbox.tenant import Tenant

NAME = "authorize"
CODE_SECONDS = 600
_RESPONSE_MODES = ("query", "fragment", "form_post")
_PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_NOT_EMULATED = frozenset({"token", "id_token"})
_SHORTEST_CHALLENGE, _LONGEST_CHALLENGE = 43, 128


def begin(tenant: Tenant, query: Mapping[str, str], situation: Situation, session: SignedIn | None) -> Reply | Dialogue:
    """Read an authorization request; a reply ends it at once, a dialogue goes on with pages."""
    try:
        client = find_client(tenant.directory, query.get("client_id", ""))
        require_enabled(client)
        redirect_uri = _require_redirect_uri(client, query.get("redirect_uri"))
    except SignInError as refusal:
        return error_page(refusal)
    mode = query.get("response_mode", "query")
    to_client = Redirect(redirect_uri, {}, mode if mode in _RESPONSE_MODES else "query")
    try:
        request = _read(tenant, client, query, redirect_uri)
    except SignInError as refusal:
        return _by_redirect(tenant, to_client, query.get("state"), refusal)
    platform = client.platform_of(redirect_uri)
    if platform == "publicClient":
        situation = Situation("mobileAppsAndDesktopClients", situation.address, situation.user_agent)
    dialogue = dialogues.begin(tenant, NAME, {**request, "platform": platform}, situation)
    _use_session(dialogue, query, session)
    if request["prompt"] == "none":
        return _without_pages(dialogue)
    return dialogue


class Authorization(Purpose):
    """Signing in for an authorization code."""

    protocol = "oAuth2"

    def further(self, dialogue: Dialogue) -> Step | None:
        """Ask for consent where a permission is missing, or the application wants the page."""
        user, request = _user(dialogue), dialogue.request
        asked = _asked(dialogue)
        missing = self._missing(dialogue, user, asked)
        if not missing and (request["prompt"] != "consent" or request["consented"]):
            _require_assignment(dialogue, user)
            return None
        return Step.CONSENT

    def show(self, dialogue: Dialogue, _step: Step) -> Page:
        """List the permissions, or say that only an administrator can give them."""
        user, asked = _user(dialogue), _asked(dialogue)
        permissions = _permissions(dialogue.client, asked)
        for_tenant = consent.may_consent_for_tenant(dialogue.tenant.directory, user, permissions)
        wanted = self._missing(dialogue, user, asked) or frozenset(permissions.scopes.get(asked.resource.client_id, ()))
        context = {"client": dialogue.client, "lines": _lines(asked.resource, wanted)}
        if not for_tenant and _needs_administrator(dialogue.tenant, asked.resource, wanted):
            return Page("approval.html", context, error=administrator_needed())
        return Page("consent.html", {**context, "for_tenant": "offered" if for_tenant else "no"})

    def submit(self, dialogue: Dialogue, _step: Step, form: Mapping[str, str]) -> Reply | None:
        """Write the consent down, or go back to the application with a refusal."""
        user, asked, directory = _user(dialogue), _asked(dialogue), dialogue.tenant.directory
        permissions = _permissions(dialogue.client, asked)
        for_tenant = consent.may_consent_for_tenant(directory, user, permissions)
        wanted = permissions.scopes.get(asked.resource.client_id, ())
        may_accept = for_tenant or not _needs_administrator(dialogue.tenant, asked.resource, wanted)
        if form.get("decision") != "accept" or not may_accept:
            declined = SignInError(65004, "User declined to consent to access the app.")
            return _by_redirect(dialogue.tenant, _to_client(dialogue), dialogue.request["state"], declined)
        if for_tenant and form.get("forEverybody") == "yes":
            consent.consent_for_tenant(directory, dialogue.client.client_id, permissions, user)
        else:
            consent.consent_for_user(directory, dialogue.client.client_id, permissions, user)
        dialogue.request["consented"] = True
        return None

    def finish(self, dialogue: Dialogue) -> Reply:
        """Send the code to the application."""
        directory, request, user = dialogue.tenant.directory, dialogue.request, _user(dialogue)
        consent.ensure_principal(directory, dialogue.client.client_id, user)
        code = new_secret("1.")
        directory.authorization_codes[digest(code)] = {
            **{name: request[name] for name in ("client_id", "redirect_uri", "platform", "scope", "nonce")},
            **{name: request[name] for name in ("code_challenge", "code_challenge_method")},
            "redirect_uri_given": request["redirect_uri_given"],
            "expires": directory.clock.now().timestamp() + CODE_SECONDS,
            "redeemed": False,
            "signed_in": dialogue.record["signed_in"],
        }
        parameters = {"code": code}
        if request["client_info"]:
            parameters["client_info"] = client_info(dialogue.tenant, user["id"])
        return _with_state(
            _to_client(dialogue), request["state"], {**parameters, "session_state": dialogue.record["id"]}
        )

    def refuse(self, dialogue: Dialogue, refusal: SignInError) -> Reply:
        """Tell the user, or the application where it wanted no page."""
        if dialogue.request["prompt"] == "none":
            return _by_redirect(dialogue.tenant, _to_client(dialogue), dialogue.request["state"], refusal)
        return error_page(refusal)

    @staticmethod
    def _missing(dialogue: Dialogue, user: Record, asked: AskedScopes) -> frozenset[str]:
        granted = granted_names(dialogue.tenant.directory, dialogue.client, asked.resource, user["id"])
        return wanted_names(dialogue.client, asked) - granted


def _read(tenant: Tenant, client: Client, query: Mapping[str, str], redirect_uri: str) -> Record:
    _check_response(query)
    prompt = query.get("prompt", "")
    if prompt and prompt not in _PROMPTS:
        raise SignInError(90023, f"Unsupported 'prompt' value '{prompt}'.")
    challenge, method = _read_challenge(query, client.platform_of(redirect_uri))
    asked = read_for_user(tenant, query.get("scope", ""))
    check_known(client, asked)
    return {
        "client_id": client.client_id,
        "resource": asked.resource.client_id,
        "redirect_uri": redirect_uri,
        "redirect_uri_given": "redirect_uri" in query,
        "response_mode": query.get("response_mode", "query"),
        "state": query.get("state"),
        "scope": query["scope"],
        "nonce": query.get("nonce"),
        "prompt": prompt,
        "login_hint": query.get("login_hint"),
        "code_challenge": challenge,
        "code_challenge_method": method,
        "client_info": query.get("client_info") == "1",
        "consented": False,
    }


def _require_redirect_uri(client: Client, given: str | None) -> str:
    registered = client.redirect_uris()
    if given is None:
        if not registered:
            raise SignInError(500113, f"No reply address is registered for the application '{client.client_id}'.")
        if len(registered) > 1:
            raise SignInError(900971, "No reply address provided.")
        return registered[0]
    if client.platform_of(given) is None:
        raise redirect_mismatch(client, given)
    return given


def administrator_needed() -> SignInError:
    """Refuse a person who may not give what is asked for."""
    text = "An administrator of the organization has set a policy that prevents you from granting the permissions that"
    return SignInError(90094, f"{text} the application is requesting.")


def redirect_mismatch(client: Client, given: str) -> SignInError:
    """Refuse an address that the application has not registered."""
    return SignInError(
        50011,
        f"The redirect URI '{given}' specified in the request does not match the redirect URIs configured for the "
        f"application '{client.client_id}'. Make sure the redirect URI sent in the request matches one added to your "
        "application.",
    )


def _check_response(query: Mapping[str, str]) -> None:
    wanted = query.get("response_type", "").split()
    if not wanted:
        raise SignInError(900144, "The request body must contain the following parameter: 'response_type'.")
    if wanted != ["code"]:
        name = next((each for each in wanted if each in _NOT_EMULATED), wanted[0])
        text = f"response_type '{name}' is not enabled for the application; the sandbox gives codes only."
        raise SignInError(700054, text)
    mode = query.get("response_mode", "query")
    if mode not in _RESPONSE_MODES:
        raise SignInError(70007, f"'{mode}' is not a supported value of 'response_mode' when requesting a token.")


def _read_challenge(query: Mapping[str, str], platform: str | None) -> tuple[str | None, str]:
    challenge, method = query.get("code_challenge"), query.get("code_challenge_method", "plain")
    if challenge is None:
        if platform == "spa":
            text = "Proof Key for Code Exchange is required for cross-origin authorization code redemption."
            raise SignInError(9002325, text)
        return None, method
    if method not in {"S256", "plain"}:
        raise SignInError(50147, f"Invalid value '{method}' of the parameter 'code_challenge_method'.")
    if not _SHORTEST_CHALLENGE <= len(challenge) <= _LONGEST_CHALLENGE:
        raise SignInError(501491, "Invalid size of Code_Challenge parameter.")
    return challenge, method


def _use_session(dialogue: Dialogue, query: Mapping[str, str], session: SignedIn | None) -> None:
    hint = query.get("login_hint")
    if query.get("prompt") not in {"login", "select_account"}:
        dialogues.remember(dialogue, session, hint)
    found = None if hint is None else dialogue.tenant.directory.find_user(hint)
    if found is not None and dialogue.user is None:
        dialogue.record.update(user_id=found["id"], login=found["userPrincipalName"])


def _without_pages(dialogue: Dialogue) -> Reply:
    purpose = Authorization()
    try:
        step = dialogues.next_step(dialogue, purpose)
        if step is not Step.DONE:
            raise _page_needed(step)
    except SignInError as refusal:
        dialogues.close(dialogue)
        return purpose.refuse(dialogue, refusal)
    return dialogues.advance(dialogue, purpose)


def _page_needed(step: Step) -> SignInError:
    if step is Step.CONSENT:
        text = "The user or administrator has not consented to use the application."
        return SignInError(65001, text, error="interaction_required")
    if step in {Step.FACTOR, Step.REGISTER}:
        needed = second_factor_needed()
        return SignInError(needed.code, needed.text, error="interaction_required")
    return SignInError(50058, "A silent sign-in request was sent but no user is signed in.")


def _require_assignment(dialogue: Dialogue, user: Record) -> None:
    principal = dialogue.client.principal
    if principal is None or consent.is_assigned(dialogue.tenant.directory, principal, user):
        return
    client = dialogue.client
    text = f"The signed in user is not assigned to a role for the application '{client.client_id}'"
    raise SignInError(50105, f"{text}({client.display_name}).")


def _permissions(client: Client, asked: AskedScopes) -> Permissions:
    scopes = {asked.resource.client_id: tuple(sorted(wanted_names(client, asked) - asked.openid))}
    scopes[GRAPH_APP_ID] = (*scopes.get(GRAPH_APP_ID, ()), *sorted(asked.openid))
    return Permissions({}, {each: names for each, names in scopes.items() if names})


def _needs_administrator(tenant: Tenant, resource: Resource, names: Any) -> bool:
    if not consent.users_may_consent(tenant.directory):
        return True
    known = {each["value"]: each for each in resource.principal["oauth2PermissionScopes"]}
    return any(known[each]["type"] == "Admin" for each in names if each in known)


def _lines(resource: Resource, names: Any) -> list[tuple[str, str]]:
    known = {each["value"]: each for each in resource.principal["oauth2PermissionScopes"]}
    return [(name, known[name]["adminConsentDisplayName"] if name in known else name) for name in sorted(names)]


def _asked(dialogue: Dialogue) -> AskedScopes:
    return read_for_user(dialogue.tenant, dialogue.request["scope"])


def _user(dialogue: Dialogue) -> Record:
    return dialogue.tenant.directory.users[dialogue.record["user_id"]]


def _to_client(dialogue: Dialogue) -> Redirect:
    return Redirect(dialogue.request["redirect_uri"], {}, dialogue.request["response_mode"])


def _with_state(
    to_client: Redirect, state: str | None, parameters: Mapping[str, str], error: SignInError | None = None
) -> Redirect:
    told = dict(parameters) if state is None else {**parameters, "state": state}
    return Redirect(to_client.uri, told, to_client.mode, error)


def _by_redirect(tenant: Tenant, to_client: Redirect, state: str | None, refusal: SignInError) -> Redirect:
    parameters = {"error": refusal.error}
    if refusal.error == "access_denied":
        parameters["error_subcode"] = "cancel"
    described = describe(refusal, at=tenant.clock.now())
    return _with_state(to_client, state, {**parameters, "error_description": described}, refusal)
