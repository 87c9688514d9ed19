"""The hand-over sheet of a tenant: what the programs have done, with its proof, and what people do in the dashboard.

The vendor's dashboard has no API, so these steps are asked for by their menu names and confirmed by people, each by its
item. The sheet asks for nothing before the tenant is sealed, and for what its file says today.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from steward.config.model import SignIn, Tenant
from steward.errors import ExitCode
from steward.papers.agreement import find_deletion, find_other_account, find_other_grants
from steward.papers.confirmations import Confirmation, read_confirmations
from steward.papers.deeds import find_deeds
from steward.papers.pages import render_page, render_text
from steward.papers.policies import find_policies
from steward.papers.record import Entry, Mark, Record
from steward.papers.standing import Standing, State, find_phase, judge
from steward.wellknown.latch import SEALED

DASHBOARD = "https://dashboard.cirasync.com"
_FULL_ADMINISTRATOR = "Full Administrator"
_CONTACTS = ("Primary", "Billing", "Technical")


@dataclass(frozen=True)
class Item:
    """One thing that a person does and confirms: `menu` are the names to click, in order."""

    id: str
    title: str
    menu: tuple[str, ...]
    steps: tuple[str, ...]
    who: str

    @property
    def words(self) -> str:
        """Return what a confirmation of it says."""
        return f"{self.title} ({' > '.join(self.menu)})"


@dataclass(frozen=True)
class Asked:
    """An item with the confirmation that stands; `outdated` is one that was given for other words."""

    item: Item
    confirmation: Confirmation | None
    outdated: Confirmation | None


@dataclass(frozen=True)
class Done:
    """Something that the programs did or saw, with the line that shows it and Graph's request id, if one does."""

    what: str
    mark: Mark
    request_id: str


@dataclass(frozen=True)
class Sheet:
    """A tenant's hand-over sheet; `not_ready` says why nothing is asked, and is empty where something is."""

    tenant: Tenant
    standing: Standing
    not_ready: str
    done: tuple[Done, ...]
    asked: tuple[Asked, ...]
    newest: tuple[str, ...]

    @property
    def is_rehearsal(self) -> bool:
        """Return whether nothing on it is about a tenant."""
        return self.standing.rehearsed is not None

    @property
    def asked_now(self) -> tuple[Asked, ...]:
        """Return the items that somebody may do now: none while the sheet is not ready."""
        return () if self.not_ready else self.asked

    @property
    def is_complete(self) -> bool:
        """Return whether everything that is asked is confirmed."""
        return not self.not_ready and all(each.confirmation for each in self.asked)

    @property
    def exit_code(self) -> ExitCode:
        """Return 0 where the tenant is ready to be handed over, 3 where nobody can tell, 1 for the rest."""
        if not self.not_ready and not self.is_rehearsal:
            return ExitCode.WELL
        is_open = self.standing.exit_code is ExitCode.COULD_NOT_TELL
        return ExitCode.COULD_NOT_TELL if is_open else ExitCode.FINDINGS

    @property
    def confirmed(self) -> int:
        """Return how many items are confirmed."""
        return sum(each.confirmation is not None for each in self.asked)


def make_sheet(tenant: Tenant, record: Record) -> Sheet:
    """Return the tenant's sheet as its evidence and its file stand now."""
    standing = judge(record, tenant, file=tenant.pasted)
    confirmations = read_confirmations(record)
    asked = []
    for item in items_of(tenant):
        found = confirmations.get(item.id)
        is_current = found is not None and found.words == item.words
        asked.append(Asked(item, found if is_current else None, None if is_current else found))
    return Sheet(
        tenant=tenant,
        standing=standing,
        not_ready=_not_ready(standing),
        done=tuple(_done(record, tenant)) if _has_proofs(standing, record, tenant) else (),
        asked=tuple(asked),
        newest=record.verification.newest,
    )


def _has_proofs(standing: Standing, record: Record, tenant: Tenant) -> bool:
    """Return whether the proofs are the account's; where something speaks against them, none is shown."""
    if standing.reached not in {State.SEALED, State.UNFINISHED}:
        return False
    return not (find_deletion(record) or find_other_account(record, tenant))


def _not_ready(standing: Standing) -> str:
    if standing.reached is State.SEALED:
        return ""
    return f"{standing.state}: {standing.why}"


def items_of(tenant: Tenant) -> tuple[Item, ...]:
    """Return what the sheet asks for, in the order in which it is done; each has an id of its own."""
    items: dict[str, Item] = {}
    for item in _items(tenant):
        # Names that differ in signs alone would share an id.
        number = sum(each == item.id or each.startswith(f"{item.id}--") for each in items)
        own = replace(item, id=f"{item.id}--{number + 1}") if number else item
        items[own.id] = own
    return tuple(items.values())


