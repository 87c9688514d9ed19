"""A sign-in under way in a browser: which page comes next, and what a submitted page does.

The next page follows from what is known so far and from what conditional access asks for, so that a page submitted
twice or out of order does no harm. What the sign-in is for (a code, consent, a device, security information) is a
`Purpose`, which says what else is asked and what comes at the end.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from sandbox.directory import methods, sign_ins
from sandbox.directory.sign_ins import Attempt, Judgement
from sandbox.directory.store import Directory, Record
from sandbox.errors import not_emulated
from sandbox.identifiers import new_id
from sandbox.sign_in import credentials
from sandbox.sign_in.clients import Client, find_client, require_enabled
from sandbox.sign_in.decision import (
    SECOND_FACTORS,
    Situation,
    Verdict,
    factor_not_asked_for,
    factors_of,
    held_factors,
    judge,
    targets_of,
)
from sandbox.sign_in.refusals import SignInError
from sandbox.sign_in.replies import Page, Reply, error_page
from sandbox.sign_in.scopes import require_resource
from sandbox.sign_in.signed_in import SignedIn, require_live
from sandbox.tenant import Tenant


class Step(Enum):
    """The pages of a sign-in, by the name of their template."""

    LOGIN = "login"
    CREDENTIAL = "credential"
    NEW_PASSWORD = "new_password"  # noqa: S105 - the name of a page
    FACTOR = "factor"
    REGISTER = "register"
    CONSENT = "consent"
    DEVICE = "device"
    DONE = "done"


# The entry that the log keeps when a page interrupts a sign-in.
_INTERRUPTIONS: Mapping[Step, tuple[int, str]] = {
    Step.NEW_PASSWORD: (50055, "The password is expired."),
    Step.FACTOR: (50074, "Strong Authentication is required."),
    Step.REGISTER: (50072, "User needs to enroll for second factor authentication."),
    Step.CONSENT: (65001, "The user or administrator has not consented to use the application."),
}
# What is told on the page that was submitted, for another try.
_TRY_AGAIN = frozenset({50034, 50053, 50126, 50144, 130501, 130504, 130507, 500121})


class Purpose:
    """What a sign-in is for; `protocol` is the log's word for it."""

    protocol = "none"

    def further(self, dialogue: "Dialogue") -> Step | None:
        """Tell what is asked once the user has signed in, or None when nothing is; refuse what cannot go on."""
        raise NotImplementedError

    def show(self, dialogue: "Dialogue", step: Step) -> Page:
        """Show a page that is the purpose's own: consent or device."""
        raise NotImplementedError

    def submit(self, dialogue: "Dialogue", step: Step, form: Mapping[str, str]) -> Reply | None:
        """Take a page that is the purpose's own; a reply ends the sign-in."""
        raise NotImplementedError

    def finish(self, dialogue: "Dialogue") -> Reply:
        """Bring about what the sign-in was for."""
        raise NotImplementedError

    def refuse(self, _dialogue: "Dialogue", refusal: SignInError) -> Reply:
        """Tell of a refusal that ends the sign-in, on a page unless the purpose knows better."""
        return error_page(refusal)


@dataclass(frozen=True)
class Dialogue:
    """A sign-in with its tenant; the record is what is remembered of it."""

    tenant: Tenant
    record: Record

    @property
    def request(self) -> Record:
        """Tell what was asked for, as its purpose wrote it down."""
        request: Record = self.record["request"]
        return request

    @property
    def client(self) -> Client:
        """Find the application that asked."""
        return find_client(self.tenant.directory, self.request["client_id"])

    @property
    def signed_in(self) -> SignedIn | None:
        """Tell who has signed in how, so far."""
        record = self.record["signed_in"]
        return None if record is None else SignedIn.of(record)

    @property
    def user(self) -> Record | None:
        """Find whose login was given."""
        return self.tenant.directory.users.get(self.record["user_id"] or "")

    @property
    def situation(self) -> Situation:
        """Tell from where and how the user signs in."""
        return Situation(**self.record["situation"])

    def verdict(self, signed_in: SignedIn, user: Record) -> Verdict:
        """Ask conditional access about the sign-in as it stands."""
        request, situation = self.request, self.situation
        targets = targets_of(
            request["resource"],
            request["client_id"],
            str(request.get("scope") or "").split(),
            is_confidential=request.get("platform") == "web",
        )
        is_device_code = situation.is_device_code or signed_in.by_device_code
        return judge(
            self.tenant.directory, user, targets, signed_in.methods, replace(situation, is_device_code=is_device_code)
        )


