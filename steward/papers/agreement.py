"""Whether what was verified last is what the tenant file says today, and the account that was seen last.

The file may have been edited since, the account made anew, or the runs be those of another file of the same tenant. A
record and a verification come in, and why they do not agree goes out, empty where they do; no tenant is asked.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from steward.config.model import ConsentFor, Tenant
from steward.evidence.invariant import find_held_role
from steward.evidence.origin import names_provider
from steward.evidence.runs import Run
from steward.papers.grants import find_permission_by_id
from steward.papers.record import Entry, Record, mapping, mappings, text, texts
from steward.wellknown.permissions import PermissionKind

_MORE = re.compile(r"and (\d{1,9}) more", re.ASCII)

_WITHOUT_PROVIDER = "does not name the provider that it used"
_OR_ANOTHERS = "if these are the runs of another tenant file, move the folder to where that file says"


@dataclass(frozen=True)
class Disagreement:
    """Why a proof is none of what the tenant file says; `next_move` leaves a place for the program that proves anew."""

    why: str
    next_move: str


def find_disagreement(record: Record, verified: Entry, tenant: Tenant | None) -> Disagreement | None:
    """Return why a verification proves nothing of the account that was seen last, or of what the tenant file says."""
    run, look = _run_of(record, verified), _find_look(record, verified)
    if look is None or find_held_role(look.detail) is not False:
        return Disagreement("no look at the account's roles stands behind what was verified", "{post_apply}")
    if not names_provider(run):
        return Disagreement(f"the run that verified {_WITHOUT_PROVIDER}", "{post_apply}")
    if gone := find_deletion(record):
        return Disagreement(gone, "{post_apply}")
    if other := find_other_account(record, tenant):
        return Disagreement(other, f"{{post_apply}}; {_OR_ANOTHERS}")
    changed = tenant is not None and (find_other_wishes(run, tenant) or find_other_grants(record, tenant))
    return Disagreement(changed, "{post_apply}; or put the tenant file back as it was") if changed else None


def find_disagreement_of_retired(record: Record, retired: Entry, tenant: Tenant | None) -> Disagreement | None:
    """Return why a retirement proves nothing of the tenant file's account."""
    if not names_provider(_run_of(record, retired)):
        return Disagreement(f"the run that retired {_WITHOUT_PROVIDER}", "{retire}")
    seen = record.last_sight("account")
    if tenant is None or seen is None or is_of_file(seen[1], tenant):
        return None
    why = f"retired was {text(seen[1], 'login')}, and the tenant file is about {tenant.account.login}"
    return Disagreement(why, f"put its login back, or provision the new account; {_OR_ANOTHERS}")


def _run_of(record: Record, entry: Entry) -> Run:
    return next(run for run in record.runs if run.file == entry.mark.file)


def _find_look(record: Record, proof: Entry) -> Entry | None:
    """Return the look that a step's confirmation rests on, None where it wrote none down."""
    looks = [
        entry
        for entry in record.entries
        if (entry.mark.file, entry.step, entry.verb) == (proof.mark.file, proof.step, "saw")
        and entry.mark.line < proof.mark.line
    ]
    return looks[-1] if looks else None


def find_other_account(record: Record, tenant: Tenant | None) -> str:
    """Return why the account that was seen last is not the one that was verified, or not the tenant file's."""
    seen = record.last_sight("account")
    if seen is None:
        return ""
    entry, account = seen
    verified = record.last("verify", "confirmed")
    look = _find_look(record, verified) if verified is not None else None
    if look is not None:
        earlier = mapping(look.detail, "account")
        if text(earlier, "object_id") != text(account, "object_id") or not text(account, "object_id"):
            return f"the account that was seen last ({entry.mark.place}) is another one than was verified"
        if not _is_same_login(text(earlier, "login"), text(account, "login")):
            return f"the account that was verified is called {text(account, 'login')} since ({entry.mark.place})"
    if tenant is not None and not is_of_file(account, tenant):
        return f"the evidence is about {text(account, 'login')}, and the tenant file about {tenant.account.login}"
    return ""


