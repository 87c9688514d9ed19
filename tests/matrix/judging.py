"""What a tenancy looks like when a run is over, read from the tenant and Terraform's state, and what is wrong with it.

Nothing is taken from what our own programs say of themselves but their exit codes, which are judged against what is.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sandbox.control import Control
from scripts.rehearsal.tenant_file import LOGIN, NAME
from scripts.rehearsal.timeline import follow
from steward.errors import ExitCode
from steward.evidence import verify
from steward.wellknown.latch import PRIVILEGED, SEALED
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.matrix.lives import WINDOW_MINUTES, Life
from tests.matrix.tenancies import Prepared

_PASS = "#microsoft.graph.temporaryAccessPassAuthenticationMethod"
_PASSWORD = "#microsoft.graph.passwordAuthenticationMethod"
_NOTHING_DONE = 599
_GRANTED_ROLES, _GRANTED_SCOPES = 3, "User.Read offline_access"
# Schedules come into force, and are ended, a little after the moment that was asked for.
_SLACK = timedelta(minutes=3)


@dataclass(frozen=True)
class End:
    """What stands in the tenant and in Terraform's state, and what has been on the way there."""

    privileged: tuple[str, ...]
    is_enabled: bool
    is_settled: bool
    latch: str | None
    state_knows_role: bool
    doubled: tuple[str, ...]
    is_consented: bool
    passes: int
    evidence: tuple[str, ...]
    window_ends: datetime | None = None  # of the window that is running
    usable_seconds: float = 0.0  # the longest time on end
    is_too_long: bool = False
    credentials: tuple[str, ...] = ()  # that changed hands while the role was held
    lost_passes: int = 0  # that could be used, and that nobody has
    is_there: bool = True

    def words(self) -> str:
        """Say it in a few words, for a table."""
        if not self.is_there:
            return f"{self.latch or 'no latch'}, no account"
        role = "role held" if self.privileged else "demoted"
        account = "settled" if self.is_settled else "enabled, not settled" if self.is_enabled else "disabled"
        return f"{self.latch or 'no latch'}, {role}, {account}"


def look(prepared: Prepared) -> End:
    """Read how a tenancy stands."""
    control = prepared.tenancy.scene.control
    tenant = control.snapshot()
    state = _read_state(prepared.state_file)
    grants = list(grants_of(tenant, _output(state, "application_client_id")))
    evidence = tuple(_judge_evidence(prepared.tenancy.scene.folder / "evidence" / NAME))
    account = next((user for user in tenant["users"].values() if user["userPrincipalName"] == LOGIN), None)
    if account is None:
        return End((), False, False, _latch(state), False, (), False, 0, evidence, is_there=False)
    now = datetime.fromisoformat(control.clock()["now"])
    methods = tenant["authentication_methods"].get(account["id"], [])
    passes = control.act("GET", f"/v1.0/users/{account['id']}/authentication/temporaryAccessPassMethods")["value"]
    has_factor = any(each["@odata.type"] not in {_PASS, _PASSWORD} for each in methods)
    journal = prepared.journal()
    timeline = follow(map(_as_performed, journal), account_id=account["id"], login=LOGIN, until=now)
    return End(
        privileged=tuple(privileges_of(tenant, account["id"])),
        is_enabled=account["accountEnabled"],
        is_settled=account["accountEnabled"] and has_factor and not passes and _opens(control, prepared.sink),
        latch=_latch(state),
        state_knows_role=any(each["type"] == "azuread_directory_role_assignment" for each in _managed(state)),
        doubled=tuple(sorted({*doubled(grants), *doubled(_given(map(_as_performed, journal)))})),
        is_consented=len(grants) == _GRANTED_ROLES + 1 and f"scopes {_GRANTED_SCOPES}" in grants,
        passes=len(passes),
        evidence=evidence,
        # An emptied state has its window in the backup, with which post_apply goes on.
        window_ends=_running_window(
            prepared.life, tenant, state or _read_state(prepared.backup_file), account["id"], now
        ),
        usable_seconds=timeline.longest_usable_seconds,
        is_too_long=timeline.longest_usable_seconds > _allowed_seconds(prepared.life),
        credentials=timeline.credentials_changed_while_held,
        lost_passes=_lost_passes(control, prepared.sink, passes),
    )


