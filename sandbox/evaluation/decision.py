"""What conditional access decides about a sign-in: for the sign-in pages, the token endpoint and the sign-in log.

`decide` takes a sign-in and judges every policy once; the `Decision` then says, for the methods used so far, whether
the sign-in is blocked, what is still asked of the user, and what the log keeps.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sandbox.directory.store import Directory, Record
from sandbox.evaluation import controls
from sandbox.evaluation.conditions import APPLIES, DISABLED, judge
from sandbox.evaluation.security_defaults import SECURITY_DEFAULTS_ID, security_defaults_policy
from sandbox.evaluation.sign_in import SignIn

_BLOCKED = 53003
_BLOCKED_BY_SECURITY_DEFAULTS = 530035
# What the sign-in ends with while a control is open (learn.microsoft.com, "Microsoft Entra authentication and
# authorization error codes", November 2026).
_CODES: Mapping[str, int] = {
    "block": _BLOCKED,
    "compliantDevice": 53000,
    "domainJoinedDevice": 53001,
    "approvedApplication": 53002,
    "compliantApplication": 53002,
    "mfa": 50076,
    controls.STRENGTH: 50076,
    "passwordChange": 50142,
    "riskRemediation": 50142,
    "termsOfUse": 50158,
    "customAuthentication": 50158,
}
# How the log writes controls; Mfa and Block are on record, the others follow their pattern.
_LOGGED_CONTROLS: Mapping[str, str] = {
    "mfa": "Mfa",
    "block": "Block",
    "compliantDevice": "RequireCompliantDevice",
    "domainJoinedDevice": "RequireDomainJoinedDevice",
    "approvedApplication": "RequireApprovedApp",
    "compliantApplication": "RequireCompliantApp",
    "passwordChange": "PasswordChange",
    "riskRemediation": "RiskRemediation",
    "termsOfUse": "TermsOfUse",
    "customAuthentication": "CustomAuthenticationFactor",
    controls.STRENGTH: "RequireAuthenticationStrength",
}
_REPORT_ONLY = "enabledForReportingButNotEnforced"


@dataclass(frozen=True)
class Judged:
    """A policy with the reason why it does not apply, or `notSet` where it does."""

    policy: Record
    reason: str

    @property
    def applies(self) -> bool:
        """Say whether the policy applies, be it for reporting only."""
        return self.reason == APPLIES

    @property
    def is_enforced(self) -> bool:
        """Say whether what the policy demands is demanded of the user."""
        return self.applies and self.policy["state"] == "enabled"


@dataclass(frozen=True)
class Decision:
    """What the policies say about one sign-in; `methods` are the ones used so far (authenticationMethodModes)."""

    directory: Directory
    sign_in: SignIn
    judged: tuple[Judged, ...]

    @property
    def is_blocked(self) -> bool:
        """Say whether the sign-in ends here whatever the user does."""
        return any(self._is_lost(each, ()) for each in self.judged if each.is_enforced)

    def unmet(self, methods: Collection[str]) -> tuple[str, ...]:
        """List what is still demanded, by control: `mfa`, `authenticationStrength`, `block`, `compliantDevice` ..."""
        open_controls = (self._unmet(each, methods) for each in self.judged if each.is_enforced)
        return tuple(dict.fromkeys(name for names in open_controls for name in names))

    def allows(self, methods: Collection[str]) -> bool:
        """Say whether the sign-in passes with these methods."""
        return not self.unmet(methods)

    def refusal(self, methods: Collection[str]) -> int | None:
        """Tell the AADSTS number with which the sign-in stands or ends, or None when it passes.

        A number that the user can still do something about comes only where nothing else is in the way.
        """
        waiting: int | None = None
        for each in self.judged:
            open_controls = self._unmet(each, methods) if each.is_enforced else ()
            if not open_controls:
                continue
            if each.policy["id"] == SECURITY_DEFAULTS_ID and "block" in open_controls:
                return _BLOCKED_BY_SECURITY_DEFAULTS
            if self._is_lost(each, methods):
                lost = [name for name in open_controls if name not in controls.INTERACTIVE]
                return _CODES[lost[0]] if lost else _BLOCKED
            asked = next(name for name in open_controls if name in controls.INTERACTIVE)
            waiting = waiting or _CODES[asked]
        return waiting

    def combinations(self) -> tuple[frozenset[str], ...]:
        """List the combinations of methods that satisfy every strength demanded; empty where none is demanded."""
        demanded = [controls.combinations(self.directory, each.policy) for each in self.judged if each.is_enforced]
        wanted = [each for each in demanded if each]
        if not wanted:
            return ()
        first, *others = wanted
        return tuple(one for one in first if all(any(other <= one for other in each) for each in others))

    def sign_in_frequency(self) -> timedelta | None:
        """Tell after what time the user signs in anew, zero for every time; None where no policy says so."""
        found = [_frequency(each.policy) for each in self.judged if each.is_enforced]
        return min((each for each in found if each is not None), default=None)

    def status(self, methods: Collection[str]) -> str:
        """Tell the log's conditionalAccessStatus."""
        if not any(each.is_enforced for each in self.judged):
            return "notApplied"
        return "success" if self.allows(methods) else "failure"

    def log(self, methods: Collection[str]) -> list[Record]:
        """Write the log's appliedConditionalAccessPolicies, one entry for every policy of the tenant."""
        return [
            {
                "id": each.policy["id"],
                "displayName": each.policy["displayName"],
                "enforcedGrantControls": [
                    self._logged(each.policy, name) for name in controls.demanded(each.policy) if each.applies
                ],
                "enforcedSessionControls": _session_controls(each.policy) if each.applies else [],
                "result": self._result(each, methods),
            }
            for each in self.judged
        ]

    def _unmet(self, judged: Judged, methods: Collection[str]) -> tuple[str, ...]:
        return controls.unmet(self.directory, judged.policy, self.sign_in, methods)

    def _is_lost(self, judged: Judged, methods: Collection[str]) -> bool:
        open_controls = self._unmet(judged, methods)
        return bool(open_controls) and not controls.can_still_be_met(judged.policy, self.sign_in, open_controls)

    def _result(self, judged: Judged, methods: Collection[str]) -> str:
        if judged.reason == DISABLED:
            return "notEnabled"
        reports = judged.policy["state"] == _REPORT_ONLY
        if not judged.applies:
            return "reportOnlyNotApplied" if reports else "notApplied"
        if not self._unmet(judged, methods):
            return "reportOnlySuccess" if reports else "success"
        if reports:
            return "reportOnlyFailure" if self._is_lost(judged, methods) else "reportOnlyInterrupted"
        return "failure"

    def _logged(self, policy: Record, control: str) -> str:
        if control != controls.STRENGTH:
            return _LOGGED_CONTROLS[control]
        strength = self.directory.authentication_strengths[policy["grantControls"][control]["id"]]
        return f"{_LOGGED_CONTROLS[control]}: {strength['displayName']}"


