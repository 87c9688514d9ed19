"""What a user types to prove who he is: a password or a Temporary Access Pass, and then a one-time code.

Ten wrong passwords in a row lock an account for a minute (learn.microsoft.com, "Protect user accounts from attacks
with Microsoft Entra smart lockout", read November 2026). A code is good for its 30 seconds and those beside them, once;
no page says how many may be guessed, so wrong codes lock as wrong passwords do, counted apart from them: who guesses
codes knows the password, and a right one would start the count anew.
"""

from collections.abc import Mapping
from datetime import timedelta

import pyotp

from sandbox.clock import from_stamp
from sandbox.directory import methods, passes, security_info, sessions, users
from sandbox.directory.passes import PassError
from sandbox.directory.store import Directory, Record
from sandbox.errors import GraphError
from sandbox.sign_in.refusals import SignInError
from sandbox.sign_in.signed_in import SignedIn

PASSWORD = "password"  # noqa: S105 - the name of a method
PASSES = ("temporaryAccessPassOneTime", "temporaryAccessPassMultiUse")
_LOCKED_AFTER = 10
_LOCKED_SECONDS = 60
_STEP_SECONDS = 30


def require_user(directory: Directory, login: str) -> Record:
    """Find who signs in, or refuse a login that the tenant does not know."""
    user = directory.find_user(login) if "@" in login else None
    if user is None:
        # Whoever takes the wrong field types a password here, so that Entra's own text leaves out what was typed.
        text = f"The user account {{EUII Hidden}} does not exist in the {directory.tenant_name} directory."
        raise SignInError(50034, f"{text} To sign into this application, the account must be added to the directory.")
    return user


def check_password(directory: Directory, user: Record, password: str) -> SignedIn:
    """Sign in with a password, or refuse; a password that has to be changed is refused with AADSTS50055."""
    _require_password(directory, user, password)
    require_enabled(user)
    if must_change_password(user):
        raise SignInError(50055, "The password is expired.")
    return _signed_in(directory, user, PASSWORD)


def check_pass(directory: Directory, user: Record, code: str) -> SignedIn:
    """Sign in with a Temporary Access Pass, which uses up a one-time pass and bounds the session."""
    _require_unlocked(directory, directory.failed_sign_ins, user)
    try:
        access_pass = passes.require_usable(directory, user, code)
    except PassError as refusal:
        _count_failure(directory, directory.failed_sign_ins, user)
        raise SignInError(refusal.code, str(refusal)) from refusal
    require_enabled(user)
    passes.use(access_pass)
    end = from_stamp(access_pass["startDateTime"]) + timedelta(minutes=access_pass["lifetimeInMinutes"])
    return _signed_in(directory, user, pass_method(access_pass), until=end.timestamp())


def pass_method(access_pass: Record) -> str:
    """Tell how a pass is called among the methods used."""
    return PASSES[0] if access_pass["isUsableOnce"] else PASSES[1]


def is_federated(directory: Directory, user: Record) -> bool:
    """Say whether passwords of the login's domain are checked elsewhere; a pass is checked here all the same."""
    domain = directory.domains.get(user["userPrincipalName"].rpartition("@")[2].lower(), {})
    return domain.get("authenticationType") == "Federated"


def has_pass(directory: Directory, user: Record) -> bool:
    """Say whether the sign-in page offers a pass before the password."""
    return any(each["isUsable"] for each in passes.passes_of(directory, user["id"]))


def must_change_password(user: Record) -> bool:
    """Say whether the password is good for nothing but choosing another."""
    profile = user.get("passwordProfile") or {}
    return bool(profile.get("forceChangePasswordNextSignIn") or profile.get("forceChangePasswordNextSignInWithMfa"))


def asks_factor_first(user: Record) -> bool:
    """Say whether the password may be changed only after a second factor has been shown.

    learn.microsoft.com, "passwordProfile resource type", read November 2026.
    """
    return bool((user.get("passwordProfile") or {}).get("forceChangePasswordNextSignInWithMfa"))


