"""What a change means for identity and privilege, one function a kind of thing.

Aspects are told of things that the plan touches; they order the comment and fold nothing that matters. Whether a
change may stand is for the rules.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from steward.review.attributes import permission_name, requested_permissions, role_name
from steward.review.plan import ResourceChange
from steward.review.subject import (
    APP_ROLE_ASSIGNMENT,
    APPLICATION,
    DELEGATED_GRANT,
    LATCH_KIND,
    OTHER_ROLE_GRANTS,
    POLICY,
    ROLE_ASSIGNMENT,
    SERVICE_PRINCIPAL,
    USER,
    Subject,
    appears,
    disappears,
)
from steward.review.values import Difference, at, differences, is_unknown, text_at, texts
from steward.review.words import Words, join, plain, shown
from steward.wellknown.latch import LATCH, PRIVILEGED
from steward.wellknown.permissions import known_permissions
from steward.wellknown.roles import is_privileged_role


class Risk(IntEnum):
    """What a change is about, the gravest first."""

    PRIVILEGED_ROLE = 1
    MFA = 2
    EXCLUSION = 3
    PERMISSION = 4
    CONSENT = 5
    OWNER = 6
    ACCOUNT = 7
    UNFAMILIAR = 8
    NONE = 9

    @property
    def label(self) -> str:
        """Return what a reviewer calls it."""
        return _LABELS[self]


_LABELS = {
    Risk.PRIVILEGED_ROLE: "privileged role",
    Risk.MFA: "MFA",
    Risk.EXCLUSION: "MFA exclusions",
    Risk.PERMISSION: "permission",
    Risk.CONSENT: "consent",
    Risk.OWNER: "owner",
    Risk.ACCOUNT: "account",
    Risk.UNFAMILIAR: "unfamiliar",
    Risk.NONE: "other",
}


@dataclass(frozen=True)
class Aspect:
    """One thing that a change means."""

    risk: Risk
    what: Words


_EXCLUDED = "conditions.users.excluded_"
_COVERS = ("conditions.", "grant_controls")
_MOST_NAMED = 8
_APPLICATION_SWITCHES = {
    "fallback_public_client_enabled": "whether it may sign in without a secret changes",
    "password": "its passwords change",
    "public_client": "where sign-ins return to changes",
    "sign_in_audience": "who may sign in to it changes",
    "single_page_application": "where sign-ins return to changes",
    "web": "where sign-ins return to, or what they get, changes",
}
_PRINCIPAL_SWITCHES = {
    "account_enabled": "whether anybody may sign in to it changes",
    "app_role_assignment_required": "whether everybody may sign in to it changes",
}

Describe = Callable[[ResourceChange, Subject], Iterator[Aspect]]


def find_aspects(change: ResourceChange, subject: Subject) -> tuple[Aspect, ...]:
    """Return what a change means, the gravest first."""
    found = [*_DESCRIBERS.get(change.type, _unfamiliar)(change, subject), *_origin(change)]
    return tuple(sorted(found, key=lambda aspect: aspect.risk))


def _origin(change: ResourceChange) -> Iterator[Aspect]:
    """Yield what is told of a thing that was something else to Terraform, or nothing."""
    if change.change.importing is not None:
        yield Aspect(Risk.UNFAMILIAR, ("is taken over as it is in the tenant",))
    if change.previous_address is not None:
        yield Aspect(Risk.UNFAMILIAR, ("was another thing until now: ", shown(change.previous_address)))


def _role(change: ResourceChange, subject: Subject) -> Iterator[Aspect]:
    before, after = change.change.before or {}, change.change.after or {}
    role_id = str(after.get("role_id") or before.get("role_id") or "unknown")
    risk = Risk.PRIVILEGED_ROLE if is_privileged_role(role_id) else Risk.NONE
    name = shown(role_name(role_id))
    if "forget" in change.change.actions:
        yield Aspect(Risk.PRIVILEGED_ROLE, (name, " stays granted, and Terraform no longer knows of it"))
    elif disappears(change):
        yield Aspect(risk, (name, " is taken away"))
    else:
        whom: Words = ("the account",) if subject.is_account(change, "principal_object_id") else _principal(change)
        yield Aspect(risk, (name, " is granted to ", *whom))


def _other_role(change: ResourceChange, subject: Subject) -> Iterator[Aspect]:
    del subject
    verb = "is taken away" if disappears(change) else "is granted"
    yield Aspect(Risk.PRIVILEGED_ROLE, ("a directory role, or a way to one, ", verb))


def _policy(change: ResourceChange, subject: Subject) -> Iterator[Aspect]:
    before, after = change.change.before, change.change.after
    if disappears(change):
        yield Aspect(Risk.MFA, ("nothing demands a second factor of the account any more",))
        return
    if "delete" in change.change.actions:
        yield Aspect(Risk.MFA, ("the policy goes, and then comes anew",))
    state, was = text_at(after, "state"), text_at(before, "state")
    if state != "enabled":
        yield Aspect(Risk.MFA, ("the policy demands nothing: its state is ", shown(state or "unknown")))
    elif was not in {None, "enabled"}:
        yield Aspect(Risk.MFA, ("the policy is enabled again",))
    changed = differences(change.change)
    excluded = [each for each in changed if each.path.startswith(_EXCLUDED)]
    for each in excluded:
        whom = shown(each.path.removeprefix(_EXCLUDED))
        if _gained(each) - subject.break_glass_ids:
            yield Aspect(Risk.EXCLUSION, ("exclusions grow: ", whom, " are left out"))
        elif before is not None:
            yield Aspect(Risk.EXCLUSION, ("exclusions shrink: ", whom))
    if before is not None and any(each.path.startswith(_COVERS) for each in changed if each not in excluded):
        yield Aspect(Risk.MFA, ("what the policy covers or demands changes",))


def _gained(difference: Difference) -> frozenset[str]:
    """Return what a list gains; of what is no list, or not known yet, that it is something."""
    if isinstance(difference.after, list):
        return texts(difference.after) - texts(difference.before)
    return frozenset() if difference.after is None else frozenset({str(difference.after)})


def _application(change: ResourceChange, subject: Subject) -> Iterator[Aspect]:
    before, after = change.change.before, change.change.after
    if disappears(change):
        return
    had = set(requested_permissions(at(before, "required_resource_access")))
    asks = set(requested_permissions(at(after, "required_resource_access"))) - had
    if asks:
        yield Aspect(
            Risk.PERMISSION, ("asks for ", *_named(sorted((permission_words(*each) for each in asks), key=plain)))
        )
    yield from _owners(change, subject)
    yield from _switched(change, _APPLICATION_SWITCHES)


def _switched(change: ResourceChange, switches: Mapping[str, str]) -> Iterator[Aspect]:
    """Yield what it means that settings of something that stays are changed."""
    if change.change.before is None or appears(change):
        return
    changed = [each.path for each in differences(change.change)]
    for path, meaning in switches.items():
        if any(each == path or each.startswith(f"{path}.") for each in changed):
            yield Aspect(Risk.CONSENT, (meaning,))


def permission_words(api: str, permission_id: str, kind: str) -> Words:
    """Return a permission's name, and the way on which it leads to Global Administrator, if it does."""
    name = shown(permission_name(api, permission_id, kind))
    escalation = _escalations().get((api, permission_id))
    return (name, f", which leads to Global Administrator ({escalation})") if escalation else (name,)