def seconds_left(prepared: Prepared, end: End) -> float:
    """Return for how long the window that is running will last, by the tenant's clock."""
    now = datetime.fromisoformat(prepared.tenancy.scene.control.clock()["now"])
    return max(0.0, ((end.window_ends or now) - now).total_seconds())


def never(end: End, *, is_lost: bool = False) -> Iterator[str]:
    """Say what may not be at any moment; only where Terraform's state is lost, the latch is lost with it."""
    if end.is_enabled and end.privileged and end.window_ends is None:
        yield "enabled with a privileged role, and in no window"
    if end.is_enabled and end.lost_passes:
        yield f"{end.lost_passes} passes open an account and are in nobody's hands"
    if end.latch is None and end.is_there and not is_lost:
        yield "no latch"
    for grant in end.doubled:
        yield f"granted twice: {grant}"
    for what in end.evidence:
        yield f"evidence: {what}"
    for what in end.credentials:
        yield f"changed while the role was held: {what}"
    if end.is_too_long:
        yield f"privilege was usable for {end.usable_seconds:.3f} s"


def demoted(end: End, *, is_lost: bool = False) -> Iterator[str]:
    """Say what is wrong with a tenancy that a run has left, wherever it came to."""
    yield from never(end, is_lost=is_lost)
    for path in end.privileged:
        yield f"a privileged role is held: {path}"
    if end.is_enabled and not end.is_settled:
        yield "enabled, and not settled"
    if end.passes:
        yield f"{end.passes} passes are there still"


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
    """Say what is wrong with how closing alone ended; of an account that is not there nobody can tell what it holds."""
    if code != (ExitCode.WELL if end.is_there else ExitCode.COULD_NOT_TELL):
        yield f"it ended with {code}"
    yield from demoted(end, is_lost=is_lost)


def judge_powerless(end: End, *, has_window: bool = False) -> Iterator[str]:
    """Say what is wrong with a run whose identity has lost what takes the role away: nobody may be able to use it.

    In a window the account is enabled, and Entra ID lets only a Privileged Authentication Administrator disable whoever
    holds the role: all that such a run can do is to say so.
    """
    yield from never(replace(end, is_enabled=False) if has_window else end)
    if end.is_enabled and not has_window:
        yield "the account is enabled"
    if end.latch == PRIVILEGED:
        yield "the latch is still privileged"


def judge_guard(code: int | None, end: End) -> Iterator[str]:
    """Say what is wrong with how a look of the guard ended that came after a window; it tells what it found with 1."""
    if code not in {ExitCode.WELL, ExitCode.FINDINGS}:
        yield f"it ended with {code}"
    if code == ExitCode.WELL and end.is_enabled and not end.is_settled:
        yield "it said nothing of an enabled account that is not settled"
    yield from never(end)
    for path in end.privileged:
        yield f"a privileged role is held: {path}"


def doubled(grants: Iterable[str]) -> Iterator[str]:
    """Name what is there more than once."""
    yield from (grant for grant, times in Counter(grants).items() if times > 1)


def privileges_of(tenant: Mapping[str, Any], account_id: str) -> Iterator[str]:
    """Name the roles that a principal has by any path."""
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


def grants_of(tenant: Mapping[str, Any], client_id: str | None) -> Iterator[str]:
    """Name what an application was granted, and how often each."""
    principals = {each["id"] for each in tenant["service_principals"].values() if each["appId"] == client_id}
    for entry in tenant["app_role_assignments"].values():
        if entry["principalId"] in principals:
            yield f"app role {entry['resourceId']} {entry['appRoleId']}"
    for entry in tenant["permission_grants"].values():
        if entry["clientId"] in principals:
            yield f"scopes {' '.join(sorted(entry['scope'].split()))}"