def is_of_file(account: Mapping[str, Any], tenant: Tenant) -> bool:
    """Return whether an account that was seen has the login of the tenant file."""
    return _is_same_login(text(account, "login"), tenant.account.login)


def find_deletion(record: Record) -> str:
    """Return that the account was not there at the last look, empty where it was or nobody looked."""
    told = record.last_told("account")
    if told is None or told[1] is not None:
        return ""
    return f"the account was not there at the last look ({told[0].mark.place})"


def find_other_grants(record: Record, tenant: Tenant) -> str:
    """Return why the grants that were seen last are not what the tenant file declares."""
    told, account = record.last_told("grants"), record.last_sight("account")
    entry, grants = told if told is not None else (None, None)
    if entry is None or grants is None or account is None:
        return "no look shows what the application is granted"
    client_id, found_id = tenant.application.client_id, text(mapping(grants, "client"), "app_id")
    if client_id is not None and found_id.casefold() != client_id.casefold():
        return f"the grants that were seen last ({entry.mark.place}) are those of another application, {found_id}"
    declared = set(_declared(tenant, text(account[1], "object_id")))
    granted = set(_granted(grants))
    if granted <= declared and len(declared) == len(granted) + _left_out(grants):
        return ""
    differing = ", ".join(sorted(f"{each.kind} {_name_of(each)}" for each in declared ^ granted))
    return f"the grants that were seen last ({entry.mark.place}) are not what the tenant file declares: {differing}"


def find_other_wishes(run: Run, tenant: Tenant) -> str:
    """Return what the tenant file asked for when the run began, and no longer does; an older run does not say."""
    now = {"elevation": tenant.elevation.value, "sign_in": tenant.account.sign_in.value}
    asked = mapping(run.about, "asked")
    changed = [
        f"{name}: {text(asked, name)}, now {now[name]}" for name in now if text(asked, name) not in {"", now[name]}
    ]
    return f"the tenant file was changed since it was verified ({'; '.join(changed)})" if changed else ""


@dataclass(frozen=True)
class _Granted:
    """One permission by its ids: `permission` is an app role's id, or a scope's value with whom it is for."""

    app_id: str
    kind: PermissionKind
    permission: str
    principal_id: str = ""


def _declared(tenant: Tenant, account_id: str) -> Iterator[_Granted]:
    permissions = tenant.application.permissions
    for each in permissions.application:
        yield _Granted(each.resource_app_id.casefold(), PermissionKind.APPLICATION, each.id.casefold())
    principal_id = account_id if permissions.delegated_for is ConsentFor.ACCOUNT else ""
    for each in permissions.delegated:
        yield _Granted(each.resource_app_id.casefold(), PermissionKind.DELEGATED, each.value, principal_id)


def _granted(grants: Mapping[str, Any]) -> Iterator[_Granted]:
    apis = {
        text(resource, "object_id"): app_id.casefold()
        for app_id, resource in mapping(grants, "resources").items()
        if isinstance(resource, Mapping)
    }
    for each in mappings(grants.get("app_roles")):
        api = apis.get(text(each, "resource_id"), text(each, "resource_id"))
        yield _Granted(api, PermissionKind.APPLICATION, text(each, "role_id").casefold())
    for each in mappings(grants.get("delegated")):
        api = apis.get(text(each, "resource_id"), text(each, "resource_id"))
        for scope in texts(each.get("scopes")):
            yield _Granted(api, PermissionKind.DELEGATED, scope, text(each, "principal_id"))


def _left_out(grants: Mapping[str, Any]) -> int:
    """Return how many application permissions were not written down: a long list ends with their number."""
    ends = [_MORE.fullmatch(each) for each in texts(grants.get("app_roles"))]
    return sum(int(end[1]) for end in ends if end is not None)


def _name_of(granted: _Granted) -> str:
    known = find_permission_by_id(granted.app_id, granted.permission, granted.kind)
    return known.value if known else granted.permission


def _is_same_login(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
