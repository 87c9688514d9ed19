"""Authentication strengths: the built-in ones, which nobody changes, and the tenant's own.

The combinations are those of learn.microsoft.com, "Conditional Access authentication strength", and the calls those
of Graph's authenticationStrengthPolicy pages (read November 2026): combinations change by an action of their own, and
a strength that a policy uses is not deleted.
"""

import itertools
from collections.abc import Mapping
from typing import Any

from sandbox.directory.audit import record_change, target
from sandbox.directory.premium import require_p1
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import malformed, not_found
from sandbox.identifiers import new_id

_ALONE = frozenset(
    {
        "deviceBasedPush",
        "federatedMultiFactor",
        "federatedSingleFactor",
        "fido2",
        "password",
        "qrCodePin",
        "sms",
        "temporaryAccessPassMultiUse",
        "temporaryAccessPassOneTime",
        "windowsHelloForBusiness",
        "x509CertificateMultiFactor",
        "x509CertificateSingleFactor",
    }
)
_SECOND_FACTORS = ("microsoftAuthenticatorPush", "softwareOath", "hardwareOath", "sms", "voice")
_PAIRS = frozenset(
    frozenset(pair) for pair in itertools.product(("password", "federatedSingleFactor"), _SECOND_FACTORS)
) | frozenset(
    # A certificate as the first factor goes with whatever needs no password.
    frozenset(("x509CertificateSingleFactor", each))
    for each in ("microsoftAuthenticatorPush", "softwareOath", "hardwareOath", "sms", "voice", "fido2")
)
_SINGLE_FACTORS = frozenset({"federatedSingleFactor", "password", "qrCodePin", "sms", "x509CertificateSingleFactor"})


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Save a strength of the tenant's own."""
    require_p1(directory)
    now = directory.clock.stamp()
    combinations = _checked(body.get("allowedCombinations"))
    strength: Record = {
        "id": new_id(),
        "createdDateTime": now,
        "modifiedDateTime": now,
        "displayName": _named(body.get("displayName")),
        "description": body.get("description"),
        "policyType": "custom",
        "requirementsSatisfied": _satisfied(combinations),
        "allowedCombinations": combinations,
    }
    directory.authentication_strengths[strength["id"]] = strength
    _record(directory, caller, "Add", strength)
    return strength


def change(directory: Directory, strength_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change name or description of a strength of the tenant's own."""
    require_p1(directory)
    strength = _require_custom(directory, strength_id)
    given = {name: value for name, value in body.items() if "@odata." not in name}
    if "displayName" in given:
        given["displayName"] = _named(given["displayName"])
    strength.update(given, modifiedDateTime=directory.clock.stamp())
    _record(directory, caller, "Update", strength)


def change_combinations(directory: Directory, strength_id: str, body: Mapping[str, Any], caller: Caller) -> Record:
    """Replace the combinations of a strength, and tell the old and new ones with the policies that use it.

    Where a policy takes the strength for multifactor authentication, it must go on being that.
    """
    require_p1(directory)
    strength = _require_custom(directory, strength_id)
    combinations = _checked(body.get("allowedCombinations"))
    users = policies_with(directory, strength_id)
    satisfied = _satisfied(combinations)
    if users and satisfied != strength["requirementsSatisfied"]:
        raise malformed("The strength is used by policies that rely on it for multifactor authentication.")
    previous = strength["allowedCombinations"]
    stamp = directory.clock.stamp()
    strength.update(allowedCombinations=combinations, requirementsSatisfied=satisfied, modifiedDateTime=stamp)
    _record(directory, caller, "Update", strength)
    return {
        "additionalInformation": None,
        "conditionalAccessReferences": [each["id"] for each in users],
        "currentCombinations": combinations,
        "previousCombinations": previous,
    }


def delete(directory: Directory, strength_id: str, caller: Caller) -> None:
    """Delete a strength of the tenant's own that no policy uses; there is no way back."""
    require_p1(directory)
    strength = _require_custom(directory, strength_id)
    users = policies_with(directory, strength_id)
    if users:
        raise malformed(f"The authentication strength is used by the policy '{users[0]['displayName']}'.")
    del directory.authentication_strengths[strength_id]
    _record(directory, caller, "Delete", strength)


def require(directory: Directory, strength_id: str) -> Record:
    """Get a strength, or refuse with 404."""
    if strength_id not in directory.authentication_strengths:
        raise not_found(strength_id)
    return directory.authentication_strengths[strength_id]


def policies_with(directory: Directory, strength_id: str) -> list[Record]:
    """List the policies that demand a strength."""
    return [each for each in directory.access_policies.values() if _strength_of(each) == strength_id]


def _strength_of(policy: Record) -> str | None:
    strength = (policy["grantControls"] or {}).get("authenticationStrength")
    return None if strength is None else strength["id"]


def _require_custom(directory: Directory, strength_id: str) -> Record:
    strength = require(directory, strength_id)
    if strength["policyType"] == "builtIn":
        raise malformed(f"The built-in authentication strength '{strength['displayName']}' cannot be changed.")
    return strength


def _named(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise malformed("An authentication strength needs a 'displayName'.")
    return name


def _checked(given: Any) -> list[str]:
    if not given:
        raise malformed("'allowedCombinations' must hold at least one combination.")
    combinations = [",".join(part.strip() for part in each.split(",")) for each in given]
    for each in combinations:
        parts = each.split(",")
        known = parts[0] in _ALONE if len(parts) == 1 else frozenset(parts) in _PAIRS and len(parts) == 2  # noqa: PLR2004  a pair
        if not known:
            raise malformed(f"'{each}' is no combination of authentication methods that a strength can allow.")
    if len(set(combinations)) < len(combinations):
        raise malformed("'allowedCombinations' holds a combination twice.")
    return combinations


def _satisfied(combinations: list[str]) -> str:
    return "none" if any(each in _SINGLE_FACTORS for each in combinations) else "mfa"


def _record(directory: Directory, caller: Caller, operation: str, strength: Record) -> None:
    record_change(
        directory,
        caller,
        f"{operation} authentication strength policy",
        category="Policy",
        operation=operation,
        targets=[target("Policy", strength)],
        service="Conditional Access",
    )
