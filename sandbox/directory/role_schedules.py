"""Role schedules: what Privileged Identity Management will give, gives now, and takes away by itself.

A schedule of the assignment kind is in force as one role assignment, made when it begins and gone when it ends; a
schedule of the eligibility kind gives nothing. Assignments made outside count as schedules without an end. Sources:
learn.microsoft.com, "Overview of role management through the PIM APIs", "unifiedRoleAssignmentScheduleInstance",
"Assign Microsoft Entra roles in Privileged Identity Management", "Extend or renew assignments", read November 2026.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import as_stamp, from_stamp
from sandbox.directory import premium, recycling, roles
from sandbox.directory.store import GLOBAL_ADMINISTRATOR, Caller, Directory, Record
from sandbox.errors import GraphError, bad_request, not_found
from sandbox.identifiers import encoded_id

# The service that carries out what was requested; Core Directory's entries name it.
SERVICE = Caller("01fc33a7-78ba-4d2f-a4b7-768e336e890e", "", "MS-PIM", unrestricted=True)
SHORTEST = timedelta(minutes=5)
_KEPT_FOR_RENEWAL = timedelta(days=30)
_REQUESTS_KEPT = timedelta(days=45)
_CANCELED_KEPT = timedelta(days=30)
_SECOND_ENTRY = timedelta(seconds=6)  # between the two audit entries of an end, as seen in a tenant in September 2026
_NO_P2 = "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license."


@dataclass(frozen=True)
class Kind:
    """One of the two kinds of schedules, and where the directory keeps them and their requests."""

    name: str
    schedules_field: str
    requests_field: str
    gives: bool

    def schedules(self, directory: Directory) -> dict[str, Record]:
        """Tell the running and future schedules of this kind."""
        found: dict[str, Record] = getattr(directory, self.schedules_field)
        return found

    def requests(self, directory: Directory) -> dict[str, Record]:
        """Tell the requests of this kind."""
        found: dict[str, Record] = getattr(directory, self.requests_field)
        return found


ASSIGNMENT = Kind("Assignment", "role_assignment_schedules", "role_assignment_requests", gives=True)
ELIGIBILITY = Kind("Eligibility", "role_eligibility_schedules", "role_eligibility_requests", gives=False)
KINDS = (ASSIGNMENT, ELIGIBILITY)


def require_licence(directory: Directory) -> None:
    """Refuse role schedules in a tenant without P2, reads as well."""
    if not premium.has_p2(directory):
        raise bad_request(_NO_P2, code="AadPremiumLicenseRequired")


def schedules(directory: Directory, kind: Kind) -> Iterable[Record]:
    """List the schedules of a kind, the assignments made outside included, for a while after a principal's deletion."""
    kept = kind.schedules(directory).values()
    yield from (each for each in kept if _is_shown(directory, each["principalId"]))
    if kind.gives:
        behind = {each["assignmentId"] for each in kept}
        outside = (each for each in directory.role_assignments.values() if each["id"] not in behind)
        yield from (_as_schedule(each) for each in outside if _is_shown(directory, each["principalId"]))


def instances(directory: Directory, kind: Kind) -> Iterable[Record]:
    """List what is in force now, one instance for each schedule that has begun."""
    for each in schedules(directory, kind):
        if each["isInForce"]:
            yield {
                **each,
                "id": instance_id(kind, each),
                "endDateTime": each["endsAt"],
                "roleAssignmentOriginId": each["assignmentId"],
                f"role{kind.name}ScheduleId": each["id"],
                "startDateTime": each["beganAt"],
            }


def _is_shown(directory: Directory, principal_id: str) -> bool:
    if directory.find_object(principal_id) is not None:
        return True
    deleted = recycling.find(directory, principal_id)
    if deleted is None:
        return False
    since = directory.clock.now() - from_stamp(deleted[1]["deletedDateTime"])
    return since < timedelta(days=directory.behaviour.deleted_principal_shown_days)


def instance_id(kind: Kind, schedule: Record) -> str:
    """Tell the id of a schedule's instance."""
    if kind.gives:
        return str(schedule["assignmentId"])
    return encoded_id(schedule["roleDefinitionId"], schedule["id"], suffix="-1-e")


def require(records: Iterable[Record], wanted: str) -> Record:
    """Get a schedule, instance or request by its id, or refuse with 404."""
    for each in records:
        if each["id"] == wanted:
            return each
    raise not_found(wanted)


def find(directory: Directory, kind: Kind, wanted: tuple[str, str, str]) -> Record | None:
    """Find the running or future schedule of a principal, role and scope."""
    return next((each for each in kind.schedules(directory).values() if roles.triple(each) == wanted), None)


def adopt(directory: Directory, assignment: Record) -> Record:
    """Let an assignment made outside be managed as a schedule from now on."""
    schedule = {
        **_as_schedule(assignment),
        "createdDateTime": directory.clock.stamp(),
        "named": entry_names(ASSIGNMENT, "adminUpdate", permanent=False),
    }
    directory.role_assignment_schedules[schedule["id"]] = schedule
    return schedule