def begin(tenant: Tenant, purpose: str, request: Record, situation: Situation) -> Dialogue:
    """Open a sign-in; `request` names at least the client and the resource."""
    client = find_client(tenant.directory, request["client_id"])
    resource = require_resource(tenant, request["resource"])
    record: Record = {
        "id": new_id(),
        "purpose": purpose,
        "request": request,
        # As the log calls them, though they may be gone by the time.
        "client_name": client.display_name,
        "resource_name": resource.principal["displayName"],
        "started": tenant.directory.clock.now().timestamp(),
        "correlation_id": new_id(),
        "form_token": secrets.token_urlsafe(24),
        "browser": None,  # the digest of the cookie that the pages are for
        "shared": False,  # whether the login may turn out to be another tenant's
        "situation": vars(situation),
        "login": None,
        "user_id": None,
        "signed_in": None,
        "old_password_checked": False,
        "shown_before_change": [],  # the methods that come before a new password
        "approved": False,  # in the authenticator app, which is not here
        "registered": False,
        "interruptions": [],
    }
    tenant.directory.dialogues[record["id"]] = record
    return Dialogue(tenant, record)


def remember(dialogue: Dialogue, session: SignedIn | None, login: str | None) -> None:
    """Go on from an earlier sign-in of the same browser, unless it has ended or is somebody else's."""
    if session is None:
        return
    directory = dialogue.tenant.directory
    try:
        user = require_live(directory, session)
    except SignInError:
        return
    if login is not None and user["userPrincipalName"].lower() != login.lower():
        return
    frequency = dialogue.verdict(session, user).decision.sign_in_frequency()
    if frequency is not None and directory.clock.now().timestamp() - session.since >= frequency.total_seconds():
        return
    dialogue.record.update(user_id=user["id"], login=user["userPrincipalName"], signed_in=session.as_record())


def next_step(dialogue: Dialogue, purpose: Purpose) -> Step:
    """Tell which page comes next, or refuse a sign-in that cannot go on."""
    require_enabled(dialogue.client)
    require_resource(dialogue.tenant, dialogue.request["resource"])
    user, signed_in = dialogue.user, dialogue.signed_in
    if user is None:
        return Step.LOGIN
    if signed_in is None:
        return _new_password_step(dialogue, user) if dialogue.record["old_password_checked"] else Step.CREDENTIAL
    require_live(dialogue.tenant.directory, signed_in)
    verdict = dialogue.verdict(signed_in, user)
    verdict.require_passable()
    if verdict.wants_second_factor:
        return _second_factor_step(dialogue, user, verdict)
    return purpose.further(dialogue) or Step.DONE


def advance(dialogue: Dialogue, purpose: Purpose, *, fault: SignInError | None = None) -> Reply:
    """Show the next page, or finish."""
    try:
        step = next_step(dialogue, purpose)
        if step is Step.DONE:
            reply = purpose.finish(dialogue)
            _log(dialogue, purpose)
            close(dialogue)
            return reply
    except SignInError as refusal:
        _log(dialogue, purpose, refusal)
        close(dialogue)
        return purpose.refuse(dialogue, refusal)
    page = _show(dialogue, purpose, step)
    _interrupt(dialogue, purpose, step, page)
    return replace(page, context={**page.context, "dialogue": dialogue.record}, error=fault or page.error)


def submit(dialogue: Dialogue, purpose: Purpose, form: Mapping[str, str]) -> Reply:
    """Take a submitted page and show what comes next; a page that is not the next one changes nothing."""
    try:
        step = next_step(dialogue, purpose)
        if form.get("step") == step.value:
            reply = _take(dialogue, purpose, step, form)
            if reply is not None:
                close(dialogue)
                return reply
    except SignInError as refusal:
        _log(dialogue, purpose, refusal)
        if refusal.code in _TRY_AGAIN:
            return advance(dialogue, purpose, fault=refusal)
        close(dialogue)
        return purpose.refuse(dialogue, refusal)
    return advance(dialogue, purpose)