def _given(journal: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Name what was given to somebody and not taken back since, as often as it was given."""
    standing: dict[str, str] = {}
    for entry in journal:
        created, body, path = entry.get("created"), entry.get("body"), entry["path"]
        if entry["status"] >= HTTPStatus.BAD_REQUEST:
            continue
        if entry["method"] == "DELETE":
            standing.pop(entry.get("deleted") or path.rpartition("/")[2], None)
        elif isinstance(body, Mapping) and entry["method"] == "POST" and created:
            if path.endswith(("/appRoleAssignedTo", "/appRoleAssignments")):
                standing[created] = f"app role {body.get('appRoleId')} to {body.get('principalId')}"
            elif path.endswith("/oauth2PermissionGrants"):
                standing[created] = f"scopes to {body.get('clientId')} at {body.get('resourceId')}"
            elif path.endswith("/roleManagement/directory/roleAssignments"):
                standing[created] = f"role {body.get('roleDefinitionId')} to {body.get('principalId')}"
    yield from standing.values()


def _running_window(
    life: Life, tenant: Mapping[str, Any], state: Mapping[str, Any], account_id: str, now: datetime
) -> datetime | None:
    """Return the end of the window that is running, by whoever ends it: the latch, or Entra ID."""
    if not life.has_window:
        return None
    if life.is_scheduled:
        ends = [
            entry["scheduleInfo"]["expiration"]["endDateTime"]
            for entry in tenant["role_assignment_schedules"].values()
            if entry["principalId"] == account_id and entry["roleDefinitionId"] == GLOBAL_ADMINISTRATOR
        ]
        if len(ends) != 1 or ends[0] is None:
            return None
        end = datetime.fromisoformat(ends[0])
    elif _latch(state) == PRIVILEGED:
        end = datetime.fromisoformat(_latch_value(state, "until") or "")
    else:
        return None
    # A window that is longer than the tenant file says is none.
    return end if now < end <= now + timedelta(minutes=WINDOW_MINUTES) + _SLACK else None


def _allowed_seconds(life: Life) -> float:
    return life.usable_seconds + _SLACK.total_seconds() if life.has_window else 0.0


def _judge_evidence(folder: Path) -> Iterator[str]:
    """Say what is certainly wrong with the runs' evidence; what a death leaves open is not."""
    judged = verify(folder)
    yield from (each.what for each in judged.remarks if each.exit_code is ExitCode.FINDINGS)
    yield from (each.what for each in judged.breaches if each.is_certain)


def _as_performed(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a request with the status that the tenant answered, whatever the client met."""
    fault = entry.get("fault")
    return {**entry, "status": fault.get("performed_with", _NOTHING_DONE)} if fault else entry


def _opens(control: Control, sink: Path) -> bool:
    """Say whether a password that was delivered opens the account."""
    delivered = sorted(sink.glob("*.password"), reverse=True)
    return any(control.try_password(LOGIN, each.read_text().strip())["valid"] for each in delivered)


def _lost_passes(control: Control, sink: Path, passes: Iterable[Mapping[str, Any]]) -> int:
    """Count the passes that could be used and that the sink does not have."""
    held = sum(control.try_pass(LOGIN, each.read_text().strip())["valid"] for each in sink.glob("*.pass"))
    return sum(bool(each["isUsable"]) for each in passes) - held


def _read_state(file: Path) -> Mapping[str, Any]:
    try:
        state: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state


def _managed(state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in state.get("resources", ()) if each["mode"] == "managed" and each["instances"])


def _latch(state: Mapping[str, Any]) -> str | None:
    return _latch_value(state, "phase")


def _latch_value(state: Mapping[str, Any], name: str) -> str | None:
    values = [
        instance["attributes"]["input"]["value"][name]
        for each in _managed(state)
        if (each["type"], each["name"]) == ("terraform_data", "latch")
        for instance in each["instances"]
        if "deposed" not in instance
    ]
    return values[-1] if values else None


def _output(state: Mapping[str, Any], name: str) -> str | None:
    value: str | None = state.get("outputs", {}).get(name, {}).get("value")
    return value
