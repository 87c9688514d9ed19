"""Which checks of public frameworks the evidence answers for this one account, and which it does not.

The frameworks judge whole tenants; evidence looks at one account, its policy and its application. So an answer says
what holds for the account, a figure of the tenant is given as seen, and everything else is said to be unanswered.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any

from steward.config.model import Tenant
from steward.papers.agreement import find_other_account
from steward.papers.grants import find_permission_by_id
from steward.papers.life import Life
from steward.papers.policies import Policies
from steward.papers.record import Entry, Mark, Record, mapping, mappings, texts
from steward.papers.standing import Standing, State
from steward.wellknown.permissions import PermissionKind
from steward.wellknown.strengths import PHISHING_RESISTANT


class Result(StrEnum):
    """How far a check is answered."""

    MET = "met for the account"
    NOT_MET = "not met for the account"
    IN_PART = "answered in part"
    UNANSWERED = "not answered"


@dataclass(frozen=True)
class Finding:
    """What a fact says to a check, and by which line."""

    result: Result
    words: str
    mark: Mark | None = None


@dataclass(frozen=True)
class Check:
    """A check of a framework: `maester` is the id under which Maester runs the same one, if it does."""

    framework: str
    id: str
    maester: str
    asks: str
    finding: Finding


@dataclass(frozen=True)
class Subject:
    """What the facts are taken from."""

    record: Record
    standing: Standing
    policies: Policies | None
    tenant: Tenant | None = None

    @property
    def life(self) -> Life | None:
        """Return the account's life; the newest where there were several accounts."""
        return self.standing.lives[-1] if self.standing.lives else None


Fact = Callable[[Subject], Finding]
_NO_ANSWER = {State.TAMPERED: "the evidence is not whole", State.REHEARSAL: "a rehearsal answers for no tenant"}


def read_checks() -> Iterator[dict[str, str]]:
    """Yield the rows of the table: framework, id, what it asks, and the fact that answers it or why none does."""
    table = files("steward.papers").joinpath("data", "checks.csv")
    yield from csv.DictReader(table.read_text(encoding="utf-8").splitlines())


def answer(subject: Subject) -> tuple[Check, ...]:
    """Return every check of the table with its answer; evidence that cannot speak for the account answers none."""
    why = _NO_ANSWER.get(subject.standing.state) or find_other_account(subject.record, subject.tenant)
    findings = {name: _unanswered(why) if why else fact(subject) for name, fact in FACTS.items()}
    return tuple(
        Check(
            row["framework"],
            row["id"],
            row["maester"],
            row["asks"],
            findings[row["fact"]] if row["fact"] else _unanswered(row["unanswered"]),
        )
        for row in read_checks()
    )


def _unanswered(why: str) -> Finding:
    return Finding(Result.UNANSWERED, why)


def _mfa(subject: Subject) -> Finding:
    policies = subject.policies
    if policies is None or not policies.answers:
        return _unanswered("no run has asked What-If")
    free = [each.client for each in policies.answers if not each.demands_mfa]
    if free:
        return Finding(Result.NOT_MET, f"What-If demands no MFA of {', '.join(free)}", policies.mark)
    clients = ", ".join(each.client for each in policies.answers)
    return Finding(Result.MET, f"What-If demands it of {clients}", policies.mark)


def _phishing_resistant(subject: Subject) -> Finding:
    policies = subject.policies
    if policies is None or not policies.answers:
        return _unanswered("no run has asked What-If")
    if all(PHISHING_RESISTANT in each.strength_ids for each in policies.answers):
        return Finding(Result.MET, "the policy demands the strength Phishing-resistant MFA", policies.mark)
    if any(each.strength_ids - {PHISHING_RESISTANT} for each in policies.answers):
        return Finding(Result.IN_PART, "the policy demands a strength whose combinations are not read", policies.mark)
    return Finding(Result.NOT_MET, "the policy demands MFA, of any strong method", policies.mark)


def _phishing_resistant_while_held(subject: Subject) -> Finding:
    life = subject.life
    if life is None:
        return _unanswered("no run has seen the account")
    if not life.usable:
        words = "the account could never sign in while it held a role, as far as runs looked"
        return Finding(Result.MET, words, life.last_look)
    found = _phishing_resistant(subject)
    if found.result is Result.NOT_MET:
        return Finding(found.result, f"{found.words}; the role could be used in its window", found.mark)
    return found


def _cloud_only(subject: Subject) -> Finding:
    found = subject.record.last_sight("account")
    if found is None or not isinstance(found[1].get("is_synchronised"), bool):
        return _unanswered("no run has seen the account")
    is_synchronised = found[1]["is_synchronised"]
    words = "the account is synchronised from on premises" if is_synchronised else "the account is cloud-only"
    return Finding(Result.NOT_MET if is_synchronised else Result.MET, words, found[0].mark)