def move(schedule: Record, begins: datetime) -> None:
    """Set when a schedule begins that is not in force."""
    schedule["beginsAt"] = as_stamp(begins)
    schedule["scheduleInfo"] = {**schedule["scheduleInfo"], "startDateTime": schedule["beginsAt"]}


def limit(schedule: Record, ends: datetime | None) -> None:
    """Set when a schedule ends."""
    schedule["endsAt"] = None if ends is None else as_stamp(ends)
    kind = "noExpiration" if ends is None else "afterDateTime"
    expiration = {"type": kind, "endDateTime": schedule["endsAt"], "duration": None}
    schedule["scheduleInfo"] = {**schedule["scheduleInfo"], "expiration": expiration}


def begin(directory: Directory, kind: Kind, schedule: Record, at: datetime) -> bool:
    """Put a schedule in force; False when an assignment made outside stands in its way."""
    wanted = roles.triple(schedule)
    if kind.gives:
        if roles.find_assignment(directory, *wanted) is not None:
            return False
        schedule["assignmentId"] = roles.hold(directory, *wanted)["id"]
    schedule.update(beganAt=as_stamp(at), isInForce=True, status="Provisioned")
    activity = "Add member to role" if kind.gives else "Add eligible member to role"
    roles.record(directory, SERVICE, activity, schedule, at=at)
    roles.record(directory, SERVICE, schedule["named"]["completed"], schedule, service="PIM", at=at)
    return True


def take_back(directory: Directory, kind: Kind, schedule: Record, at: datetime) -> None:
    """End a schedule, whether it has begun or not."""
    kind.schedules(directory).pop(schedule["id"], None)
    if not schedule["isInForce"]:
        if schedule["createdUsing"] in kind.requests(directory):
            kind.requests(directory)[schedule["createdUsing"]]["status"] = "Revoked"
        return
    activity = "Remove member from role" if kind.gives else "Remove eligible member from role"
    roles.record(directory, SERVICE, activity, schedule, at=at)
    if kind.gives:
        directory.role_assignments.pop(schedule["assignmentId"], None)


def require_past_floor(directory: Directory, schedule: Record) -> None:
    """Refuse to take back what has been given for less than 5 minutes."""
    began = schedule["beganAt"]
    if began is not None and directory.clock.now() - from_stamp(began) < SHORTEST:
        raise too_short()


def too_short() -> GraphError:
    """Refuse an assignment of less than 5 minutes; the spelling is the service's own."""
    text = "The Active duration is too short. Miniumum Required is 5 minutes."
    return bad_request(text, code="ActiveDurationTooShort")


def withdraw_assignment(directory: Directory, assignment_id: str, caller: Caller) -> None:
    """Take a role assignment back outside of Privileged Identity Management, with its schedule where it has one."""
    behind = next(
        (each for each in directory.role_assignment_schedules.values() if each["assignmentId"] == assignment_id), None
    )
    if behind is not None and directory.behaviour.early_deletion_of_scheduled_assignment == "refused":
        require_past_floor(directory, behind)
    roles.withdraw(directory, assignment_id, caller)
    if behind is not None:
        del directory.role_assignment_schedules[behind["id"]]


def require_other_assigned(directory: Directory, kind: Kind, schedule: Record) -> None:
    """Refuse what would leave a role of last resort without anybody assigned to it; activations do not count."""
    if not _leaves_another(directory, kind, schedule):
        name = directory.role_definitions[schedule["roleDefinitionId"]]["displayName"]
        raise bad_request(f"The last {name} of the organization cannot be removed.")


def let_begin_and_end(directory: Directory) -> None:
    """Begin the schedules that are due, and end those whose time is over."""
    now = directory.clock.now()
    for kind in KINDS:
        for schedule in list(kind.schedules(directory).values()):
            _let_begin(directory, kind, schedule, now)
            _let_end(directory, kind, schedule, now)
        _forget_requests(directory, kind, now)
    for ended in list(directory.ended_role_schedules.values()):
        _note_end(directory, ended, now)
        if now - from_stamp(ended["endedAt"]) >= _KEPT_FOR_RENEWAL:
            del directory.ended_role_schedules[ended["id"]]


def _let_begin(directory: Directory, kind: Kind, schedule: Record, now: datetime) -> None:
    if schedule["isInForce"] or directory.find_object(schedule["principalId"]) is None:
        return
    due = from_stamp(schedule["beginsAt"]) + timedelta(seconds=directory.behaviour.role_start_delay_seconds)
    if now < due:
        return
    begun = begin(directory, kind, schedule, due)
    if not begun:
        del kind.schedules(directory)[schedule["id"]]
    if schedule["createdUsing"] in kind.requests(directory):
        kind.requests(directory)[schedule["createdUsing"]]["status"] = "Provisioned" if begun else "Failed"