@cache
def _escalations() -> Mapping[tuple[str, str], str]:
    return {
        (known.resource_app_id, permission_id): str(known.escalation)
        for known in known_permissions().values()
        for permission_id in (known.application_id, known.delegated_id)
        if permission_id and known.escalation
    }


def _named(names: list[Words]) -> Words:
    left = len(names) - _MOST_NAMED
    return join([*names[:_MOST_NAMED], (f"{left} more",)] if left > 0 else names)


def _principal(change: ResourceChange) -> Words:
    principal = at(change.change.after, "principal_object_id")
    return (shown(principal),) if principal else ("somebody who is not known yet",)


def _service_principal(change: ResourceChange, subject: Subject) -> Iterator[Aspect]:
    if not disappears(change):
        if appears(change) and change.change.before is not None:
            yield Aspect(Risk.CONSENT, ("the consent ends with the old principal, and has to be given again",))
        yield from _owners(change, subject)
        yield from _switched(change, _PRINCIPAL_SWITCHES)
    else:
        yield Aspect(Risk.CONSENT, ("the consent ends with the principal",))


def _owners(change: ResourceChange, subject: Subject) -> Iterator[Aspect]:
    gained = texts(at(change.change.after, "owners")) - texts(at(change.change.before, "owners"))
    named = subject.tenant.deployer if subject.tenant else None
    others = sorted(gained - ({named.object_id} if named else set()))
    if others and (named or change.change.before is not None):
        yield Aspect(Risk.OWNER, ("gets the owner ", *_named([(shown(each),) for each in others])))


