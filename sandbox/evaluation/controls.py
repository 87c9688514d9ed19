"""What a conditional access policy demands of a sign-in that it applies to, and what satisfies it.

Methods are Graph's authenticationMethodModes, such as `password` or `softwareOath`. Multifactor authentication is
what the built-in strength of that name takes; a custom strength takes any of its own combinations.
"""

from collections.abc import Callable, Collection, Iterator, Mapping

from sandbox.directory.store import Directory, Record
from sandbox.evaluation.sign_in import SignIn

MULTIFACTOR_STRENGTH = "00000000-0000-0000-0000-000000000002"
STRENGTH = "authenticationStrength"
# Clients that cannot show a page: whatever asks the user for more ends such a sign-in (learn.microsoft.com,
# "Conditional Access: Conditions", client apps, November 2026).
LEGACY_CLIENTS = frozenset({"exchangeActiveSync", "easSupported", "other"})
# Controls that the user can still satisfy when asked.
INTERACTIVE = frozenset({"mfa", STRENGTH, "passwordChange", "riskRemediation", "termsOfUse", "customAuthentication"})


def demanded(policy: Record) -> Iterator[str]:
    """List a policy's grant controls by name; strength, terms and custom factors once each."""
    controls = policy["grantControls"]
    if controls is None:
        return
    yield from controls["builtInControls"]
    if controls["authenticationStrength"] is not None:
        yield STRENGTH
    if controls["termsOfUse"]:
        yield "termsOfUse"
    if controls["customAuthenticationFactors"]:
        yield "customAuthentication"


def unmet(directory: Directory, policy: Record, sign_in: SignIn, methods: Collection[str]) -> tuple[str, ...]:
    """List the grant controls that are still to be satisfied; none when the policy lets the sign-in pass."""
    names = tuple(demanded(policy))
    open_controls = tuple(each for each in names if not _is_met(directory, policy, sign_in, methods, each))
    if names and policy["grantControls"]["operator"] == "OR" and len(open_controls) < len(names):
        return ()
    return open_controls


def can_still_be_met(policy: Record, sign_in: SignIn, open_controls: Collection[str]) -> bool:
    """Say whether the user could satisfy what is open by doing something."""
    if sign_in.client_app_type in LEGACY_CLIENTS or sign_in.user is None:
        return False
    possible = [each in INTERACTIVE for each in open_controls]
    return any(possible) if policy["grantControls"]["operator"] == "OR" else all(possible)


def combinations(directory: Directory, policy: Record) -> tuple[frozenset[str], ...]:
    """List the combinations of methods of which a policy's strength, or its multifactor control, wants one."""
    controls = policy["grantControls"]
    if controls is None:
        return ()
    strength = controls["authenticationStrength"]
    if strength is None and "mfa" not in controls["builtInControls"]:
        return ()
    strength_id = MULTIFACTOR_STRENGTH if strength is None else strength["id"]
    return _combinations(directory, strength_id)


def satisfies(directory: Directory, strength_id: str, methods: Collection[str]) -> bool:
    """Say whether the methods used contain one of a strength's combinations."""
    return any(each <= set(methods) for each in _combinations(directory, strength_id))


def _combinations(directory: Directory, strength_id: str) -> tuple[frozenset[str], ...]:
    allowed = directory.authentication_strengths[strength_id]["allowedCombinations"]
    return tuple(frozenset(part.strip() for part in each.split(",")) for each in allowed)


_Test = Callable[[Directory, Record, SignIn, Collection[str]], bool]


def _is_met(directory: Directory, policy: Record, sign_in: SignIn, methods: Collection[str], control: str) -> bool:
    # Blocking is met by nothing, nor are the controls of apps and agreements, which no sign-in here can show.
    test = _MET.get(control)
    return test is not None and test(directory, policy, sign_in, methods)


def _multifactor(directory: Directory, _policy: Record, _sign_in: SignIn, methods: Collection[str]) -> bool:
    return satisfies(directory, MULTIFACTOR_STRENGTH, methods)


def _strength(directory: Directory, policy: Record, _sign_in: SignIn, methods: Collection[str]) -> bool:
    return satisfies(directory, policy["grantControls"][STRENGTH]["id"], methods)


_MET: Mapping[str, _Test] = {
    "mfa": _multifactor,
    STRENGTH: _strength,
    "compliantDevice": lambda _directory, _policy, sign_in, _methods: bool((sign_in.device or {}).get("isCompliant")),
    # Joined to an on-premises domain and to Entra ID is the trust type ServerAD.
    "domainJoinedDevice": lambda _directory, _policy, sign_in, _methods: (
        str((sign_in.device or {}).get("trustType")).lower() == "serverad"
    ),
}
