"""Whether and how anybody can sign in as the account: what open, enrol, admit, settle and verify have in common."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from steward.acts import DeletePass, DisableAccount, EnableAccount, IssuePass, ReplacePassword
from steward.config.model import Tenant
from steward.facts import MethodsState, PassPolicy, UserState
from steward.lifecycle.actions import Action, Already, GraphCall

# The directory stamps creation and first password separately; a change within this time may be the creation itself.
_CREATION = timedelta(seconds=5)


# How the methods are called where a person meets them; Graph's types are not.
_FACTORS: Mapping[str, str] = MappingProxyType(
    {
        "fido2": "passkey (FIDO2)",
        "microsoftAuthenticator": "Microsoft Authenticator",
        "phone": "telephone",
        "platformCredential": "platform credential",
        "softwareOath": "software OATH token",
        "windowsHelloForBusiness": "Windows Hello for Business",
    }
)


def describe_factors(methods: MethodsState) -> str:
    """Return the second factors as a person calls them."""
    names = (
        entry.removeprefix("#microsoft.graph.").removesuffix("AuthenticationMethod") for entry in methods.second_factors
    )
    return ", ".join(sorted(_FACTORS.get(name, name) for name in names))


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


def is_open(account: UserState, methods: MethodsState) -> bool:
    """Return whether a person can sign in with a pass, and with nothing that the state knows."""
    return account.is_enabled and has_own_password(account) and methods.usable_pass is not None


def is_admitted(account: UserState, methods: MethodsState) -> bool:
    """Return whether a person can sign in for the window, or has done so with the pass for it already."""
    is_signed_in = any(entry.is_for_window and not entry.is_usable for entry in methods.passes)
    return is_open(account, methods) or (account.is_enabled and has_own_password(account) and is_signed_in)


def let_in(
    account: UserState, methods: MethodsState, policy: PassPolicy, tenant: Tenant, *, is_for_window: bool = False
) -> Iterator[Action]:
    """Yield what opens the account with a one-time pass: a password nobody keeps, the pass, and only then enabling.

    A pass is issued while the account is disabled, and the account is enabled once the sink has the pass. So a pass of
    a disabled account that an earlier run issued may be in nobody's hands, and is made anew.
    """
    user_id, login = account.object_id, account.login
    purpose = "for the window" if is_for_window else "for enrolment"
    usable = methods.usable_pass
    if usable is not None and is_open(account, methods):
        yield Already(login, f"open {purpose} until {usable.ends:%Y-%m-%d %H:%M} UTC")
    elif usable is not None and usable.is_delivered and has_own_password(account):
        yield GraphCall("enabled", f"{login}, {purpose}", EnableAccount(user_id))
    elif account.is_enabled or methods.passes:
        yield from shut(account, [entry.pass_id for entry in methods.passes])
    elif not has_own_password(account):
        yield GraphCall("replaced", f"password of {login}", ReplacePassword(user_id))
    else:
        minutes = min(max(tenant.window_minutes, policy.shortest), policy.longest)
        subject = f"one-time pass for {login}, to the sink, valid {minutes} minutes, {purpose}"
        yield GraphCall("issued", subject, IssuePass(user_id, login, minutes, is_for_window))
