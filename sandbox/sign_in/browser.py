"""The browser's side of signing in: cookies, pages and redirects around the dialogues.

Two cookies: one binds a dialogue's pages to the browser that opened it, the other remembers who has signed in. A form
counts only with its dialogue's token and from that browser.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.errors import GraphError
from sandbox.sign_in import admin_consent, authorization, device, dialogue, pages, security_info
from sandbox.sign_in.authorities import SHARED, require_tenant, tenant_of_login
from sandbox.sign_in.clients import find_client, require_multi_tenant
from sandbox.sign_in.decision import Situation
from sandbox.sign_in.dialogue import Dialogue, Purpose
from sandbox.sign_in.refusals import CODES, SignInError
from sandbox.sign_in.replies import Page, Reply, error_page
from sandbox.sign_in.signed_in import SignedIn, digest, new_secret
from sandbox.tenant import Tenant, Tenants

_LONGEST_NUMBER = 7
_BINDING, _SESSION = "sandbox-dialogue", "sandbox-session"
_PURPOSES: Mapping[str, Purpose] = {
    admin_consent.NAME: admin_consent.AdminConsent(),
    authorization.NAME: authorization.Authorization(),
    device.NAME: device.DeviceSignIn(),
    security_info.NAME: security_info.SecurityInfo(),
}
_HEADERS = {
    "Cache-Control": "no-store, no-cache",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class Visit:
    """One request of a browser with what it sent."""

    tenants: Tenants
    request: Request
    values: Mapping[str, str]

    @property
    def situation(self) -> Situation:
        """Tell from where the browser comes."""
        client = self.request.client
        return Situation(
            address=None if client is None else client.host, user_agent=self.request.headers.get("user-agent")
        )

    @property
    def binding(self) -> str:
        """Tell the cookie that dialogues are bound to, empty for a new browser."""
        return self.request.cookies.get(_BINDING, "")

    def session(self) -> tuple[Tenant, SignedIn] | None:
        """Find who has signed in with this browser, in whatever tenant."""
        key = digest(self.request.cookies.get(_SESSION, ""))
        for tenant in self.tenants:
            held = tenant.directory.browser_sessions.get(key)
            if held is not None:
                return tenant, SignedIn.of(held)
        return None


@dataclass(frozen=True)
class Visited:
    """What came of a visit: the tenant it concerned and the answer, with the cookies that go along."""

    tenant: Tenant
    reply: Reply
    binding: str | None = None
    session: str | None = None

    def respond(self) -> Response:
        """Write it as HTTP."""
        response = _respond(self.tenant, self.reply)
        for name, value in ((_BINDING, self.binding), (_SESSION, self.session)):
            if value is not None:
                response.set_cookie(
                    name, value, secure=True, httponly=True, samesite="none" if name == _SESSION else "lax"
                )
        return response


def authorize(visit: Visit, authority: str) -> Visited:
    """Begin a sign-in for an authorization code."""

    def begin(tenant: Tenant, session: SignedIn | None) -> Reply | Dialogue:
        _require_usable(tenant, authority, visit)
        return authorization.begin(tenant, visit.values, visit.situation, session)

    return _begin(visit, authority, begin, visit.values.get("login_hint"))


def consent(visit: Visit, authority: str, *, with_scopes: bool) -> Visited:
    """Begin admin consent, in the form with scopes or in the one without."""

    def begin(tenant: Tenant, session: SignedIn | None) -> Reply | Dialogue:
        if with_scopes and authority == "common":
            text = "The endpoint needs a tenant id, a verified domain or 'organizations' in place of 'common'."
            raise SignInError(50059, f"No tenant-identifying information found in the request. {text}")
        _require_usable(tenant, authority, visit)
        return admin_consent.begin(tenant, visit.values, visit.situation, session, with_scopes=with_scopes)

    return _begin(visit, authority, begin, None)


def enter_device_code(visit: Visit, authority: str) -> Visited:
    """Ask for a device's code, or begin the sign-in that it stands for."""
    if visit.request.method == "GET":
        page = Page("device_code.html", {"given": visit.values.get("otc", "")})
        return Visited(_tenant(visit, authority, None), page)

    def begin(_tenant: Tenant, session: SignedIn | None) -> Reply | Dialogue:
        return device.begin(visit.tenants, visit.values.get("otc", ""), visit.situation, session)

    return _begin(visit, authority, begin, None)


def register(visit: Visit, authority: str) -> Visited:
    """Begin the registration of a second factor."""

    def begin(tenant: Tenant, session: SignedIn | None) -> Reply | Dialogue:
        return security_info.begin(tenant, visit.situation, session)

    return _begin(visit, authority, begin, None)


def submit(visit: Visit, _authority: str) -> Visited:
    """Take a page of a dialogue."""
    try:
        current = _require_dialogue(visit)
        current = _at_home(visit, current)
    except SignInError as refusal:
        return Visited(visit.tenants.first, error_page(refusal))
    purpose = _PURPOSES[current.record["purpose"]]
    return _ended_or_not(current, _guarded(lambda: dialogue.submit(current, purpose, visit.values)))