def _let_end(directory: Directory, kind: Kind, schedule: Record, now: datetime) -> None:
    if schedule["endsAt"] is None or schedule["id"] not in kind.schedules(directory):
        return
    due = from_stamp(schedule["endsAt"]) + timedelta(seconds=directory.behaviour.role_end_delay_seconds)
    if now < due or not _leaves_another(directory, kind, schedule):
        return
    take_back(directory, kind, schedule, due)
    if not schedule["isInForce"]:
        return
    ended = {**schedule, "endedAt": as_stamp(due), "kind": kind.name, "isNoted": False}
    directory.ended_role_schedules[schedule["id"]] = ended


def _note_end(directory: Directory, ended: Record, now: datetime) -> None:
    due = from_stamp(ended["endedAt"]) + _SECOND_ENTRY
    if ended["isNoted"] or now < due:
        return
    ended["isNoted"] = True
    details = {
        "AuditType": "RemoveActivatedRole",
        "ActionType": "Revoke",
        "OriginRoleAssignmentId": str(ended["assignmentId"]),
        "RoleAssignmentRequestId": str(ended["createdUsing"]),
    }
    roles.record(
        directory,
        SERVICE,
        ended["named"]["ended"],
        ended,
        service="PIM",
        operation="Delete",
        at=due,
        details=details if ended.get("assignmentType") == "Activated" else None,
    )


def _leaves_another(directory: Directory, kind: Kind, schedule: Record) -> bool:
    """Say whether a role may lose this schedule.

    The last active assignment of Global Administrator does not end, neither by request nor by itself, and an eligible
    one not while nobody is assigned; Privileged Role Administrator is guarded alike.
    """
    guarded = schedule["roleDefinitionId"] in {GLOBAL_ADMINISTRATOR, roles.PRIVILEGED_ROLE_ADMINISTRATOR}
    activation = schedule.get("assignmentType") == "Activated"
    if not guarded or activation or not schedule["isInForce"] or schedule["directoryScopeId"] != "/":
        return True
    activated = {
        each["assignmentId"]
        for each in directory.role_assignment_schedules.values()
        if each["assignmentType"] == "Activated"
    }
    without = activated | ({schedule["assignmentId"]} if kind.gives else set())
    return next(roles.holders(directory, schedule["roleDefinitionId"], without=without), None) is not None


def _forget_requests(directory: Directory, kind: Kind, now: datetime) -> None:
    for request_id, request in list(kind.requests(directory).items()):
        canceled = request.get("canceledDateTime")
        kept = _REQUESTS_KEPT if canceled is None else _CANCELED_KEPT
        if now - from_stamp(canceled or request["createdDateTime"]) >= kept:
            del kind.requests(directory)[request_id]


def entry_names(kind: Kind, action: str, *, permanent: bool) -> dict[str, str]:
    """Tell how the audit log calls the request of a schedule, its withdrawal, its beginning and its end."""
    if action == "selfActivate":
        return {
            "canceled": "Add member to role canceled (PIM activation)",
            "requested": "Add member to role requested (PIM activation)",
            "completed": "Add member to role completed (PIM activation)",
            "ended": "Remove member from role (PIM activation expired)",
        }
    member, how = "member" if kind.gives else "eligible member", "permanent" if permanent else "timebound"
    return {
        "canceled": f"Add {member} to role in PIM canceled ({how})",
        "requested": f"Add {member} to role in PIM requested ({how})",
        "completed": f"Add {member} to role in PIM completed ({how})",
        "ended": f"Remove {member} from role in PIM completed (timebound)",
    }


def new_schedule(request: Mapping[str, Any], begins: datetime, ends: datetime | None, named: Record) -> Record:
    """Make the schedule that a request asks for, not yet in force; `named` is what `entry_names` tells."""
    schedule: Record = {
        "id": request["id"],
        "appScopeId": None,
        "assignmentId": None,
        "beganAt": None,
        "beginsAt": as_stamp(begins),
        "createdDateTime": request["createdDateTime"],
        "createdUsing": request["id"],
        "directoryScopeId": request["directoryScopeId"],
        "isInForce": False,
        "memberType": "Direct",
        "modifiedDateTime": None,
        "named": named,
        "principalId": request["principalId"],
        "roleDefinitionId": request["roleDefinitionId"],
        "scheduleInfo": {"startDateTime": as_stamp(begins), "recurrence": None},
        "status": "Granted",
    }
    limit(schedule, ends)
    return schedule


def _as_schedule(assignment: Record) -> Record:
    return {
        "id": assignment["id"],
        "activatedUsing": None,
        "appScopeId": assignment["appScopeId"],
        "assignmentId": assignment["id"],
        "assignmentType": "Assigned",
        "beganAt": None,
        "beginsAt": None,
        "createdDateTime": None,
        "createdUsing": None,
        "directoryScopeId": assignment["directoryScopeId"],
        "endsAt": None,
        "isInForce": True,
        "memberType": "Direct",
        "modifiedDateTime": None,
        "principalId": assignment["principalId"],
        "roleDefinitionId": assignment["roleDefinitionId"],
        "scheduleInfo": {
            "startDateTime": None,
            "recurrence": None,
            "expiration": {"type": "noExpiration", "endDateTime": None, "duration": None},
        },
        "status": "Provisioned",
    }
