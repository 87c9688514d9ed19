"""What conditional access says about a sign-in under way, in the terms of pages, tokens and log.

A thin layer over `sandbox.evaluation`, which knows the policies: it describes the sign-in, and turns an open control
into the AADSTS number of the moment.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from sandbox.directory import methods, sign_ins
from sandbox.directory.sign_ins import Judgement
from sandbox.directory.store import Directory, Record
from sandbox.evaluation import sign_in as evaluated
from sandbox.evaluation.decision import Decision, decide
from sandbox.sign_in.refusals import SignInError

# The second factors that a user may have, in the words of authenticationMethodModes.
SECOND_FACTORS = {
    "microsoftAuthenticator": "microsoftAuthenticatorPush",
    "softwareOath": "softwareOath",
}
_SECOND_FACTOR_NEEDED = 50076
_STRONG = frozenset({"mfa", "authenticationStrength"})
_REFUSALS = {
    50074: "Strong authentication is required.",
    50158: "External security challenge was not satisfied.",
    53000: "Device is not in required device state: compliant. The user must enroll their device with an approved MDM.",
    53001: "Device is not in required device state: domain_joined.",
    53002: "Application used is not an approved application for conditional access.",
    53003: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    530035: "Access has been blocked by security defaults.",
}


@dataclass(frozen=True)
class Situation:
    """From where and how a user signs in."""

    client_app_type: str = "browser"
    address: str | None = None
    user_agent: str | None = None
    is_device_code: bool = False
    is_registration: bool = False


@dataclass(frozen=True)
class Verdict:
    """What the policies say to the methods used so far."""

    decision: Decision
    used: tuple[str, ...]
    can_be_asked: bool  # whether a second factor is registered, be it one that these pages cannot ask for

    @property
    def wants_second_factor(self) -> bool:
        """Say whether the user can go on by showing, or registering, a second factor."""
        return self.decision.refusal(self.used) == _SECOND_FACTOR_NEEDED

    @property
    def is_second_factor_asked(self) -> bool:
        """Say whether any policy asks for more than one factor, met by now or not."""
        return not _STRONG.isdisjoint(self.decision.unmet(()))

    def is_met_with(self, further: str) -> bool:
        """Say whether one more method would let the sign-in pass."""
        return self.decision.allows({*self.used, further})

    @property
    def judgement(self) -> Judgement:
        """Write what the sign-in log says."""
        return Judgement(self.decision.status(self.used), self.decision.log(self.used))

    def require_passable(self) -> None:
        """Refuse a sign-in that nothing the user could do here lets pass."""
        code = self.decision.refusal(self.used)
        if code is None or code == _SECOND_FACTOR_NEEDED:
            return
        if code not in _REFUSALS:
            text = f"{_REFUSALS[53003]} What the policy asks for (AADSTS{code}) cannot be done on these pages."
            raise SignInError(53003, text)
        raise SignInError(code, _REFUSALS[code])

    def require_met(self) -> None:
        """Refuse a sign-in that has no page on which the user could do more."""
        self.require_passable()
        if not self.wants_second_factor:
            return
        if not self.can_be_asked:
            text = (
                "Due to a configuration change made by your administrator, or because you moved to a new location, you "
                "must enroll in multi-factor authentication to access the resource."
            )
            raise SignInError(50079, text)
        raise second_factor_needed()


def second_factor_needed() -> SignInError:
    """Refuse for want of a second factor."""
    return SignInError(
        _SECOND_FACTOR_NEEDED,
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        "use multi-factor authentication to access the resource.",
    )


def judge(
    directory: Directory, user: Record, targets: Collection[str], used: Collection[str], situation: Situation
) -> Verdict:
    """Ask conditional access about a user's sign-in to its targets (client ids), with the methods used so far."""
    described = evaluated.of_user(
        directory,
        user,
        user_action="registerSecurityInformation" if situation.is_registration else None,
        client_app_type=situation.client_app_type,
        platform=sign_ins.platform(situation.user_agent) or evaluated.UNKNOWN_PLATFORM,
        address=situation.address,
        transfer_method="deviceCodeFlow" if situation.is_device_code else "none",
    )
    each_target = [replace(described, applications=frozenset({each})) for each in targets]
    decision = decide(directory, *(each_target or [described]))
    return Verdict(decision, tuple(used), bool(held_factors(directory, user)))


def targets_of(resource_id: str, client_id: str, openid: Collection[str], *, is_confidential: bool) -> tuple[str, ...]:
    """Tell what the policies of a sign-in are about: the resource, and a confidential client that gets an id token.

    learn.microsoft.com, "Conditional Access: Target resources", read November 2026: policies are not applied to
    clients, except where a confidential client asks for an id token.
    """
    is_target = is_confidential and "openid" in openid
    return tuple(dict.fromkeys((resource_id, client_id) if is_target else (resource_id,)))


def judge_application(directory: Directory, principal: Record, resource_id: str, address: str | None) -> Verdict:
    """Ask conditional access about an application's sign-in by itself, which it can only block.

    Only applications of this tenant alone are covered (learn.microsoft.com, "Conditional Access for workload
    identities", read November 2026).
    """
    if not evaluated.is_single_tenant(directory, principal):
        return Verdict(Decision(directory, evaluated.SignIn(principal=principal), ()), (), can_be_asked=False)
    described = evaluated.of_service_principal(directory, principal, (resource_id,), address=address)
    return Verdict(decide(directory, described), (), can_be_asked=False)


def factors_of(directory: Directory, user: Record) -> dict[str, str]:
    """Tell which second factors a user has and the pages can ask for: kind -> authenticationMethodModes."""
    held = held_factors(directory, user)
    return {kind: mode for kind, mode in SECOND_FACTORS.items() if kind in held}


def held_factors(directory: Directory, user: Record) -> frozenset[str]:
    """Tell which kinds of second factors a user has and the policy allows, those that no page here asks for too."""
    held = methods.registered_kinds(directory, user["id"])
    return frozenset(
        kind
        for kind in held
        if methods.KINDS[kind].is_second_factor and methods.is_allowed(directory, kind, user["id"])
    )


def factor_not_asked_for(held: Collection[str]) -> SignInError:
    """Refuse a user whose second factors are of kinds that no page here asks for."""
    asked = ", ".join(sorted(SECOND_FACTORS))
    text = (
        f"{second_factor_needed().text} The sandbox does not emulate signing in with what is registered "
        f"({', '.join(sorted(held))}); it asks for {asked}."
    )
    return SignInError(_SECOND_FACTOR_NEEDED, text, error="interaction_required")