def decide(directory: Directory, sign_in: SignIn, *further: SignIn) -> Decision:
    """Judge every policy, and security defaults where they are on, for a sign-in.

    A sign-in to several targets comes as one for each of them, and what applies to any applies to the whole.
    """
    every = (sign_in, *further)
    judged = [Judged(policy, _reason(policy, every)) for policy in directory.access_policies.values()]
    defaults = (security_defaults_policy(directory, each) for each in every)
    judged += [Judged(each, APPLIES) for each in defaults if each is not None][:1]
    return Decision(directory, sign_in, tuple(judged))


def _reason(policy: Record, sign_ins: Sequence[SignIn]) -> str:
    reasons = [judge(policy, each) for each in sign_ins]
    return APPLIES if APPLIES in reasons else reasons[0]


def _frequency(policy: Record) -> timedelta | None:
    frequency = (policy["sessionControls"] or {}).get("signInFrequency")
    if not frequency or not frequency.get("isEnabled"):
        return None
    if frequency.get("frequencyInterval") == "everyTime":
        return timedelta(0)
    return timedelta(**{frequency["type"]: frequency["value"]})


def _session_controls(policy: Record) -> list[str]:
    given = policy["sessionControls"] or {}
    enabled = [name for name, value in given.items() if isinstance(value, dict) and value.get("isEnabled")]
    return [name[0].upper() + name[1:] for name in enabled]
