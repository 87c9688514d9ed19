"""What is intended for our identities: made, shown, or taken back; pure, and performed by the lifecycle's runner.

Each builder returns a step for the identities that were chosen. An application is ours if it bears the stamp of this
tenant file and nobody else could sign in as it when we found it, or if the tenant file names it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from steward import acts
from steward.config.model import CertificateTrust, Tenant
from steward.errors import ExitCode
from steward.facts import Absent, Caller, Facts, Organization, Unreadable
from steward.identities.demoted import READS as DEMOTED_READS
from steward.identities.demoted import check_demoted
from steward.identities.differences import Difference, Stage, compare, name_role
from steward.identities.ours import find_kept, find_stamped, in_the_way
from steward.identities.roster import ROSTER, Identity
from steward.identities.wanted import Certificate, Wanted, nothing_of, want
from steward.lifecycle.actions import Action, Already, Blocked, Found, GraphCall, could_not_tell, not_there
from steward.lifecycle.step import Step
from steward.registrations import Registrations, RegistrationState
from steward.wellknown.clients import AZURE_CLI
from steward.wellknown.registration import file_tag, identity_tag
from steward.wellknown.roles import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
)

# What is asked of the person who signs in: to read, to write, and to take back, which looks at the account as well.
READING = ("Application.Read.All", "Organization.Read.All", "RoleManagement.Read.Directory")
WRITING = (
    "Application.ReadWrite.All",
    "Organization.Read.All",
    "AppRoleAssignment.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
)
RETIRING = (*WRITING, "User.Read.All")
_NEEDED_TO_WRITE = ("Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All")
_ROLE_WRITING = "RoleManagement.ReadWrite.Directory"
_LONGEST_RENEWAL = timedelta(days=30)


@dataclass(frozen=True)
class Chosen:
    """Which identities are concerned, whether by name, the certificates whose keys this machine has, and its time."""

    identities: tuple[Identity, ...]
    is_by_name: bool = False
    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def want(self, identity: Identity, facts: Facts, tenant: Tenant, *, is_sealed: bool | None = None) -> Wanted:
        """Return what an identity should be: of a sealed tenant only a named one gets all that its work takes."""
        if is_sealed is None:
            is_sealed = tenant.account.sealed_on is not None and not self.is_by_name
        plans = facts.organization.service_plans if isinstance(facts.organization, Organization) else None
        return want(identity, tenant, is_sealed=is_sealed, service_plans=plans, certificates=self.certificates)


def make_step(chosen: Chosen, *, shows_all: bool = False) -> Step:
    """Return the step that makes the identities; with `shows_all`, for a preview, later stages are shown as well."""

    def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
        blocked = list(_check(facts, needs_writing=not shows_all))
        yield from blocked
        if blocked or not isinstance(facts.registrations, Registrations):
            return
        for identity in chosen.identities:
            yield from _make(chosen.want(identity, facts, tenant), facts, tenant, shows_all=shows_all)

    return _step(decide)


def retire_step(chosen: Chosen) -> Step:
    """Return the step that leaves each identity what it keeps once the tenant is sealed, and makes none."""

    def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
        for identity, found in _ours(chosen, facts, tenant):
            wanted = chosen.want(identity, facts, tenant, is_sealed=True)
            yield from _without_making(wanted, found, facts)

    return _with_check(decide, chosen)


def remove_step(chosen: Chosen) -> Step:
    """Return the step that deletes the identities, once they may do nothing and nobody can sign in as them."""

    def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
        for identity, found in _ours(chosen, facts, tenant):
            wanted = chosen.want(identity, facts, tenant, is_sealed=True)
            left = list(_without_making(nothing_of(wanted), found, facts))
            if all(isinstance(action, Already | Found) for action in left):
                subject = f"{identity.name}: application {found.name} ({found.client_id})"
                yield GraphCall("deleted", subject, acts.DeleteApplication(found.object_id))
            else:
                yield from left

    return _with_check(decide, chosen)


def list_step(chosen: Chosen) -> Step:
    """Return the step that finds every difference between what is there and what should be, and does nothing."""

    def decide(facts: Facts, tenant: Tenant) -> Iterator[Action]:
        registrations = facts.registrations
        if not isinstance(registrations, Registrations):
            yield from not_there(registrations)
            return
        for identity in chosen.identities:
            if identity.is_usual or chosen.is_by_name or find_stamped(identity.name, registrations, tenant):
                yield from _tell(chosen, identity, facts, tenant)
        known = {identity_tag(tenant.name, identity.name) for identity in ROSTER}
        for entry in registrations.entries:
            if file_tag(tenant.name) in entry.tags and not entry.tags & known:
                yield Found(
                    f"application {entry.name} ({entry.client_id})",
                    "it bears the stamp of this tenant file, and is none of its identities",
                    "delete it in the admin center, if nobody knows it",
                )

    return _step(decide)


def _step(decide: Callable[[Facts, Tenant], Iterator[Action]], *reads: str) -> Step:
    return Step("identities", ("caller", "organization", "registrations", *reads), decide, looks_again=True)


def _with_check(decide: Callable[[Facts, Tenant], Iterator[Action]], chosen: Chosen) -> Step:
    """Return the step that looks at the caller and at the account first, and says of which identity there is nothing.

    While a privileged role shows nothing is taken away, nor while nobody can tell; but of a sealed tenant, whose role
    was seen to be gone, what cannot be told only counts.
    """

    def checked(facts: Facts, tenant: Tenant) -> Iterator[Action]:
        blocked = list(_check(facts, needs_writing=True))
        yield from blocked
        if blocked or not isinstance(facts.registrations, Registrations):
            return
        held = list(check_demoted(facts, tenant))
        yield from held
        is_sealed = tenant.account.sealed_on is not None
        if any(each.exit_code is not ExitCode.COULD_NOT_TELL or not is_sealed for each in held):
            return
        yield from decide(facts, tenant)
        for identity in chosen.identities:
            if not find_stamped(identity.name, facts.registrations, tenant):
                yield Already(identity.name, "there is no application of it")

    return _step(checked, *DEMOTED_READS)


def _check(facts: Facts, *, needs_writing: bool) -> Iterator[Action]:
    """Yield what keeps the caller from going on at all."""
    yield from not_there(facts.registrations)
    caller = facts.caller
    if isinstance(caller, Absent | Unreadable):
        yield from not_there(caller)
        return
    lacking = [scope for scope in _NEEDED_TO_WRITE if scope not in caller.permissions]
    if needs_writing and lacking:
        yield Blocked(
            "sign-in",
            f"the token lacks {', '.join(lacking)}",
            "sign in again and consent to what is asked, as an administrator who may",
        )
    held = caller.role_template_ids
    registers = {APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR} & held
    if held and GLOBAL_ADMINISTRATOR not in held and not (PRIVILEGED_ROLE_ADMINISTRATOR in held and registers):
        yield Blocked(
            "sign-in",
            "whoever signed in may not grant permissions of Microsoft Graph to applications and change these",
            "sign in as a Global Administrator, or as Privileged Role Administrator and Application Administrator",
        )


def _make(wanted: Wanted, facts: Facts, tenant: Tenant, *, shows_all: bool) -> Iterator[Action]:
    registrations = _require(facts)
    refusals = list(in_the_way(wanted, registrations, facts, tenant))
    if refusals:
        yield from refusals
        return
    kept = find_kept(wanted.identity, registrations, tenant)
    for double in find_stamped(wanted.identity, registrations, tenant):
        if kept is not None and double.object_id != kept.object_id:
            subject = f"{wanted.identity}: second application {double.name} ({double.client_id})"
            yield GraphCall("deleted", subject, acts.DeleteApplication(double.object_id))
    differences = list(compare(wanted, kept, registrations.graph_id))
    yield from _unmendable(differences)
    yield from _mend(differences, facts, shows_all=shows_all)
    unknown = list(_unknown(wanted, kept, facts))
    yield from unknown
    if not differences and not unknown and kept is not None:
        yield Already(wanted.identity, f"as it should be ({kept.client_id})")


def _without_making(wanted: Wanted, found: RegistrationState, facts: Facts) -> Iterator[Action]:
    if found.principal is None:
        yield Already(wanted.identity, "it has no service principal, so that it can do nothing")
        return
    # How it signs in stays as it is: whatever it lacks for that is for make to add.
    compared = compare(wanted, found, _require(facts).graph_id)
    differences = [each for each in compared if each.stage is not Stage.TRUSTED]
    yield from _unmendable(differences)
    yield from _mend(differences, facts, shows_all=False)
    unknown = list(_unknown(wanted, found, facts))
    yield from unknown
    if not any(each.call for each in differences) and not unknown:
        yield Already(wanted.identity, "it has nothing that leads to Global Administrator")


def _mend(differences: list[Difference], facts: Facts, *, shows_all: bool) -> Iterator[Action]:
    """Yield the calls of the first stage that has any; what the token does not reach is named instead."""
    calls = [each for each in differences if each.call is not None]
    first = min((each.stage for each in calls), default=None)
    for each in calls:
        if each.call is None or not (shows_all or each.stage == first):
            continue
        is_role = isinstance(each.call.act, acts.GiveApplicationRole | acts.RemoveRoleAssignment)
        if is_role and not _may_write_roles(facts, is_preview=shows_all):
            yield Blocked(each.subject, "the token may neither give nor take directory roles", _sign_in_anew(facts))
        else:
            yield each.call


def _unmendable(differences: list[Difference]) -> Iterator[Action]:
    for each in differences:
        if each.call is None:
            yield Found(each.subject, each.why, each.next_move)


def _unknown(wanted: Wanted, found: RegistrationState | None, facts: Facts) -> Iterator[Blocked]:
    """Yield what the token does not let anybody see of an identity, or of what it should be."""
    if wanted.undecided and isinstance(facts.organization, Absent | Unreadable):
        why = facts.organization.why if isinstance(facts.organization, Unreadable) else facts.organization.what
        permissions = ", ".join(sorted(wanted.undecided))
        blocked = could_not_tell(f"{wanted.identity}: whether the tenant's licences make it need {permissions}", why)
        yield replace(blocked, next_move=_sign_in_anew(facts)) if _is_azure_cli(facts) else blocked
    if found is None or found.principal is None or found.principal.roles is not None:
        return
    for template_id in sorted(wanted.role_template_ids):
        subject = f"{wanted.identity}: directory role {name_role(template_id)}"
        yield Blocked(subject, "it is needed, and the token may not see directory roles", _sign_in_anew(facts))
    if not wanted.role_template_ids:
        blocked = could_not_tell(f"{wanted.identity}: directory roles", "the token may not see them")
        yield replace(blocked, next_move=_sign_in_anew(facts))


def _may_write_roles(facts: Facts, *, is_preview: bool) -> bool:
    """Return whether the sign-in reaches directory roles; for a preview nobody consents to writing them."""
    if not isinstance(facts.caller, Caller) or _is_azure_cli(facts):
        return False
    return is_preview or _ROLE_WRITING in facts.caller.permissions


def _is_azure_cli(facts: Facts) -> bool:
    return isinstance(facts.caller, Caller) and facts.caller.app_id == AZURE_CLI


def _sign_in_anew(facts: Facts) -> str:
    who = "as a Global Administrator"
    return f"sign in without --azure-cli, {who}" if _is_azure_cli(facts) else f"sign in {who}, and consent to all"


def _tell(chosen: Chosen, identity: Identity, facts: Facts, tenant: Tenant) -> Iterator[Action]:
    wanted = chosen.want(identity, facts, tenant)
    registrations = _require(facts)
    kept = find_kept(wanted.identity, registrations, tenant)
    if kept is None:
        yield Found(
            wanted.identity, "there is no application of it", f"python scripts/identities.py make {tenant.pasted}"
        )
        return
    refusals = [*in_the_way(wanted, registrations, facts, tenant), *_unknown(wanted, kept, facts)]
    yield from refusals
    differences = list(compare(wanted, kept, registrations.graph_id))
    for each in differences:
        yield _told(each, tenant)
    for double in find_stamped(wanted.identity, registrations, tenant):
        if double.object_id != kept.object_id:
            subject = f"{wanted.identity}: second application {double.name} ({double.client_id})"
            yield Found(subject, "too much: one application is one identity", "run make, which deletes it")
    if wanted.certificate is not None and ends_soon(wanted.certificate, tenant, chosen.now):
        ends = f"{wanted.certificate.ends:%Y-%m-%d}"
        yield Found(f"{wanted.identity}: certificate", f"it ends on {ends}", "run make, which renews it")
    if not differences and not refusals:
        yield Already(wanted.identity, f"as it should be ({kept.client_id})")


def _told(difference: Difference, tenant: Tenant) -> Found:
    """Return a difference as a finding, with the command that mends it."""
    if difference.call is None:
        return Found(difference.subject, difference.why, difference.next_move)
    is_lacking = difference.stage is not Stage.UNTANGLED
    verb = "retire" if tenant.account.sealed_on is not None and not is_lacking else "make"
    return Found(
        difference.subject,
        f"{'lacks' if is_lacking else 'too much'}: {difference.why}",
        f"python scripts/identities.py {verb} {tenant.pasted}",
    )


def ends_soon(certificate: Certificate, tenant: Tenant, now: datetime) -> bool:
    """Return whether a certificate is to be replaced: 30 days before its end, or a third of a shorter life."""
    trust = tenant.identities.trust if tenant.identities else None
    if not isinstance(trust, CertificateTrust):
        return False
    return certificate.ends - now < min(_LONGEST_RENEWAL, timedelta(days=trust.days) / 3)


def _ours(chosen: Chosen, facts: Facts, tenant: Tenant) -> Iterator[tuple[Identity, RegistrationState]]:
    """Yield every application with the stamp of a chosen identity, second ones as well."""
    for identity in chosen.identities:
        for entry in find_stamped(identity.name, _require(facts), tenant):
            yield identity, entry


def _require(facts: Facts) -> Registrations:
    if not isinstance(facts.registrations, Registrations):
        raise TypeError("what was not read reached a decision")
    return facts.registrations