def change_password(directory: Directory, user: Record, old: str, new: str) -> None:
    """Choose another password as the user himself, or refuse one that Entra would not take."""
    _require_password(directory, user, old)
    require_enabled(user)
    if old == new:
        raise SignInError(50144, "The new password must differ from the one before.")
    try:
        users.set_password(directory, user, new)
    except GraphError as refusal:
        raise SignInError(50144, refusal.message) from refusal
    user["passwordProfile"] = users.password_profile({"forceChangePasswordNextSignIn": False})
    users.record(directory, security_info.himself(user), "Change user password", "Update", user)


def new_oath_secret() -> str:
    """Make the secret of an authenticator."""
    return pyotp.random_base32()


def oath_address(secret: str, login: str, tenant_name: str) -> str:
    """Write what an authenticator reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=tenant_name)


def register_oath(directory: Directory, user: Record, secret: str, code: str) -> None:
    """Register an authenticator as the user who shows its first code, or refuse."""
    _require_code(directory, secret, code, last=0)
    try:
        method = methods.register(directory, user, "softwareOath", {"secretKey": None}, security_info.himself(user))
    except GraphError as refusal:
        raise SignInError(53004, refusal.message) from refusal
    method["(last step)"] = _step(directory)
    directory.oath_secrets[method["id"]] = secret


def check_oath(directory: Directory, user: Record, code: str) -> None:
    """Take an authenticator's code as the second factor, or refuse."""
    _require_unlocked(directory, directory.failed_codes, user)
    held = [
        each
        for each in directory.authentication_methods.get(user["id"], [])
        if each["@odata.type"] == methods.type_of("softwareOath") and each["id"] in directory.oath_secrets
    ]
    for method in held:
        step = _matching_step(directory, directory.oath_secrets[method["id"]], code)
        if step > method["(last step)"]:
            method["(last step)"] = step
            directory.failed_codes.pop(user["id"], None)
            return
    _count_failure(directory, directory.failed_codes, user)
    raise _wrong_code()


def _require_code(directory: Directory, secret: str, code: str, *, last: int) -> None:
    if _matching_step(directory, secret, code) <= last:
        raise _wrong_code()


def _matching_step(directory: Directory, secret: str, code: str) -> int:
    """Tell the step of 30 seconds that a code belongs to, 0 when it is none of now."""
    generator, now = pyotp.TOTP(secret), _step(directory)
    found = (step for step in (now, now - 1, now + 1) if generator.verify(code, for_time=step * _STEP_SECONDS))
    return next(found, 0)


def _step(directory: Directory) -> int:
    return int(directory.clock.now().timestamp()) // _STEP_SECONDS


def _wrong_code() -> SignInError:
    return SignInError(500121, "Authentication failed during strong authentication request.")


def require_enabled(user: Record) -> None:
    """Refuse a disabled account."""
    if not user["accountEnabled"]:
        raise SignInError(50057, "The user account is disabled.")


def _require_password(directory: Directory, user: Record, password: str) -> None:
    _require_unlocked(directory, directory.failed_sign_ins, user)
    if not directory.password_hashes[user["id"]].matches(password):
        _count_failure(directory, directory.failed_sign_ins, user)
        raise SignInError(50126, "Error validating credentials due to invalid username or password.")
    directory.failed_sign_ins.pop(user["id"], None)


def _signed_in(directory: Directory, user: Record, method: str, *, until: float | None = None) -> SignedIn:
    endings = sessions.endings(directory, user["id"])
    return SignedIn(user["id"], (method,), directory.clock.now().timestamp(), until, endings)


def _require_unlocked(directory: Directory, failures: Mapping[str, Record], user: Record) -> None:
    failed = failures.get(user["id"])
    if failed is not None and directory.clock.now().timestamp() < failed["locked_until"]:
        text = "The account is locked, you've tried to sign in too many times with an incorrect user ID or password."
        raise SignInError(50053, text)


def _count_failure(directory: Directory, failures: dict[str, Record], user: Record) -> None:
    failed = failures.setdefault(user["id"], {"count": 0, "locked_until": 0.0})
    failed["count"] += 1
    if failed["count"] >= _LOCKED_AFTER:
        failed["locked_until"] = directory.clock.now().timestamp() + _LOCKED_SECONDS