def _no_role(subject: Subject) -> Finding:
    proof, life = subject.standing.proof, subject.life
    if life is None or proof is None:
        return _unanswered("no run has confirmed that no privileged role is held")
    if life.held and life.held[-1].ends is None:
        return Finding(Result.NOT_MET, "the account holds a privileged role at the end of the evidence", life.last_look)
    return Finding(Result.MET, "the account holds no privileged role by any path", proof.mark)


def _by_schedule_only(subject: Subject) -> Finding:
    life = subject.life
    if life is None:
        return _unanswered("no run has seen the account")
    if not life.held:
        return Finding(Result.MET, "the account never held a privileged role, as far as runs looked", life.last_look)
    acts = {entry.mark: entry for entry in subject.record.entries}
    outside = [span for span in life.held if not _is_scheduled(acts.get(span.begins_by))]
    if outside:
        words = "assigned outside Privileged Identity Management, and taken away again"
        return Finding(Result.NOT_MET, words, outside[0].begins_by)
    return Finding(Result.MET, "given by a schedule with an end only", life.held[0].begins_by)


def _is_scheduled(entry: Entry | None) -> bool:
    return entry is not None and entry.detail.get("act") == "RequestRoleSchedule"


def _administrators(subject: Subject) -> Finding:
    found = subject.record.last_sight("other_administrators", list)
    if found is None:
        return _unanswered("no run has read who else is Global Administrator")
    words = (
        f"{len(texts(found[1]))} other enabled users were active Global Administrators; eligible ones are not counted"
    )
    return Finding(Result.IN_PART, words, found[0].mark)


def _break_glass(subject: Subject) -> Finding:
    found = subject.record.last_sight("break_glass")
    policies = subject.policies
    if found is None or policies is None:
        return _unanswered("no run has read the break-glass group and the policy")
    group = str(found[1].get("object_id"))
    members = len(texts(found[1].get("user_ids")))
    if group not in policies.excluded_groups:
        return Finding(Result.NOT_MET, "the account's policy does not leave the break-glass group out", policies.mark)
    words = f"the account's policy leaves the break-glass group out, which has {members} members; others are not judged"
    return Finding(Result.IN_PART, words, policies.mark)


def _legacy(subject: Subject) -> Finding:
    policies = subject.policies
    asked = [each for each in policies.answers if each.client in _LEGACY] if policies else []
    if policies is None or not asked:
        return _unanswered("no run has asked What-If for legacy clients")
    if all(each.blocks for each in asked):
        return Finding(Result.MET, "legacy clients are blocked for the account", policies.mark)
    if all(each.demands_mfa for each in asked):
        words = (
            "MFA is demanded of legacy clients too, which cannot give it; a policy that blocks them is not looked for"
        )
        return Finding(Result.IN_PART, words, policies.mark)
    return Finding(Result.NOT_MET, "legacy clients are let in without MFA", policies.mark)


_LEGACY = frozenset({"exchangeActiveSync", "other"})


def _second_factor(subject: Subject) -> Finding:
    account = subject.record.last_sight("account")
    if account is None:
        return _unanswered("no run has seen the account")
    if account[1].get("is_enabled") is False:
        return Finding(Result.MET, "the account is disabled, and the check asks of enabled ones", account[0].mark)
    methods = subject.record.last_sight("methods")
    if methods is None:
        return _unanswered("no run has read the account's methods")
    factors = texts(methods[1].get("second_factors"))
    result = Result.MET if factors else Result.NOT_MET
    return Finding(result, "a second factor is registered" if factors else "no second factor", methods[0].mark)


def _no_escalation(subject: Subject) -> Finding:
    found = subject.record.last_sight("grants")
    if found is None:
        return _unanswered("no run has read the application's grants")
    entry, grants = found
    leading, unknown = [], 0
    for grant in mappings(grants.get("app_roles")):
        known = find_permission_by_id(_app_id(grants, grant), str(grant.get("role_id")), PermissionKind.APPLICATION)
        if known is None:
            unknown += 1
        elif known.escalation is not None:
            leading.append(known.label)
    if leading:
        return Finding(Result.NOT_MET, f"leads there: {', '.join(sorted(leading))}", entry.mark)
    if unknown:
        return Finding(Result.IN_PART, f"{unknown} granted permissions are not known here", entry.mark)
    words = "no application permission of the account's application leads there; other applications are not read"
    return Finding(Result.MET, words, entry.mark)


def _app_id(grants: Mapping[str, Any], grant: Mapping[str, Any]) -> str:
    for app_id, resource in mapping(grants, "resources").items():
        if isinstance(resource, Mapping) and resource.get("object_id") == grant.get("resource_id"):
            return str(app_id)
    return ""


FACTS: Mapping[str, Fact] = {
    "administrators": _administrators,
    "break_glass": _break_glass,
    "by_schedule_only": _by_schedule_only,
    "cloud_only": _cloud_only,
    "legacy": _legacy,
    "mfa": _mfa,
    "no_escalation": _no_escalation,
    "no_role": _no_role,
    "phishing_resistant": _phishing_resistant,
    "phishing_resistant_while_held": _phishing_resistant_while_held,
    "second_factor": _second_factor,
}