def sign_out(visit: Visit, _authority: str) -> Visited:
    """Forget who has signed in with this browser."""
    key = digest(visit.request.cookies.get(_SESSION, ""))
    for tenant in visit.tenants:
        tenant.directory.browser_sessions.pop(key, None)
    return Visited(visit.tenants.first, Page("done.html", {"text": "You signed out of your account."}))


def explain(visit: Visit, _authority: str) -> Visited:
    """Tell what is known of a number, where `error_uri` points to."""
    number = visit.values.get("code", "")
    known = CODES.get(int(number)) if number.isdecimal() and len(number) <= _LONGEST_NUMBER else None
    text = "Nothing is known of this code." if known is None else f"AADSTS{number} is sent as {known.error}."
    status = HTTPStatus.NOT_FOUND if known is None else HTTPStatus.OK
    return Visited(visit.tenants.first, Page("explained.html", {"text": text}, status))


def _begin(
    visit: Visit,
    authority: str,
    begin: Callable[[Tenant, SignedIn | None], Reply | Dialogue],
    login_hint: str | None,
) -> Visited:
    tenant = visit.tenants.first
    try:
        tenant = _tenant(visit, authority, login_hint)
        found = visit.session()
        begun = begin(tenant, found[1] if found is not None and found[0] is tenant else None)
    except SignInError as refusal:
        return Visited(tenant, error_page(refusal))
    if not isinstance(begun, Dialogue):
        return Visited(tenant, begun)
    binding = visit.binding or new_secret()
    begun.record.update(browser=digest(binding), shared=authority in SHARED)
    purpose = _PURPOSES[begun.record["purpose"]]
    visited = _ended_or_not(begun, _guarded(lambda: dialogue.advance(begun, purpose)))
    return Visited(begun.tenant, visited.reply, binding, visited.session)


def _tenant(visit: Visit, authority: str, login_hint: str | None) -> Tenant:
    if authority not in SHARED:
        return require_tenant(visit.tenants, authority)
    found = visit.session()
    by_login = None if login_hint is None else tenant_of_login(visit.tenants, login_hint)
    return by_login or (found[0] if found is not None else visit.tenants.first)


def _require_usable(tenant: Tenant, authority: str, visit: Visit) -> None:
    if authority in SHARED:
        require_multi_tenant(find_client(tenant.directory, visit.values.get("client_id", "")), authority)


def _require_dialogue(visit: Visit) -> Dialogue:
    for tenant in visit.tenants:
        record = tenant.directory.dialogues.get(visit.values.get("dialogue", ""))
        if record is None:
            continue
        tokens = hmac.compare_digest(record["form_token"].encode(), visit.values.get("formToken", "").encode())
        if tokens and record["browser"] == digest(visit.binding):
            return Dialogue(tenant, record)
    text = "Invalid Request: The request tokens do not match the user context. One or more of the user context values"
    raise SignInError(165000, f"{text} (cookies; form fields; headers) were incorrect or invalid.")


def _at_home(visit: Visit, current: Dialogue) -> Dialogue:
    """Go on in the tenant that a login belongs to, where the application may be used from there."""
    login = visit.values.get("login", "") if visit.values.get("step") == "login" else ""
    home = tenant_of_login(visit.tenants, login)
    movable = current.record["shared"] and current.record["purpose"] != device.NAME
    if home is None or home is current.tenant or not movable:
        return current
    find_client(home.directory, current.request["client_id"])
    home.directory.dialogues[current.record["id"]] = current.tenant.directory.dialogues.pop(current.record["id"])
    return Dialogue(home, current.record)


def _guarded(act: Callable[[], Reply]) -> Reply:
    """Turn a refusal of the directory's own rules into a page."""
    try:
        return act()
    except GraphError as refusal:
        return Page("refused.html", {"code": refusal.code, "text": refusal.message}, refusal.status)


def _ended_or_not(current: Dialogue, reply: Reply) -> Visited:
    """Remember who has signed in, once the sign-in has come to its end without a refusal."""
    signed_in = current.record["signed_in"]
    if current.record["id"] in current.tenant.directory.dialogues or signed_in is None or reply.error is not None:
        return Visited(current.tenant, reply)
    session = new_secret()
    current.tenant.directory.browser_sessions[digest(session)] = signed_in
    return Visited(current.tenant, reply, session=session)


def _respond(tenant: Tenant, reply: Reply) -> Response:
    name = tenant.directory.tenant_name
    if isinstance(reply, Page):
        return HTMLResponse(pages.render(reply, name), reply.status, _HEADERS)
    if reply.mode == "form_post":
        return HTMLResponse(pages.render_form_post(reply, name), HTTPStatus.OK, _HEADERS)
    return RedirectResponse(reply.address(), HTTPStatus.FOUND, {"Cache-Control": "no-store, no-cache"})


def error_of(reply: Reply) -> dict[str, str] | None:
    """Tell the journal what went wrong."""
    refusal = reply.error
    return None if refusal is None else {"code": refusal.name, "message": refusal.text}
