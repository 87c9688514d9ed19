"""What a tenancy looks like when a run is over, read from the tenant and Terraform's state, and what is wrong with it.

Nothing is taken from what our own programs say of themselves but their exit codes, which are judged against what is.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.control import Control
from scripts.rehearsal.tenant_file import LOGIN, NAME
from scripts.rehearsal.timeline import follow
from steward.errors import ExitCode
from steward.evidence import verify
from steward.wellknown.latch import PRIVILEGED, SEALED
from tests.matrix.tenancies import Prepared

_PASS = "#microsoft.graph.temporaryAccessPassAuthenticationMethod"
_PASSWORD = "#microsoft.graph.passwordAuthenticationMethod"
_NOTHING_DONE = 599
_GRANTED_ROLES, _GRANTED_SCOPES = 3, "User.Read offline_access"


@dataclass(frozen=True)
class End:
    """What stands in the tenant and in Terraform's state."""

    privileged: tuple[str, ...]
    is_enabled: bool
    is_settled: bool
    latch: str | None
    state_knows_role: bool
    doubled: tuple[str, ...]
    is_consented: bool
    passes: int
    usable_seconds: float
    evidence: tuple[str, ...]

    def words(self) -> str:
        """Say it in a few words, for a table."""
        role = "role held" if self.privileged else "demoted"
        account = "settled" if self.is_settled else "enabled, not settled" if self.is_enabled else "disabled"
        return f"{self.latch or 'no latch'}, {role}, {account}"


def look(prepared: Prepared) -> End:
    """Read how a tenancy stands."""
    control = prepared.tenancy.scene.control
    tenant = control.snapshot()
    account = next(user for user in tenant["users"].values() if user["userPrincipalName"] == LOGIN)
    methods = tenant["authentication_methods"].get(account["id"], [])
    passes = control.act("GET", f"/v1.0/users/{account['id']}/authentication/temporaryAccessPassMethods")["value"]
    has_factor = any(each["@odata.type"] not in {_PASS, _PASSWORD} for each in methods)
    state = _read_state(prepared.state_file)
    grants = list(_grants(tenant, _output(state, "application_client_id")))
    timeline = follow(
        [_as_performed(entry) for entry in (*prepared.deployed.journal, *control.journal())],
        account_id=account["id"],
        login=LOGIN,
        until=datetime.now(UTC),
    )
    return End(
        privileged=tuple(_privileges(tenant, account["id"])),
        is_enabled=account["accountEnabled"],
        is_settled=account["accountEnabled"] and has_factor and not passes and _opens(control, prepared.sink),
        latch=_latch(state),
        state_knows_role=any(each["type"] == "azuread_directory_role_assignment" for each in _managed(state)),
        doubled=tuple(grant for grant, times in Counter(grants).items() if times > 1),
        is_consented=len(grants) == _GRANTED_ROLES + 1 and f"scopes {_GRANTED_SCOPES}" in grants,
        passes=len(passes),
        usable_seconds=timeline.usable_privilege_seconds,
        evidence=tuple(_judge_evidence(prepared.tenancy.scene.folder / "evidence" / NAME)),
    )


def never(end: End, *, is_lost: bool = False) -> Iterator[str]:
    """Say what may not be at any moment; only where Terraform's state is lost, the latch is lost with it."""
    if end.is_enabled and end.privileged:
        yield "enabled with a privileged role"
    if end.latch is None and not is_lost:
        yield "no latch"
    for grant in end.doubled:
        yield f"granted twice: {grant}"
    for what in end.evidence:
        yield f"evidence: {what}"
    if end.usable_seconds:
        yield f"privilege was usable for {end.usable_seconds:.3f} s"


def demoted(end: End, *, is_lost: bool = False) -> Iterator[str]:
    """Say what is wrong with a tenancy that a run has left, wherever it came to."""
    yield from never(end, is_lost=is_lost)
    for path in end.privileged:
        yield f"a privileged role is held: {path}"
    if end.is_enabled and not end.is_settled:
        yield "enabled, and not settled"
    if end.passes:
        yield f"{end.passes} passes are alive"