def _app_role(change: ResourceChange, subject: Subject) -> Iterator[Aspect]:
    if disappears(change):
        return
    if not subject.is_of_own_principal(change):
        yield Aspect(Risk.CONSENT, ("an application permission is granted by Terraform",))


def _delegated_grant(change: ResourceChange, subject: Subject) -> Iterator[Aspect]:
    del subject
    if not disappears(change):
        yield Aspect(Risk.CONSENT, ("delegated permissions are granted by Terraform",))


def _user(change: ResourceChange, subject: Subject) -> Iterator[Aspect]:
    before, after = change.change.before or {}, change.change.after or {}
    if disappears(change):
        yield Aspect(Risk.ACCOUNT, ("the account is deleted; whoever restores it restores its roles",))
        return
    if appears(change):
        is_disabled = after.get("account_enabled") is False
        login = shown(after.get("user_principal_name") or "without a login")
        yield Aspect(Risk.ACCOUNT, (login, " is created ", "disabled" if is_disabled else "enabled"))
        return
    del subject
    for name, meaning in (
        ("account_enabled", "the account's sign-in is switched"),
        ("password", "the password is set"),
        ("user_principal_name", "the login changes"),
        ("employee_type", "the stamp changes"),
    ):
        if before.get(name) != after.get(name) or is_unknown(change.change, name):
            yield Aspect(Risk.ACCOUNT, (meaning,))


def _terraform_data(change: ResourceChange, subject: Subject) -> Iterator[Aspect]:
    del subject
    if change.address != LATCH:
        return
    phase, was = text_at(change.change.after, "input.phase"), text_at(change.change.before, "input.phase")
    if disappears(change):
        yield Aspect(Risk.NONE, ("the latch goes, and with it the memory of whether the tenant was sealed",))
    else:
        risk = Risk.PRIVILEGED_ROLE if phase == PRIVILEGED else Risk.NONE
        turned: Words = ("turned from ", shown(was), " to ") if was else ("created as ",)
        yield Aspect(risk, ("the latch is ", *turned, shown(phase or "something unknown")))


def _unfamiliar(change: ResourceChange, subject: Subject) -> Iterator[Aspect]:
    del change, subject
    yield Aspect(Risk.UNFAMILIAR, ("no tenant's stack declares such a thing, and what it may do is not known here",))


_DESCRIBERS: Mapping[str, Describe] = {
    ROLE_ASSIGNMENT: _role,
    **dict.fromkeys(OTHER_ROLE_GRANTS, _other_role),
    POLICY: _policy,
    APPLICATION: _application,
    SERVICE_PRINCIPAL: _service_principal,
    APP_ROLE_ASSIGNMENT: _app_role,
    DELEGATED_GRANT: _delegated_grant,
    USER: _user,
    LATCH_KIND: _terraform_data,
}