def close(dialogue: Dialogue) -> None:
    """Forget a sign-in that has come to its end."""
    dialogue.tenant.directory.dialogues.pop(dialogue.record["id"], None)
    dialogue.tenant.directory.oath_secrets.pop(dialogue.record["id"], None)


def approve(directory: Directory, user: Record) -> int:
    """Approve every sign-in of a user that waits for the authenticator app, and tell how many."""
    waiting = [each for each in directory.dialogues.values() if each["user_id"] == user["id"]]
    waiting = [each for each in waiting if Step.FACTOR.value in each["interruptions"] and not each["approved"]]
    for each in waiting:
        each["approved"] = True
    return len(waiting)


def _new_password_step(dialogue: Dialogue, user: Record) -> Step:
    credentials.require_enabled(user)
    if not credentials.asks_factor_first(user) or dialogue.record["shown_before_change"]:
        return Step.NEW_PASSWORD
    return _factor_or_registration(dialogue, user, (credentials.PASSWORD,), lambda _mode: True)


def _second_factor_step(dialogue: Dialogue, user: Record, verdict: Verdict) -> Step:
    return _factor_or_registration(dialogue, user, verdict.used, verdict.is_met_with)


def _factor_or_registration(
    dialogue: Dialogue, user: Record, used: Collection[str], is_enough: Callable[[str], bool]
) -> Step:
    """Ask for a second factor; only who has none yet may register one on the strength of the password."""
    directory = dialogue.tenant.directory
    if any(is_enough(each) for each in factors_of(directory, user).values()):
        return Step.FACTOR
    held = held_factors(directory, user)
    if held - factors_of(directory, user).keys():
        raise factor_not_asked_for(held)
    can_register = methods.is_allowed(directory, "softwareOath", user["id"])
    if not held and can_register and is_enough(SECOND_FACTORS["softwareOath"]):
        registration = judge(directory, user, (), used, replace(dialogue.situation, is_registration=True))
        registration.require_met()
        return Step.REGISTER
    raise SignInError(53003, "None of the methods that the policy accepts is registered, or can be registered here.")


def _show(dialogue: Dialogue, purpose: Purpose, step: Step) -> Page:
    directory, user = dialogue.tenant.directory, dialogue.user
    if step in {Step.CONSENT, Step.DEVICE} or user is None:
        return Page("login.html") if user is None else purpose.show(dialogue, step)
    if step is Step.CREDENTIAL:
        return Page("credential.html", {"has_pass": credentials.has_pass(directory, user)})
    if step is Step.FACTOR:
        return Page("factor.html", {"kinds": sorted(factors_of(directory, user))})
    if step is Step.REGISTER:
        secret = _offered_secret(dialogue)
        address = credentials.oath_address(secret, user["userPrincipalName"], directory.tenant_name)
        return Page("register.html", {"secret": secret, "address": address})
    return Page(f"{step.value}.html")


def _take(dialogue: Dialogue, purpose: Purpose, step: Step, form: Mapping[str, str]) -> Reply | None:
    if step in _STEPS:
        _STEPS[step](dialogue, form)
        return None
    return purpose.submit(dialogue, step, form)


def _take_login(dialogue: Dialogue, form: Mapping[str, str]) -> None:
    user = credentials.require_user(dialogue.tenant.directory, form.get("login", "").strip())
    dialogue.record.update(user_id=user["id"], login=user["userPrincipalName"])


def _take_credential(dialogue: Dialogue, form: Mapping[str, str]) -> None:
    directory, user = dialogue.tenant.directory, _require_user(dialogue)
    if form.get("accessPass"):
        signed_in = credentials.check_pass(directory, user, form["accessPass"])
    elif credentials.is_federated(directory, user):
        raise not_emulated("the identity provider that the login's domain is federated with")
    else:
        try:
            signed_in = credentials.check_password(directory, user, form.get("password", ""))
        except SignInError as refusal:
            if refusal.code != _MUST_CHANGE:
                raise
            dialogue.record["old_password_checked"] = True
            return
    dialogue.record["signed_in"] = signed_in.as_record()


_MUST_CHANGE = 50055


