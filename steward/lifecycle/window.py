"""The window in which a person signs in as the account while it holds the role: whether it is open, and what for.

Its end is the latch's or the role schedule's own, so a run that was killed and started again keeps it. It is compared
with the tenant's clock or this machine's, whichever is ahead: a clock that lags keeps no window open.
"""

from datetime import datetime, timedelta

from steward.config.model import FirstSignIn, Tenant
from steward.facts import (
    Absent,
    Facts,
    LatchState,
    MethodsState,
    Reading,
    SignInState,
    StackState,
    Unreadable,
    WindowState,
)
from steward.lifecycle.actions import Blocked
from steward.lifecycle.consenting import is_consented
from steward.wellknown.latch import PRIVILEGED, SEALED


def is_sealed(facts: Facts) -> bool:
    """Return whether the latch is known to be sealed."""
    stack = facts.stack
    return isinstance(stack, StackState) and isinstance(stack.latch, LatchState) and stack.latch.phase == SEALED


def window_of(stack: StackState, tenant: Tenant) -> Reading[WindowState]:
    """Return the window that a privileged latch stands for; its end was the plan's time plus the file's minutes."""
    latch = stack.latch
    if isinstance(latch, Absent) or latch.phase != PRIVILEGED:
        return Absent("a window")
    try:
        ends = datetime.fromisoformat(latch.until)
    except ValueError:
        return Unreadable("the window's end", f"the latch says {latch.until!r}")
    opened = ends - timedelta(minutes=tenant.window_minutes)
    return WindowState(opened, ends, is_in_force=True, status=latch.phase)


def find_open_window(facts: Facts) -> WindowState | None:
    """Return the window whose end lies ahead, if there is one that is in force."""
    window, now = facts.window, facts.now
    if isinstance(window, WindowState) and isinstance(now, datetime) and window.is_in_force and now < window.ends:
        return window
    return None


def find_over_pass(facts: Facts) -> Blocked | None:
    """Return why nobody can act as the account any more where its pass is over: a session ends with its pass."""
    methods, now = facts.methods, facts.now
    if not isinstance(methods, MethodsState) or not isinstance(now, datetime) or not methods.passes:
        return None
    ends = max(entry.ends for entry in methods.passes)
    if now < ends:
        return None
    return Blocked(
        "pass",
        f"it ended at {ends:%H:%M} UTC, before the window, and whoever signed in with it is signed out",
        "run again for a new one; a longer one takes a longer maximum lifetime in the Temporary Access Pass policy",
    )


def is_attended(facts: Facts, tenant: Tenant) -> bool:
    """Return whether what the window was opened for has happened: the first sign-in, by the log or on the word.

    Where the consent is given in a browser it is part of that, and no word stands for it.
    """
    if tenant.consents_in_browser and not is_consented(facts, tenant):
        return False
    if tenant.first_sign_in is FirstSignIn.NONE:
        return tenant.consents_in_browser
    return facts.operators_word is True or isinstance(facts.first_sign_in, SignInState)
