"""Whether and how anybody can sign in as the account: what open, enrol, settle and verify have in common."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from steward.acts import DeletePass, DisableAccount
from steward.facts import MethodsState, UserState
from steward.lifecycle.actions import Action, GraphCall

# The directory stamps creation and first password separately; a change within this time may be the creation itself.
_CREATION = timedelta(seconds=5)


def is_settled(account: UserState, methods: MethodsState) -> bool:
    """Return whether a person may sign in and everything for that is done; any other enabled state is unfinished."""
    return account.is_enabled and has_own_password(account) and bool(methods.second_factors) and not methods.passes


def has_own_password(account: UserState) -> bool:
    """Return whether the password was changed after the account was created, as far as the directory says so."""
    if account.created is None or account.password_changed is None:
        return False
    return account.password_changed - account.created > _CREATION


def shut(account: UserState, pass_ids: Sequence[str] = ()) -> Iterator[Action]:
    """Yield what closes an account that a person was to sign in to: disabled before its passes go."""
    user_id, login = account.object_id, account.login
    if account.is_enabled:
        yield GraphCall("disabled", f"{login}, and ended its sessions", DisableAccount(user_id))
    for pass_id in pass_ids:
        yield GraphCall("deleted", f"pass of {login}", DeletePass(user_id, pass_id))