def _take_new_password(dialogue: Dialogue, form: Mapping[str, str]) -> None:
    directory, user = dialogue.tenant.directory, _require_user(dialogue)
    new = form.get("newPassword", "")
    if new != form.get("confirmPassword"):
        raise SignInError(50144, "The two new passwords differ.")
    credentials.change_password(directory, user, form.get("password", ""), new)
    signed_in = credentials.check_password(directory, user, new)
    shown = (*signed_in.methods, *dialogue.record["shown_before_change"])
    dialogue.record["signed_in"] = replace(signed_in, methods=shown).as_record()


def _take_factor(dialogue: Dialogue, form: Mapping[str, str]) -> None:
    directory, user = dialogue.tenant.directory, _require_user(dialogue)
    if form.get("method") == "microsoftAuthenticator" and "microsoftAuthenticator" in factors_of(directory, user):
        if not dialogue.record["approved"]:
            raise SignInError(500121, "Authentication failed: the request was not approved in the app.")
        _add_method(dialogue, SECOND_FACTORS["microsoftAuthenticator"])
        return
    credentials.check_oath(directory, user, form.get("oneTimeCode", "").strip())
    _add_method(dialogue, SECOND_FACTORS["softwareOath"])


def _take_registration(dialogue: Dialogue, form: Mapping[str, str]) -> None:
    directory, user = dialogue.tenant.directory, _require_user(dialogue)
    credentials.register_oath(directory, user, _offered_secret(dialogue), form.get("oneTimeCode", "").strip())
    _add_method(dialogue, SECOND_FACTORS["softwareOath"])
    dialogue.record["registered"] = True


_STEPS: Mapping[Step, Callable[[Dialogue, Mapping[str, str]], None]] = {
    Step.LOGIN: _take_login,
    Step.CREDENTIAL: _take_credential,
    Step.NEW_PASSWORD: _take_new_password,
    Step.FACTOR: _take_factor,
    Step.REGISTER: _take_registration,
}


def _offered_secret(dialogue: Dialogue) -> str:
    """Tell the secret that the page of registration shows, the same as long as the sign-in lasts."""
    secrets_offered = dialogue.tenant.directory.oath_secrets
    return secrets_offered.setdefault(dialogue.record["id"], credentials.new_oath_secret())


def _add_method(dialogue: Dialogue, method: str) -> None:
    signed_in = dialogue.record["signed_in"]
    if signed_in is None:
        dialogue.record["shown_before_change"].append(method)
        return
    signed_in["methods"] = [*signed_in["methods"], method]


def _require_user(dialogue: Dialogue) -> Record:
    user = dialogue.user
    if user is None:
        raise SignInError(50034, "The user account has been deleted from the directory.")
    return user


def _interrupt(dialogue: Dialogue, purpose: Purpose, step: Step, page: Page) -> None:
    if step not in _INTERRUPTIONS or step.value in dialogue.record["interruptions"]:
        return
    dialogue.record["interruptions"].append(step.value)
    code, reason = _INTERRUPTIONS[step] if page.error is None else (page.error.code, page.error.text)
    _write(dialogue, purpose, code, reason)


def _log(dialogue: Dialogue, purpose: Purpose, refusal: SignInError | None = None) -> None:
    if refusal is None:
        _write(dialogue, purpose, 0, None)
    elif dialogue.record["login"] is not None:
        _write(dialogue, purpose, refusal.code, refusal.text)


def _write(dialogue: Dialogue, purpose: Purpose, code: int, reason: str | None) -> None:
    user, signed_in, situation = dialogue.user, dialogue.signed_in, dialogue.situation
    judgement, asked = Judgement(), False
    if user is not None and signed_in is not None:
        verdict = dialogue.verdict(signed_in, user)
        judgement, asked = verdict.judgement, verdict.is_second_factor_asked
    attempt = Attempt(
        sign_ins.INTERACTIVE,
        dialogue.request["client_id"],
        dialogue.record["client_name"],
        dialogue.request["resource"],
        dialogue.record["resource_name"],
        user=user,
        login=dialogue.record["login"],
        address=situation.address,
        user_agent=situation.user_agent,
        client_app="Browser" if situation.client_app_type == "browser" else "Mobile Apps and Desktop clients",
        protocol=purpose.protocol,
        methods=() if signed_in is None else tuple(signed_in.methods),
        is_second_factor_asked=asked,
        correlation_id=dialogue.record["correlation_id"],
    )
    sign_ins.record(dialogue.tenant.directory, attempt, judgement, error_code=code, reason=reason)