def sealed(end: End, *, has_person: bool) -> Iterator[str]:
    """Say what is wrong with a tenancy whose life has come to its end."""
    yield from demoted(end)
    if end.latch != SEALED:
        yield f"the latch is {end.latch}"
    if end.state_knows_role:
        yield "the state knows a role assignment"
    if not end.is_consented:
        yield "the declared permissions are not all granted, or others are"
    if has_person and not end.is_settled:
        yield "the person's account is not settled"


def judge_run(code: int | None, end: End, *, has_person: bool) -> Iterator[str]:
    """Say what is wrong with how a run ended by itself: 0 means sealed, 1 and 3 mean demoted, the rest is a defect."""
    match code:
        case None:
            yield "it did not end"
            yield from demoted(end)
        case ExitCode.WELL:
            yield from sealed(end, has_person=has_person)
        case ExitCode.FINDINGS | ExitCode.COULD_NOT_TELL:
            yield from demoted(end)
            if end.latch == PRIVILEGED:
                yield "the latch is still privileged"
        case _:
            yield f"it ended with {code}"
            yield from demoted(end)


def judge_close(code: int | None, end: End, *, is_lost: bool = False) -> Iterator[str]:
    """Say what is wrong with how closing alone ended."""
    if code != ExitCode.WELL:
        yield f"it ended with {code}"
    yield from demoted(end, is_lost=is_lost)


def _judge_evidence(folder: Path) -> Iterator[str]:
    """Say what is certainly wrong with the runs' evidence; what a death leaves open is not."""
    judged = verify(folder)
    yield from (each.what for each in judged.remarks if each.exit_code is ExitCode.FINDINGS)
    yield from (each.what for each in judged.breaches if each.is_certain)


def _as_performed(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a request with the status that the tenant answered, whatever the client met."""
    fault = entry.get("fault")
    return {**entry, "status": fault.get("performed_with", _NOTHING_DONE)} if fault else entry


def _privileges(tenant: Mapping[str, Any], account_id: str) -> Iterator[str]:
    principals = {account_id}
    while found := {
        group for group, members in tenant["members"].items() if group not in principals and principals & {*members}
    }:
        principals |= found
    for kind in ("role_assignments", "role_assignment_schedules", "role_eligibility_schedules"):
        for entry in tenant[kind].values():
            if entry["principalId"] in principals:
                role = tenant["role_definitions"][entry["roleDefinitionId"]]["displayName"]
                yield f"{role} ({kind.replace('_', ' ')})"


def _grants(tenant: Mapping[str, Any], client_id: str | None) -> Iterator[str]:
    principals = {each["id"] for each in tenant["service_principals"].values() if each["appId"] == client_id}
    for entry in tenant["app_role_assignments"].values():
        if entry["principalId"] in principals:
            yield f"app role {entry['resourceId']} {entry['appRoleId']}"
    for entry in tenant["permission_grants"].values():
        if entry["clientId"] in principals:
            yield f"scopes {' '.join(sorted(entry['scope'].split()))}"


def _opens(control: Control, sink: Path) -> bool:
    """Say whether a password that was delivered opens the account."""
    delivered = sorted(sink.glob("*.password"), reverse=True)
    return any(control.try_password(LOGIN, each.read_text().strip())["valid"] for each in delivered)


def _read_state(file: Path) -> Mapping[str, Any]:
    try:
        state: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state


def _managed(state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in state.get("resources", ()) if each["mode"] == "managed" and each["instances"])


def _latch(state: Mapping[str, Any]) -> str | None:
    phases = [
        instance["attributes"]["input"]["value"]["phase"]
        for each in _managed(state)
        if (each["type"], each["name"]) == ("terraform_data", "latch")
        for instance in each["instances"]
        if "deposed" not in instance
    ]
    return phases[-1] if phases else None


def _output(state: Mapping[str, Any], name: str) -> str | None:
    value: str | None = state.get("outputs", {}).get(name, {}).get("value")
    return value
