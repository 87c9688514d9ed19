"""Admin consent: an application sends an administrator here, who accepts or refuses for the whole tenant.

Sources, read November 2026: learn.microsoft.com, "Admin consent on the Microsoft identity platform" (the form with
scopes), "OAuth 2.0 client credentials flow" (the form without), "Grant tenant-wide admin consent to an application". An
application without any reply address fails only after the approval has been stored (a guide measured in September
2026). Where a wrong address, an unknown application and a caller without the role are told, no source says; here it
is a page.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from sandbox.directory import consent, service_principals
from sandbox.directory.consent import Permissions
from sandbox.directory.store import GRAPH_APP_ID, Directory, Record
from sandbox.sign_in import dialogue as dialogues
from sandbox.sign_in.authorization import administrator_needed, redirect_mismatch
from sandbox.sign_in.clients import Client, compared, find_client, is_same_address, require_enabled
from sandbox.sign_in.decision import Situation
from sandbox.sign_in.dialogue import Dialogue, Purpose, Step
from sandbox.sign_in.refusals import SignInError, describe
from sandbox.sign_in.replies import Page, Redirect, Reply, error_page
from sandbox.sign_in.scopes import OPENID, check_known, read_for_user, require_resource
from sandbox.sign_in.signed_in import SignedIn
from sandbox.tenant import Tenant

NAME = "consent"
_FURTHER = re.compile(r"[\w.~%/\-]*", re.ASCII)
_DOTS = frozenset({".", ".."})


def begin(
    tenant: Tenant, query: Mapping[str, str], situation: Situation, session: SignedIn | None, *, with_scopes: bool
) -> Reply | Dialogue:
    """Read a request for consent; a reply ends it at once, a dialogue goes on with pages."""
    try:
        client = find_client(tenant.directory, query.get("client_id", ""))
        require_enabled(client)
        redirect_uri = _require_redirect_uri(client, query, with_scopes=with_scopes)
        scope = query["scope"] if with_scopes else None
        _permissions(tenant, client, scope)
    except SignInError as refusal:
        return error_page(refusal)
    request: Record = {
        "client_id": client.client_id,
        "resource": GRAPH_APP_ID,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": query.get("state"),
        "consented": False,
        "shown": None,
    }
    dialogue = dialogues.begin(tenant, NAME, request, situation)
    dialogues.remember(dialogue, session, None)
    return dialogue


class AdminConsent(Purpose):
    """Signing in to consent for everybody."""

    protocol = "oAuth2"

    def further(self, dialogue: Dialogue) -> Step | None:
        """Ask, always."""
        return None if dialogue.request["consented"] else Step.CONSENT

    def show(self, dialogue: Dialogue, _step: Step) -> Page:
        """List what is asked for, or say that only an administrator can give it."""
        permissions = _wanted(dialogue)
        context = {"client": dialogue.client, "lines": _lines(dialogue.tenant.directory, permissions)}
        if not _may_consent(dialogue, permissions):
            return Page("approval.html", context, error=administrator_needed())
        return Page("consent.html", {**context, "for_tenant": "only"})

    def submit(self, dialogue: Dialogue, _step: Step, form: Mapping[str, str]) -> Reply | None:
        """Store the approval, or go back with a refusal."""
        permissions = _wanted(dialogue)
        if not _may_consent(dialogue, permissions):
            return _refused(dialogue, "access_denied")
        if form.get("decision") != "accept":
            return _refused(dialogue, dialogue.tenant.directory.behaviour.admin_consent_refusal)
        directory, user = dialogue.tenant.directory, directory_user(dialogue)
        consent.consent_for_tenant(directory, dialogue.client.client_id, permissions, user)
        dialogue.request["consented"] = True
        return None

    def finish(self, dialogue: Dialogue) -> Reply:
        """Tell the application, if it can be told."""
        request, tenant_id = dialogue.request, dialogue.tenant.directory.tenant_id
        if request["redirect_uri"] is None:
            client_id = request["client_id"]
            raise SignInError(500113, f"No reply address is registered for the application '{client_id}'.")
        state = {} if request["state"] is None else {"state": request["state"]}
        if request["scope"] is None:
            return Redirect(request["redirect_uri"], {"tenant": tenant_id, **state, "admin_consent": "True"})
        granted = " ".join(_full_names(dialogue))
        told = {"admin_consent": "True", "tenant": tenant_id, "scope": granted, **state}
        return Redirect(request["redirect_uri"], told)


def directory_user(dialogue: Dialogue) -> Record:
    """Find who has signed in."""
    return dialogue.tenant.directory.users[dialogue.record["user_id"]]


def _require_redirect_uri(client: Client, query: Mapping[str, str], *, with_scopes: bool) -> str | None:
    given = query.get("redirect_uri")
    for name in ("scope", "redirect_uri") if with_scopes else ():
        if not query.get(name):
            raise SignInError(900144, f"The request body must contain the following parameter: '{name}'.")
    registered = client.redirect_uris()
    if given is None:
        return registered[0] if registered else None
    is_registered = is_same_address if with_scopes else _is_below
    if not any(is_registered(given, each) for each in registered):
        raise redirect_mismatch(client, given)
    return given


def _is_below(given: str, registered: str) -> bool:
    """Say whether an address is a registered one, perhaps with further path segments."""
    ours, theirs = compared(given), compared(registered)
    start = f"{theirs.rstrip('/')}/"
    if ours == theirs or f"{ours}/" == start:
        return True
    further = ours.removeprefix(start)
    # Nothing that leads out of the registered path once somebody else reads it, be it encoded twice.
    segments = unquote(unquote(further)).split("/")
    return further != ours and "?" not in theirs and bool(_FURTHER.fullmatch(further)) and not _DOTS & set(segments)


def _wanted(dialogue: Dialogue) -> Permissions:
    """Tell what is asked for, which from its first showing on is what was shown."""
    request = dialogue.request
    if request["shown"] is None:
        permissions = _permissions(dialogue.tenant, dialogue.client, request["scope"])
        request["shown"] = {
            "app_roles": {each: list(ids) for each, ids in permissions.app_roles.items()},
            "scopes": {each: list(names) for each, names in permissions.scopes.items()},
        }
    shown = request["shown"]
    return Permissions(
        {each: tuple(ids) for each, ids in shown["app_roles"].items()},
        {each: tuple(names) for each, names in shown["scopes"].items()},
    )


def _permissions(tenant: Tenant, client: Client, scope: str | None) -> Permissions:
    """Tell what is asked for: the scopes, or without any, and with `.default`, everything that is registered."""
    if scope is None:
        return _registered(tenant, client)
    asked = read_for_user(tenant, scope)
    if asked.default:
        return _registered(tenant, client)
    check_known(client, asked)
    scopes: dict[str, tuple[str, ...]] = {asked.resource.client_id: tuple(sorted(asked.names))}
    scopes[GRAPH_APP_ID] = (*scopes.get(GRAPH_APP_ID, ()), *sorted(asked.openid))
    return Permissions({}, {each: names for each, names in scopes.items() if names})


def _registered(tenant: Tenant, client: Client) -> Permissions:
    app_roles: dict[str, tuple[str, ...]] = {}
    scopes: dict[str, tuple[str, ...]] = {}
    for each in client.required_resource_access:
        resource = _require_listed(tenant, client, each["resourceAppId"])
        # Roles for users only are nothing that an application can hold.
        offered = [role for role in resource["appRoles"] if "Application" in role["allowedMemberTypes"]]
        roles = {role["id"]: role["id"] for role in offered if role["isEnabled"]}
        names = {scope["id"]: scope["value"] for scope in resource["oauth2PermissionScopes"] if scope["isEnabled"]}
        for known, kind, found in ((roles, "Role", app_roles), (names, "Scope", scopes)):
            ids = [access["id"] for access in each["resourceAccess"] if access["type"] == kind]
            missing = next((one for one in ids if one not in known), None)
            if missing is not None:
                raise _out_of_step(client, missing, each["resourceAppId"])
            # A scope without a value cannot be named in a grant.
            held = dict.fromkeys(known[one] for one in ids if known[one])
            if held:
                found[each["resourceAppId"]] = tuple(held)
    return Permissions(app_roles, scopes)


def _require_listed(tenant: Tenant, client: Client, client_id: str) -> Record:
    try:
        return require_resource(tenant, client_id).principal
    except SignInError as refusal:
        raise _out_of_step(client, "resource", client_id) from refusal


def _out_of_step(client: Client, what: str, client_id: str) -> SignInError:
    return SignInError(
        65005,
        f"The application '{client.client_id}' asked for permissions to access a resource that has been removed or is "
        f"no longer available ({what} of '{client_id}').",
    )


def _may_consent(dialogue: Dialogue, permissions: Permissions) -> bool:
    return consent.may_consent_for_tenant(dialogue.tenant.directory, directory_user(dialogue), permissions)


def _full_names(dialogue: Dialogue) -> list[str]:
    permissions, base = _wanted(dialogue), dialogue.tenant.base_url
    found: list[str] = []
    for client_id in permissions.resources:
        resource = require_resource(dialogue.tenant, client_id).principal
        values = {each["id"]: each["value"] for each in resource["appRoles"]}
        names = [values[each] or each for each in permissions.app_roles.get(client_id, ())]
        names += permissions.scopes.get(client_id, ())
        address = base if client_id == GRAPH_APP_ID else client_id
        found += [each if each in OPENID else f"{address}/{each}" for each in names]
    return list(dict.fromkeys(found))


def _lines(directory: Directory, permissions: Permissions) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for client_id in permissions.resources:
        principal = directory.find_service_principal(client_id) or {}
        resource = service_principals.render(directory, principal)
        roles = {each["id"]: each for each in resource["appRoles"]}
        scopes = {each["value"]: each for each in resource["oauth2PermissionScopes"]}
        held = [roles[each] for each in permissions.app_roles.get(client_id, ())]
        lines += [
            (each["value"] or each["id"], f"{each['displayName']} (application, {resource['displayName']})")
            for each in held
        ]
        named = [
            (each, scopes.get(each, {}).get("adminConsentDisplayName", each))
            for each in permissions.scopes.get(client_id, ())
        ]
        lines += [(name, f"{text} (delegated, {resource['displayName']})") for name, text in named]
    return lines


def _consent_required(dialogue: Dialogue) -> dict[str, str]:
    declined = SignInError(65004, "The resource owner or authorization server denied the request.")
    described = describe(declined, at=dialogue.tenant.clock.now())
    return {"admin_consent": "True", "error": "consent_required", "error_description": described, **_state(dialogue)}


def _permission_denied(_dialogue: Dialogue) -> dict[str, str]:
    return {"error": "permission_denied", "error_description": "The admin canceled the request"}


def _access_denied(dialogue: Dialogue) -> dict[str, str]:
    return {"error": "access_denied", "error_subcode": "cancel", **_state(dialogue)}


def _state(dialogue: Dialogue) -> dict[str, str]:
    state = dialogue.request["state"]
    return {} if state is None else {"state": state}


# How a refusal is told, by the setting of the tenant's behaviour.
_REFUSALS: Mapping[str, Callable[[Dialogue], dict[str, str]]] = {
    "access_denied": _access_denied,
    "consent_required": _consent_required,
    "permission_denied": _permission_denied,
}


def _refused(dialogue: Dialogue, variant: str) -> Reply:
    refusal = SignInError(65004, "The administrator refused the request.")
    if dialogue.request["redirect_uri"] is None:
        return error_page(refusal)
    return Redirect(dialogue.request["redirect_uri"], _REFUSALS[variant](dialogue), "query", refusal)