def _items(tenant: Tenant) -> Iterator[Item]:
    full = [each.group.label for each in tenant.dashboard if each.role == _FULL_ADMINISTRATOR]
    administrator = f"a member of {full[0]}" if full else "an administrator of the dashboard"
    login = tenant.account.login
    yield Item(
        "service-account",
        f"CiraSync uses {login} as its service account",
        ("Settings", "Service Account"),
        (f"tick the box beside {login}, and no other", _if_not_listed(tenant)),
        administrator,
    )
    yield Item(
        "application-consent",
        "CiraSync shows that access is granted",
        ("Settings", "Application Consent"),
        (
            "look only: the consent was given already, as this page shows",
            "where Grant Access is still offered, do not press it as a Global Administrator: run post_apply.py again",
        ),
        administrator,
    )
    for role in tenant.dashboard:
        yield Item(
            f"role-{_slug(role.role)}-{_slug(role.group.label)}",
            f"{role.role} belongs to the group {role.group.label}",
            ("Settings", "Manage Roles"),
            (f"Edit, choose {role.group.label}, Save", f"tick {role.role}, and nothing else"),
            administrator,
        )
    yield Item(
        "own-sign-in",
        "People use the dashboard under their own names",
        ("Settings", "Manage Roles"),
        (f"somebody of each group signs in as themselves and sees what the role allows; nobody signs in as {login}",),
        administrator,
    )
    for contact in _CONTACTS:
        yield Item(
            f"contact-{contact.lower()}",
            f"The {contact} point of contact is named",
            ("Settings", "Manage Roles", "Points of Contact"),
            (
                f"at the bottom of the page: Edit, choose the person or group as {contact}, Save",
                "who it is stands in the dashboard, and neither here nor in the evidence",
            ),
            "the customer",
        )


def _if_not_listed(tenant: Tenant) -> str:
    if tenant.account.sign_in is SignIn.BLOCKED:
        return (
            "it is listed once it has signed in to the dashboard; where it is not, ask CiraSync's support, "
            "or let it sign in once (sign_in: allowed in the tenant file, then post_apply.py)"
        )
    return "it is listed once it has signed in to the dashboard, which its second factor allows"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "group"


def _done(record: Record, tenant: Tenant) -> Iterator[Done]:
    account = record.last_sight("account")
    if account is not None:
        entry, seen = account
        stands = "may sign in, behind a second factor" if seen.get("is_enabled") is True else "is disabled"
        yield Done(f"The account {seen.get('login')} exists and {stands}", entry.mark, _request_id(entry))
    policies = find_policies(record)
    if policies is not None and policies.answers and all(each.demands_mfa for each in policies.answers):
        asked = next(entry for entry in record.entries if entry.mark == policies.mark)
        yield Done("MFA is demanded of it by every kind of client", policies.mark, _request_id(asked, "/evaluate"))
    if not find_other_grants(record, tenant):
        yield from _lines(record, "verify", "grants", "Consent is given, and no more than was declared")
    deeds = [deed for deed in find_deeds(record) if deed.ended is not None]
    for act, what in _ACTS:
        last = next((deed for deed in reversed(deeds) if deed.act in act and deed.outcome != "refused"), None)
        if last is not None and last.ended is not None:
            request_id = last.answers[-1].request_id if last.answers else ""
            yield Done(what, last.ended, request_id)
    for step, what in _STEPS:
        judged = [entry for entry in record.entries if entry.step == step and entry.verb in _LAST_WORDS]
        if judged and judged[-1].verb == "confirmed" and (step != "seal" or find_phase(record) == SEALED):
            yield Done(what, judged[-1].mark, "")


_ACTS: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset({"RemoveRoleAssignment", "RemoveRoleMember", "EndRoleSchedule"}),
        "Global Administrator was taken away again",
    ),
    (frozenset({"ReplacePassword"}), "The password that Terraform knew was replaced by one that nobody keeps"),
    (frozenset({"DeliverPassword"}), "A lasting password was delivered to the sink, and nowhere else"),
)
# A step's last word counts: what it confirmed once may have been blocked later.
_LAST_WORDS = frozenset({"confirmed", "blocked"})
_STEPS = (
    ("seal", "Locked out: no deploy grants the role again"),
    ("verify", "Verified: no privileged role by any path"),
)


def _lines(record: Record, step: str, subject: str, what: str) -> Iterator[Done]:
    told = [entry for entry in record.entries if (entry.step, entry.subject) == (step, subject)]
    if told and told[-1].verb == "already":
        yield Done(what, told[-1].mark, "")


def _request_id(entry: Entry, ending: str = "") -> str:
    found = [answer.request_id for answer in entry.answers if answer.path.endswith(ending)]
    return found[-1] if found else ""


def sheet_page(sheet: Sheet) -> str:
    """Return the sheet as HTML, for two printed pages."""
    return render_page("handover.html.j2", sheet=sheet, dashboard=DASHBOARD)


def sheet_text(sheet: Sheet) -> str:
    """Return the sheet as Markdown."""
    return render_text("handover.md.j2", sheet=sheet, dashboard=DASHBOARD)
