"""Wait for the first sign-in to the application, as long as the window lasts, and no longer.

It is seen in the sign-in log, which may be minutes late, or taken on the operator's word. What came before the window
was a sign-in without the role, and shows nothing of one with it. At the window's end the wait is over, whatever has
happened, and whoever runs the steps closes.
"""

from collections.abc import Iterator

from steward.config.model import FirstSignIn, Tenant
from steward.facts import Facts, SignInState, Unreadable, UserState
from steward.lifecycle.actions import Action, Already, Blocked, Wait, could_not_tell
from steward.lifecycle.attempts import describe_attempts, find_vain
from steward.lifecycle.ownership import require_own_account
from steward.lifecycle.step import Step
from steward.lifecycle.window import find_open_window, find_over_pass, is_attended, is_sealed

_SUBJECT = "first sign-in"


def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Wait until somebody has signed in; an account or a window that is closed meanwhile ends the wait."""
    if not tenant.opens_window or is_sealed(facts):
        yield Already(_SUBJECT, "none is awaited")
        return
    if is_attended(facts, tenant):
        yield Already(_SUBJECT, _where(facts, tenant))
        return
    account = require_own_account(facts.account, tenant)
    if not isinstance(account, UserState):
        yield account
        return
    yield _await(facts, tenant, account)


def _await(facts: Facts, tenant: Tenant, account: UserState) -> Action:
    if isinstance(facts.window, Unreadable):
        return could_not_tell(facts.window.what, facts.window.why)
    window, seen = find_open_window(facts), facts.first_sign_in
    name = tenant.application.display_name
    if window is None or not account.is_enabled:
        over = "the window is over" if window is None else "the account was disabled meanwhile"
        return Blocked(
            _SUBJECT,
            f"{over}, and nobody is known to have signed in to {name}",
            "run again when somebody is there; with --signed-in if somebody did sign in and the log does not show it",
        )
    vain = find_vain(facts) or find_over_pass(facts)
    if vain is not None:
        return vain
    log = f"; the sign-in log cannot be read: {seen.why}" if isinstance(seen, Unreadable) else ""
    others = log or describe_attempts(facts, tenant)
    if tenant.consents_in_browser:
        how = f"somebody signs in to {name} as {account.login}, in the browser of the consent"
        when = "then presses Enter here (in a terminal), or the sign-in log shows it, after the consent"
        return Wait(_SUBJECT, f"{how}, {when}{others}", window.ends)
    return Wait(
        _SUBJECT,
        f"somebody signs in to {name} as {account.login} with the newest pass from the sink, then presses Enter here "
        f"(in a terminal), or the sign-in log shows it; a sign-in before {window.opened:%H:%M:%S} UTC was one without "
        f"the role and does not count: whoever came that early signs in anew in the same browser, as the "
        f"pass is used up{others}",
        window.ends,
    )


def _where(facts: Facts, tenant: Tenant) -> str:
    if tenant.first_sign_in is FirstSignIn.NONE:
        return "none is awaited besides the consent"
    seen = facts.first_sign_in
    return f"to {seen.application}, {seen.at:%H:%M} UTC" if isinstance(seen, SignInState) else "on your word"


ATTEND = Step(
    name="attend",
    reads=(
        "account",
        "methods",
        "stack",
        "window",
        "now",
        "first_sign_in",
        "operators_word",
        "attempts",
        "grants",
        "consent_entry",
    ),
    decide=decide,
)
